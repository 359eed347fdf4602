/** A cadence as one picture: its scans under each other, ON and OFF marked, on one frequency axis and one colour scale. */

import type { Cadence, Scan } from "../signal/cadence.ts";
import { describeClock, describeHz, describeSeconds, describeUtc } from "../signal/describe.ts";
import { bandEdgesMHz, SECONDS_PER_DAY, type Spectrogram } from "../signal/spectrogram.ts";
import {
  BAR_WIDTH,
  type Box,
  COLOUR_BAR_WIDTH,
  colourBar,
  devicePixels,
  FREQUENCY_AXIS_HEIGHT,
  frame,
  frequencyAxis,
  frequencyTickLines,
  heading,
  headingHeight,
  text,
  timeAxis,
  timeLabelsWidth,
} from "./axes.ts";
import { colourMap } from "./colour-maps.ts";
import { scaleIntensity } from "./intensity.ts";
import { overlayMarks } from "./overlay.ts";
import { type Mark, type Picture, style } from "./picture.ts";
import { paintRaster } from "./raster.ts";
import { reduceSpectrogram } from "./reduce.ts";
import { cellSize, DEFAULT_WIDTH, fileName, MARGIN, type PictureOptions } from "./spectrogram-picture.ts";
import { fitText } from "./text-width.ts";

export interface CadencePictureOptions extends PictureOptions {
  /** Seconds from each scan's beginning to the first row shown; 0 unless given. */
  readonly startS?: readonly number[];
}

const GUTTER = 168;
const GAP = 14;
const TAG = { width: 44, height: 22 };

/**
 * Draws any number of scans. The frequency axis spans the bands of all of them; where one has none it is grey. Panels are equally high, each with
 * its own seconds. Overlays name their panel.
 */
export function renderCadence(cadence: Cadence<Spectrogram>, options: CadencePictureOptions = {}): Picture {
  const { scans } = cadence;
  const { width = DEFAULT_WIDTH, pixelRatio = 1, overlays = [] } = options;
  const panelHeight = options.panelHeight ?? Math.min(170, Math.max(72, Math.floor(780 / scans.length)));
  const panels = scans.map(({ source }) => source);
  const lines = options.lines ?? describeCadence(cadence);
  const top = MARGIN + headingHeight(lines.length);
  const times = panels.map(({ time }, i) => {
    const startS = options.startS?.[i] ?? 0;
    return { startS, stopS: startS + time.nsamples * time.tsampS };
  });
  const labels = Math.max(...times.map(({ startS, stopS }) => timeLabelsWidth(panelHeight, startS, stopS)));
  const left = MARGIN + GUTTER + 22 + labels;
  const boxes = panels.map(
    (_, i): Box => ({
      x: left,
      y: top + i * (panelHeight + GAP),
      width: width - left - 20 - COLOUR_BAR_WIDTH - MARGIN / 2,
      height: panelHeight,
    }),
  );
  const stack: Box = { ...boxes[0]!, height: scans.length * (panelHeight + GAP) - GAP };
  const edges = panels.map(({ frequency }) => bandEdgesMHz(frequency));
  const lowMHz = Math.min(...edges.map(({ low }) => low));
  const highMHz = Math.max(...edges.map(({ high }) => high));
  const small = panels.map((panel, i) => {
    const share = (edges[i]!.high - edges[i]!.low) / (highMHz - lowMHz);
    const columns = Math.max(1, Math.floor(stack.width * share + 1e-6));
    return reduceSpectrogram(panel, {
      rows: panelHeight,
      columns,
      reduction: options.reduction,
    });
  });
  const intensity = scaleIntensity(small, options.scale ?? "auto");
  const colours = colourMap(options.colourMap ?? "viridis");
  const barBox = { x: stack.x + stack.width + 20, y: stack.y, width: BAR_WIDTH, height: stack.height };
  const bar = colourBar(barBox, colours, intensity, pixelRatio);
  const rasters = small.map((panel, i) => {
    const place = { ...devicePixels(boxes[i]!, pixelRatio), lowMHz, highMHz };
    return paintRaster(panel, intensity.panels[i]!, place, colours, intensity);
  });
  const firstMjd = panels[0]?.time.tstartMjd ?? 0;
  const panelMarks = scans.flatMap((scan, i): Mark[] => {
    const box = boxes[i]!;
    const own = overlays.filter((path) => (path.panel ?? 0) === i);
    const colour = scan.role === "ON" ? style.on : style.ink;
    return [
      ...overlayMarks(own, { box, lowMHz, highMHz, ...times[i]!, ...cellSize(scan.source) }),
      frame(box, colour, scan.role === "ON" ? 2 : 1),
      ...(i === scans.length - 1
        ? frequencyAxis(box, lowMHz, highMHz)
        : frequencyTickLines(box, lowMHz, highMHz)),
      ...timeAxis(box, times[i]!.startS, times[i]!.stopS),
      ...scanLabel(scan, box, startOffset(scan.source, firstMjd)),
    ];
  });
  const room = width - 2 * MARGIN;
  return {
    width,
    height: top + stack.height + FREQUENCY_AXIS_HEIGHT + MARGIN / 2,
    pixelRatio,
    background: style.paper,
    rasters: [...rasters, bar.raster],
    marks: [
      ...heading(
        fitText(options.title ?? cadenceTitle(cadence), room, style.title, true),
        lines.map((line) => fitText(line, room, style.text)),
        MARGIN,
        MARGIN + 14,
      ),
      ...panelMarks,
      text("Time in scan, s", MARGIN + GUTTER + 8, stack.y + stack.height / 2, {
        anchor: "middle",
        angle: -90,
      }),
      ...bar.marks,
    ],
  };
}

/** The tag ON (filled) or OFF (outlined), the pointing's letter, the source and when the scan began. */
function scanLabel(scan: Scan<Spectrogram>, box: Box, start: string): Mark[] {
  const on = scan.role === "ON";
  const middle = box.y + box.height / 2;
  const tag = { x: MARGIN, y: Math.round(middle - 34), ...TAG };
  const name = scan.source.header.source_name?.trim() ?? "";
  const room = GUTTER - 16;
  return [
    on
      ? { kind: "box", ...tag, radius: 4, fill: style.on }
      : {
          kind: "box",
          x: tag.x + 0.5,
          y: tag.y + 0.5,
          width: tag.width - 1,
          height: tag.height - 1,
          radius: 4,
          stroke: style.off,
          strokeWidth: 1,
        },
    text(scan.role, tag.x + tag.width / 2, tag.y + 15.8, {
      anchor: "middle",
      bold: true,
      colour: on ? style.paper : style.off,
    }),
    text(scan.pointing, tag.x + tag.width + 10, tag.y + 15.8, {
      bold: true,
      colour: on ? style.on : style.off,
    }),
    text(fitText(name || fileName(scan.source.source), room, style.text), MARGIN, tag.y + TAG.height + 19),
    ...(start === "" ? [] : [text(start, MARGIN, tag.y + TAG.height + 37, { colour: style.quiet })]),
  ];
}

function startOffset({ time }: Spectrogram, firstMjd: number): string {
  if (time.tstartMjd === 0 || firstMjd === 0) return "";
  const seconds = (time.tstartMjd - firstMjd) * SECONDS_PER_DAY;
  return Math.abs(seconds) < 0.5
    ? "starts at 0 s"
    : `${seconds < 0 ? "−" : "+"}${describeClock(Math.abs(seconds))}`;
}

function cadenceTitle({ scans }: Cadence<Spectrogram>): string {
  const target = scans.find(({ role }) => role === "ON") ?? scans[0]!;
  return target.source.header.source_name?.trim() || containingFile(target.source.source);
}

/** The file's name without which of its panels it is: "0a1b.npy" for "0a1b.npy[2]". */
function containingFile(source: string): string {
  return fileName(source).replace(/\[\d+\]$/, "");
}

/** Two lines about a cadence: its pattern, first file and start; shape and resolution of a scan. */
export function describeCadence({ pattern, scans }: Cadence<Omit<Spectrogram, "data">>): string[] {
  const { time, frequency, source } = scans[0]!.source;
  const started = describeUtc(time.tstartMjd);
  const start = started === "" ? [] : [`${started} (MJD ${time.tstartMjd.toFixed(6)})`];
  return [
    [`Cadence ${pattern}`, containingFile(source), ...start].join("  ·  "),
    [
      `${frequency.nchans.toLocaleString("en-US")} channels of ${describeHz(Math.abs(frequency.foffMHz) * 1e6)}`,
      `${time.nsamples.toLocaleString("en-US")} rows of ${describeSeconds(time.tsampS)} in each scan`,
    ].join("  ·  "),
  ];
}
