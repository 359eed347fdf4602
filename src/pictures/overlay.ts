/** Paths of signals drawn over a panel without covering them. */

import { across, type Box } from "./axes.ts";
import { type Colour, type Mark, style } from "./picture.ts";
import { textWidth } from "./text-width.ts";

export interface PathOverlay {
  /** Which panel of a cadence, from 0. */
  readonly panel?: number;
  /** Seconds since the scan's first row began: the centre of row `i` is at `(i + 0.5) * tsampS`. */
  readonly fromS: number;
  readonly fromMHz: number;
  readonly toS: number;
  readonly toMHz: number;
  readonly label?: string;
  /** `beside`: two dashed lines, one on each side of the path (default). `ends`: arrow heads where it begins and ends. */
  readonly style?: "beside" | "ends";
  readonly colour?: Colour;
}

export interface PanelAxes {
  readonly box: Box;
  readonly lowMHz: number;
  readonly highMHz: number;
  readonly startS: number;
  readonly stopS: number;
}

const BESIDE = 8;
const LABEL_HEIGHT = 18;

/** The marks of all paths of one panel, clipped to it; labels step aside for each other. */
export function overlayMarks(paths: readonly PathOverlay[], axes: PanelAxes): Mark[] {
  const { box } = axes;
  const taken: Box[] = [];
  const lines = paths.flatMap((path) =>
    path.style === "ends" ? endMarks(path, axes) : besideMarks(path, axes),
  );
  const labels = paths.flatMap((path) => labelMarks(path, axes, taken));
  return [{ kind: "clip", ...box, marks: [...lines, ...labels] }];
}

interface Ends {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

function endsOf(path: PathOverlay, { box, lowMHz, highMHz, startS, stopS }: PanelAxes): Ends {
  const down = (seconds: number) => box.y + ((seconds - startS) / (stopS - startS)) * box.height;
  return {
    x1: across(box, lowMHz, highMHz, path.fromMHz),
    y1: down(path.fromS),
    x2: across(box, lowMHz, highMHz, path.toMHz),
    y2: down(path.toS),
  };
}

function besideMarks(path: PathOverlay, axes: PanelAxes): Mark[] {
  const { x1, y1, x2, y2 } = endsOf(path, axes);
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const aside = { x: (BESIDE * (y2 - y1)) / length, y: (-BESIDE * (x2 - x1)) / length };
  return [-1, 1].flatMap((side): Mark[] => {
    const ends = {
      x1: x1 + side * aside.x,
      y1: y1 + side * aside.y,
      x2: x2 + side * aside.x,
      y2: y2 + side * aside.y,
    };
    return [
      { kind: "line", ...ends, colour: style.ink, width: 3.5, opacity: 0.55, dash: [7, 5] },
      { kind: "line", ...ends, colour: path.colour ?? "#ffffff", width: 1.6, dash: [7, 5] },
    ];
  });
}

function endMarks(path: PathOverlay, axes: PanelAxes): Mark[] {
  const { x1, y1, x2, y2 } = endsOf(path, axes);
  const { y, height } = axes.box;
  const top = Math.max(y + 11, Math.min(y1, y2));
  const bottom = Math.min(y + height - 11, Math.max(y1, y2));
  const [xTop, xBottom] = y1 <= y2 ? [x1, x2] : [x2, x1];
  return [arrowHead(xTop, top, -1, path.colour), arrowHead(xBottom, bottom, 1, path.colour)];
}

/** Points at (x, y) from above where `side` is -1, from below where it is 1. */
function arrowHead(x: number, y: number, side: -1 | 1, colour: Colour = "#ffffff"): Mark {
  return {
    kind: "shape",
    points: [
      [x, y],
      [x - 6, y + side * 10],
      [x + 6, y + side * 10],
    ],
    fill: colour,
    stroke: style.ink,
    strokeWidth: 1,
  };
}

function labelMarks(path: PathOverlay, axes: PanelAxes, taken: Box[]): Mark[] {
  if (path.label === undefined) return [];
  const box = labelPlace(path.label, endsOf(path, axes), axes.box, taken);
  taken.push(box);
  return [
    { kind: "box", ...box, radius: 3, fill: "#ffffff", opacity: 0.88 },
    { kind: "text", text: path.label, x: box.x + 5, y: box.y + 13.2, size: style.text, colour: style.ink },
  ];
}

/** Beside the path's beginning or end, right or left, the first such place that is free and within the panel. */
function labelPlace(label: string, ends: Ends, panel: Box, taken: readonly Box[]): Box {
  const width = Math.ceil(textWidth(label, style.text)) + 10;
  const gap = BESIDE + 6;
  const within = (x: number, y: number): Box => ({
    x: Math.min(Math.max(x, panel.x + 4), panel.x + panel.width - width - 4),
    y: Math.min(Math.max(y, panel.y + 4), panel.y + panel.height - LABEL_HEIGHT - 4),
    width,
    height: LABEL_HEIGHT,
  });
  const places: Box[] = [];
  for (let part = 0; part <= 1; part += 0.125) {
    const x = ends.x1 + (ends.x2 - ends.x1) * part;
    const y = ends.y1 + (ends.y2 - ends.y1) * part;
    const slant = Math.abs((ends.x2 - ends.x1) / (ends.y2 - ends.y1 || 1)) * LABEL_HEIGHT;
    const reach = gap + Math.min(slant, 60);
    places.push(within(x + reach, y - LABEL_HEIGHT / 2), within(x - reach - width, y - LABEL_HEIGHT / 2));
  }
  const free = places.find((place) => !taken.some((other) => overlap(place, other)));
  return free ?? places[0]!;
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
