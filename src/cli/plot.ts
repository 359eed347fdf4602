/** `lodestone plot`: a spectrogram, or the scans of a cadence, as a PNG. */

import { basename, extname } from "node:path";
import { Command } from "commander";
import { openSpectrograms } from "../formats/open.node.ts";
import { describeCadence, renderCadence } from "../pictures/cadence-picture.ts";
import { type ColourMapName, colourMapNames } from "../pictures/colour-maps.ts";
import { type IntensityScaleName, intensityScaleNames } from "../pictures/intensity.ts";
import type { Picture } from "../pictures/picture.ts";
import { encodePng } from "../pictures/png.node.ts";
import { type ReductionName, reduceSource, reductionNames } from "../pictures/reduce.ts";
import { describeLines, renderSpectrogram } from "../pictures/spectrogram-picture.ts";
import { type Cadence, makeCadence } from "../signal/cadence.ts";
import { UsageError } from "../signal/errors.ts";
import { resolveRange } from "../signal/range.ts";
import {
  type Spectrogram,
  type SpectrogramSource,
  sliceFrequency,
  sliceTime,
} from "../signal/spectrogram.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { parseChoice, parseInteger } from "./options.ts";
import { startProgress } from "./progress.ts";
import { addRangeOptions, type RangeOptions, selectRange } from "./range-options.ts";

export interface PlotOptions extends RangeOptions {
  readonly output?: string;
  readonly cadence?: string;
  readonly scale?: IntensityScaleName;
  readonly colormap?: ColourMapName;
  readonly reduce?: ReductionName;
  readonly width?: number;
  readonly pixelRatio?: number;
  readonly title?: string;
  readonly allowTruncated?: boolean;
}

const MAX_SCANS = 24;

const examples = `
Time runs downward, frequency rises to the right. Several files, or one .npy of several panels, make a cadence.

Scales:
  auto        log where no power is negative, else percentile
  log         decibels, from the 10th percentile to the largest value
  linear      from the smallest to the largest value
  percentile  from the 1st to the 99.5th percentile
  column      each column by its own median and deviation: shows what moves or blinks

Examples:
  $ lodestone plot scan.h5
  $ lodestone plot voyager.h5 --f-start 8419.296 --f-stop 8419.298 -o carrier.png
  $ lodestone plot on1.h5 off1.h5 on2.h5 off2.h5 on3.h5 off3.h5 --cadence ABACAD --scale column -o cadence.png
`;

export function plotCommand(): Command {
  const command = new Command("plot")
    .description("Draw a spectrogram, or a cadence with its ON and OFF scans, as a PNG.")
    .argument("<file...>", "files (.h5, .fil, .npy), in the order of time")
    .option("-o, --output <png>", "the picture to write (default: named for the first file, in this folder)");
  return addRangeOptions(command)
    .option(
      "--cadence <pattern>",
      "a letter a scan, A for the target (default: A and others in turn, as in ABACAD)",
    )
    .option(
      "--scale <name>",
      `how power becomes colour: ${intensityScaleNames.join(", ")}`,
      parseChoice(intensityScaleNames),
      "auto",
    )
    .option("--colormap <name>", colourMapNames.join(", "), parseChoice(colourMapNames), "viridis")
    .option(
      "--reduce <how>",
      "what many channels in one pixel show: max keeps narrow lines, mean lowers the noise",
      parseChoice(reductionNames),
      "max",
    )
    .option("--width <px>", "width of the picture", parseInteger({ min: 600, max: 8000, unit: "px" }), 1200)
    .option("--pixel-ratio <n>", "pixels a point: 2 for dense screens", parseInteger({ min: 1, max: 4 }), 1)
    .option("--title <text>", "instead of the source's name")
    .option("--allow-truncated", "read the whole rows of a file that was cut short")
    .addHelpText("after", examples)
    .action(async (files: string[], options: PlotOptions) => {
      const { output, picture } = await plot(files, options);
      const size = `${picture.width * picture.pixelRatio} x ${picture.height * picture.pixelRatio} pixels`;
      process.stderr.write(`Wrote ${output} (${size}).\n`);
    });
}

/** Reads the files piece by piece, draws them and writes the picture. Throws InputErrors. */
export async function plot(
  files: readonly string[],
  options: PlotOptions = {},
): Promise<{ output: string; picture: Picture }> {
  const sources: SpectrogramSource[] = [];
  try {
    for (const file of files)
      sources.push(...(await openSpectrograms(file, { allowTruncated: options.allowTruncated })));
    const single = sources.length === 1 && options.cadence === undefined;
    const output = options.output ?? defaultName(files[0]!, single);
    if (extname(output).toLowerCase() !== ".png") {
      throw new UsageError(`${output}: pictures are written as PNG. Give a name that ends in .png.`);
    }
    const picture = single
      ? await drawOne(sources[0]!, options)
      : await drawCadence(asCadence(sources, options.cadence), options);
    const png = await encodePng(picture);
    await writeFileAtomically(output, (write) => write(png));
    return { output, picture };
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}

function defaultName(file: string, single: boolean): string {
  return `${basename(file, extname(file))}${single ? "" : "-cadence"}.png`;
}

function asCadence(
  sources: readonly SpectrogramSource[],
  pattern: string | undefined,
): Cadence<SpectrogramSource> {
  if (sources.length > MAX_SCANS) {
    throw new UsageError(
      `${sources[0]!.name} and what follows are ${sources.length} spectrograms; ` +
        `a picture takes ${MAX_SCANS} at most. Give fewer.`,
    );
  }
  if (pattern !== undefined) return makeCadence(pattern, sources);
  const taken = usualPattern(sources.length);
  process.stderr.write(`Taken as the cadence ${taken}, A being the target; say otherwise with --cadence.\n`);
  return makeCadence(taken, sources);
}

/** A, and other letters in turn: ABACAD for six. After Z the letters begin again at B. */
function usualPattern(length: number): string {
  return Array.from({ length }, (_, i) =>
    i % 2 === 0 ? "A" : String.fromCharCode(66 + (Math.floor(i / 2) % 25)),
  ).join("");
}

async function drawOne(source: SpectrogramSource, options: PlotOptions): Promise<Picture> {
  const range = selectRange(source, options);
  const outline = outlineOf(source, range);
  const progress = startProgress("Reading", 1);
  const spectrogram = await reduceSource(source, range, {
    ...pixelBounds(options),
    onProgress: (done, total) => progress.update(done / total),
  }).finally(() => progress.finish());
  return renderSpectrogram(spectrogram, {
    ...pictureOptions(options),
    lines: describeLines(outline),
    startS: (range.rowStart ?? 0) * source.time.tsampS,
  });
}

async function drawCadence(cadence: Cadence<SpectrogramSource>, options: PlotOptions): Promise<Picture> {
  const ranges = cadence.scans.map(({ source }) => selectRange(source, options));
  const progress = startProgress("Reading", cadence.scans.length);
  const scans: Cadence<Spectrogram>["scans"][number][] = [];
  try {
    for (const [i, scan] of cadence.scans.entries()) {
      const source = await reduceSource(scan.source, ranges[i]!, {
        ...pixelBounds(options),
        onProgress: (done, total) =>
          progress.update(i + done / total, `scan ${i + 1} of ${cadence.scans.length}`),
      });
      scans.push({ ...scan, source });
    }
  } finally {
    progress.finish();
  }
  const outlines = cadence.scans.map((scan, i) => ({ ...scan, source: outlineOf(scan.source, ranges[i]!) }));
  return renderCadence(
    { pattern: cadence.pattern, scans },
    {
      ...pictureOptions(options),
      lines: describeCadence({ pattern: cadence.pattern, scans: outlines }),
      startS: cadence.scans.map(({ source }, i) => (ranges[i]!.rowStart ?? 0) * source.time.tsampS),
    },
  );
}

/** What the picture says of the data, in the file's own resolution. */
function outlineOf(
  source: SpectrogramSource,
  range: Parameters<typeof resolveRange>[1],
): Omit<Spectrogram, "data"> {
  const { rowStart, rowStop, channelStart, channelStop } = resolveRange(source, range);
  return {
    source: source.name,
    header: source.header,
    time: sliceTime(source.time, rowStart, rowStop),
    frequency: sliceFrequency(source.frequency, channelStart, channelStop),
  };
}

function pixelBounds({ width = 1200, pixelRatio = 1, reduce }: PlotOptions) {
  const pixels = width * pixelRatio;
  if (pixels > 16_000)
    throw new UsageError(
      `--width ${width} times --pixel-ratio ${pixelRatio} is ${pixels} pixels; give 16,000 at most.`,
    );
  return { rows: 1024, columns: Math.max(4096, width), reduction: reduce };
}

function pictureOptions(options: PlotOptions) {
  return {
    width: options.width,
    pixelRatio: options.pixelRatio,
    scale: options.scale,
    colourMap: options.colormap,
    reduction: options.reduce,
    title: options.title,
  };
}
