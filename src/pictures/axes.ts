/** The marks about a panel: frame, ticks with their labels, titles of axes, colour bar. Frequency to the right, time downward. */

import type { ColourMap } from "./colour-maps.ts";
import { type Mark, type Raster, style } from "./picture.ts";
import { paintColourBar } from "./raster.ts";
import { textWidth } from "./text-width.ts";
import { type AxisTicks, frequencyTicks, linearTicks, powerTicks, type Tick } from "./ticks.ts";

/** CSS pixels, whole numbers. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const TICK = 5;

export function frame(box: Box, colour = style.ink, width = 1): Mark {
  const out = width / 2;
  return {
    kind: "box",
    x: box.x - out,
    y: box.y - out,
    width: box.width + width,
    height: box.height + width,
    stroke: colour,
    strokeWidth: width,
  };
}

/** Ticks below the box with labels, and the axis's title under them. */
export function frequencyAxis(box: Box, lowMHz: number, highMHz: number): Mark[] {
  const { title, ticks } = spacedTicks(box.width, lowMHz, highMHz);
  const bottom = box.y + box.height;
  const marks = frequencyTickLines(box, lowMHz, highMHz, ticks);
  for (const tick of ticks) {
    const x = across(box, lowMHz, highMHz, tick.value);
    marks.push(text(tick.label, x, bottom + TICK + 16, { anchor: "middle", colour: style.quiet }));
  }
  marks.push(text(title, box.x + box.width / 2, bottom + TICK + 40, { anchor: "middle" }));
  return marks;
}

export const FREQUENCY_AXIS_HEIGHT = 54;

/** The ticks alone, for a panel whose labels stand under another. */
export function frequencyTickLines(
  box: Box,
  lowMHz: number,
  highMHz: number,
  ticks: readonly Tick[] = spacedTicks(box.width, lowMHz, highMHz).ticks,
): Mark[] {
  const bottom = box.y + box.height;
  return ticks.map((tick) => {
    const x = crisp(across(box, lowMHz, highMHz, tick.value));
    return { kind: "line", x1: x, y1: bottom, x2: x, y2: bottom + TICK, colour: style.ink, width: 1 };
  });
}

/** As many ticks as leave two characters' room between their labels. */
function spacedTicks(width: number, lowMHz: number, highMHz: number): AxisTicks {
  for (let most = Math.max(2, Math.floor(width / 60)); ; most--) {
    const axis = frequencyTicks(lowMHz, highMHz, most);
    const widest = Math.max(0, ...axis.ticks.map(({ label }) => textWidth(label, style.text)));
    const apart = width / Math.max(1, axis.ticks.length);
    if (widest + 24 <= apart || most <= 2) return axis;
  }
}

/** Ticks left of the box, seconds from `startS` at its top to `stopS` at its bottom. */
export function timeAxis(box: Box, startS: number, stopS: number): Mark[] {
  const most = Math.max(1, Math.floor(box.height / 36));
  return linearTicks(startS, stopS, most).flatMap(({ value, label }): Mark[] => {
    const y = box.y + ((value - startS) / (stopS - startS)) * box.height;
    return [
      { kind: "line", x1: box.x - TICK, y1: crisp(y), x2: box.x, y2: crisp(y), colour: style.ink, width: 1 },
      text(label, box.x - TICK - 5, y + 4.5, { anchor: "end", colour: style.quiet }),
    ];
  });
}

/** Room that the labels of `timeAxis` take left of the box. */
export function timeLabelsWidth(heightPx: number, startS: number, stopS: number): number {
  const ticks = linearTicks(startS, stopS, Math.max(1, Math.floor(heightPx / 36)));
  return Math.ceil(TICK + 5 + Math.max(0, ...ticks.map(({ label }) => textWidth(label, style.text))));
}

export interface ColourBar {
  readonly raster: Raster;
  readonly marks: readonly Mark[];
}

/** A colour bar in `box`, its labels and then its title to the right, within `COLOUR_BAR_WIDTH` of the box's left edge. */
export function colourBar(
  box: Box,
  colours: ColourMap,
  { low, high, title }: { readonly low: number; readonly high: number; readonly title: string },
  pixelRatio: number,
): ColourBar {
  const axis = powerTicks(low, high, Math.min(10, Math.max(2, Math.floor(box.height / 55))), title);
  const right = box.x + box.width;
  const marks: Mark[] = [frame(box)];
  let widest = 0;
  for (const { value, label } of axis.ticks) {
    const y = box.y + (1 - (value - low) / (high - low)) * box.height;
    widest = Math.max(widest, textWidth(label, style.text));
    marks.push({
      kind: "line",
      x1: right,
      y1: crisp(y),
      x2: right + TICK,
      y2: crisp(y),
      colour: style.ink,
      width: 1,
    });
    marks.push(text(label, right + TICK + 5, y + 4.5, { colour: style.quiet }));
  }
  const titleX = right + TICK + 5 + widest + 18;
  marks.push(text(axis.title, titleX, box.y + box.height / 2, { anchor: "middle", angle: -90 }));
  return { raster: paintColourBar(devicePixels(box, pixelRatio), colours), marks };
}

/** The bar, its ticks, labels of six characters and the title. */
export const COLOUR_BAR_WIDTH = 96;
export const BAR_WIDTH = 16;

/** Title and lines under it, from `x`, first baseline at `y`. */
export function heading(title: string, lines: readonly string[], x: number, y: number): Mark[] {
  return [
    { kind: "text", text: title, x, y, size: style.title, bold: true, colour: style.ink },
    ...lines.map((line, i): Mark => text(line, x, y + 22 + 18 * i, { colour: style.quiet })),
  ];
}

export function headingHeight(lines: number): number {
  return 22 + 18 * lines + 12;
}

export interface TextOptions {
  readonly anchor?: "start" | "middle" | "end";
  readonly colour?: string;
  readonly angle?: number;
  readonly bold?: boolean;
}

export function text(content: string, x: number, y: number, options: TextOptions = {}): Mark {
  return { kind: "text", text: content, x, y, size: style.text, colour: style.ink, ...options };
}

export function devicePixels(box: Box, pixelRatio: number): Box {
  return {
    x: box.x * pixelRatio,
    y: box.y * pixelRatio,
    width: box.width * pixelRatio,
    height: box.height * pixelRatio,
  };
}

export function across(box: Box, lowMHz: number, highMHz: number, frequencyMHz: number): number {
  return box.x + ((frequencyMHz - lowMHz) / (highMHz - lowMHz)) * box.width;
}

function crisp(position: number): number {
  return Math.floor(position) + 0.5;
}
