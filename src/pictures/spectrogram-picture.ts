/** One spectrogram as a picture: a waterfall, time running downward and frequency rising to the right. */

import { describeHz, describeSeconds, describeUtc } from "../signal/describe.ts";
import { bandEdgesMHz, type Spectrogram } from "../signal/spectrogram.ts";
import {
  BAR_WIDTH,
  type Box,
  COLOUR_BAR_WIDTH,
  colourBar,
  devicePixels,
  FREQUENCY_AXIS_HEIGHT,
  frame,
  frequencyAxis,
  heading,
  headingHeight,
  text,
  timeAxis,
  timeLabelsWidth,
} from "./axes.ts";
import { type ColourMapName, colourMap } from "./colour-maps.ts";
import { type IntensityScaleName, scaleIntensity } from "./intensity.ts";
import { overlayMarks, type PathOverlay } from "./overlay.ts";
import { type Picture, style } from "./picture.ts";
import { paintRaster } from "./raster.ts";
import { type ReductionName, reduceSpectrogram } from "./reduce.ts";
import { fitText } from "./text-width.ts";

export interface PictureOptions {
  /** CSS pixels; 1200 unless given. */
  readonly width?: number;
  /** Of a panel, CSS pixels. */
  readonly panelHeight?: number;
  /** Device pixels a CSS pixel, a whole number: 2 for dense screens. No cell of data is smaller than a CSS pixel, so that lines stay in sight. */
  readonly pixelRatio?: number;
  readonly scale?: IntensityScaleName;
  readonly colourMap?: ColourMapName;
  readonly reduction?: ReductionName;
  readonly title?: string;
  /** Under the title. */
  readonly lines?: readonly string[];
  readonly overlays?: readonly PathOverlay[];
}

export interface SpectrogramPictureOptions extends PictureOptions {
  /** Seconds from the scan's beginning to the first row shown. */
  readonly startS?: number;
}

export const DEFAULT_WIDTH = 1200;
export const MARGIN = 24;

/**
 * Draws a spectrogram. What is wider or longer than the panel's pixels is reduced by maximum (unless asked otherwise), what
 * is smaller is enlarged without smoothing.
 */
export function renderSpectrogram(
  spectrogram: Spectrogram,
  options: SpectrogramPictureOptions = {},
): Picture {
  const { width = DEFAULT_WIDTH, panelHeight = 480, pixelRatio = 1, startS = 0, overlays = [] } = options;
  const lines = options.lines ?? describeLines(spectrogram);
  const top = MARGIN + headingHeight(lines.length);
  const stopS = startS + spectrogram.time.nsamples * spectrogram.time.tsampS;
  const left = MARGIN + 22 + timeLabelsWidth(panelHeight, startS, stopS);
  const box: Box = {
    x: left,
    y: top,
    width: width - left - 20 - COLOUR_BAR_WIDTH - MARGIN / 2,
    height: panelHeight,
  };
  const page = devicePixels(box, pixelRatio);
  const small = reduceSpectrogram(spectrogram, {
    rows: box.height,
    columns: box.width,
    reduction: options.reduction,
  });
  const intensity = scaleIntensity([small], options.scale ?? "auto");
  const colours = colourMap(options.colourMap ?? "viridis");
  const { low: lowMHz, high: highMHz } = bandEdgesMHz(small.frequency);
  const barBox = { x: box.x + box.width + 20, y: box.y, width: BAR_WIDTH, height: box.height };
  const bar = colourBar(barBox, colours, intensity, pixelRatio);
  const title = options.title ?? pictureTitle(spectrogram);
  const room = width - box.x - MARGIN;
  return {
    width,
    height: top + panelHeight + FREQUENCY_AXIS_HEIGHT + MARGIN / 2,
    pixelRatio,
    background: style.paper,
    rasters: [
      paintRaster(small, intensity.panels[0]!, { ...page, lowMHz, highMHz }, colours, intensity),
      bar.raster,
    ],
    marks: [
      ...heading(
        fitText(title, room, style.title, true),
        lines.map((line) => fitText(line, room, style.text)),
        box.x,
        MARGIN + 14,
      ),
      ...overlayMarks(overlays, { box, lowMHz, highMHz, startS, stopS, ...cellSize(spectrogram) }),
      frame(box),
      ...frequencyAxis(box, lowMHz, highMHz),
      ...timeAxis(box, startS, stopS),
      text("Time, s", MARGIN + 10, box.y + box.height / 2, { anchor: "middle", angle: -90 }),
      ...bar.marks,
    ],
  };
}

export function cellSize({ time, frequency }: Spectrogram): { channelMHz: number; rowS: number } {
  return { channelMHz: Math.abs(frequency.foffMHz), rowS: time.tsampS };
}

/** The source's name, or else the file's. */
export function pictureTitle({ header, source }: Pick<Spectrogram, "header" | "source">): string {
  return header.source_name?.trim() || fileName(source);
}

/** Two lines: the file and its start; its shape and resolution. */
export function describeLines(
  spectrogram: Pick<Spectrogram, "header" | "source" | "time" | "frequency">,
): string[] {
  const { time, frequency, source } = spectrogram;
  const started = describeUtc(time.tstartMjd);
  const start = started === "" ? [] : [`${started} (MJD ${time.tstartMjd.toFixed(6)})`];
  return [
    [fileName(source), ...start].join("  ·  "),
    [
      `${frequency.nchans.toLocaleString("en-US")} channels of ${describeHz(Math.abs(frequency.foffMHz) * 1e6)}`,
      `${time.nsamples.toLocaleString("en-US")} rows of ${describeSeconds(time.tsampS)}`,
    ].join("  ·  "),
  ];
}

export function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
