/** `lodestone info`: what files hold, from their headers and a sample of their power. */

import { open, stat } from "node:fs/promises";
import { Command } from "commander";
import { openSpectrograms } from "../formats/open.node.ts";
import { coarseChannels } from "../signal/coarse-channels.ts";
import {
  describeBytes,
  describeHz,
  describeSeconds,
  describeSexagesimal,
  describeUtc,
  grouped,
} from "../signal/describe.ts";
import { quantiles, robustDeviation } from "../signal/robust.ts";
import { bandEdgesMHz, type ObservationHeader, type SpectrogramSource } from "../signal/spectrogram.ts";

export interface FileInfo {
  readonly file: string;
  readonly format: string;
  readonly sizeBytes: number;
  /** Spectrograms in the file: 1, or the scans of a cadence in one `.npy`. What follows is the first one's. */
  readonly panels: number;
  readonly source: string | null;
  readonly telescope: string | null;
  readonly raHours: number | null;
  readonly decDegrees: number | null;
  readonly tstartMjd: number | null;
  readonly tstartUtc: string | null;
  readonly rows: number;
  readonly channels: number;
  readonly ifs: number;
  readonly bits: number | null;
  readonly fch1MHz: number;
  readonly foffMHz: number;
  /** At the outer edges of the outer channels. */
  readonly lowMHz: number;
  readonly highMHz: number;
  readonly tsampS: number;
  readonly durationS: number;
  readonly coarseChannels: {
    readonly count: number;
    readonly channelsPerCoarse: number;
    /** Whether they are the telescope's own, with known DC channels; else the file is a cut-out. */
    readonly known: boolean;
  };
  readonly power: PowerSummary;
  /** All that the header says beside the axes. */
  readonly header: ObservationHeader;
}

/** Of `values` values from the middle of the first IF. */
export interface PowerSummary {
  readonly values: number;
  readonly missing: number;
  readonly min: number | null;
  readonly median: number | null;
  /** By the median absolute deviation. */
  readonly deviation: number | null;
  readonly max: number | null;
}

const SAMPLE_VALUES = 2 ** 20;

const examples = `
Examples:
  $ lodestone info scan.h5
  $ lodestone info --json *.fil
`;

export function infoCommand(): Command {
  return new Command("info")
    .description("Show what files hold: band, resolution, duration, source, a sample of the power.")
    .argument("<file...>", "files (.h5, .fil, .npy)")
    .option("--json", "print an object, or an array of them for several files")
    .option("--allow-truncated", "read the whole rows of a file that was cut short")
    .addHelpText("after", examples)
    .action(async (files: string[], options: { json?: boolean; allowTruncated?: boolean }) => {
      const infos: FileInfo[] = [];
      const failures: unknown[] = [];
      for (const file of files) {
        await readInfo(file, options).then(
          (info) => infos.push(info),
          (error: unknown) => failures.push(error),
        );
      }
      if (infos.length > 0) {
        const printed = options.json
          ? JSON.stringify(files.length === 1 ? infos[0] : infos, null, 2)
          : infos.map(formatInfo).join("\n\n");
        process.stdout.write(`${printed}\n`);
      }
      if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);
    });
}

/** Reads the header of a file and at most a million of its values. Throws FileErrors. */
export async function readInfo(file: string, options: { allowTruncated?: boolean } = {}): Promise<FileInfo> {
  const sources = await openSpectrograms(file, { allowTruncated: options.allowTruncated });
  try {
    const first = sources[0]!;
    const { time, frequency, header } = first;
    const { low, high } = bandEdgesMHz(frequency);
    const { count, channelsPerCoarse, known } = coarseChannels(frequency);
    return {
      file,
      format: await formatOf(file),
      sizeBytes: (await stat(file)).size,
      panels: sources.length,
      source: header.source_name?.trim() || null,
      telescope: telescopeName(header.telescope_id),
      raHours: header.src_raj ?? null,
      decDegrees: header.src_dej ?? null,
      tstartMjd: time.tstartMjd || null,
      tstartUtc: describeUtc(time.tstartMjd) || null,
      rows: time.nsamples,
      channels: frequency.nchans,
      ifs: first.nifs,
      bits: header.nbits ?? null,
      fch1MHz: frequency.fch1MHz,
      foffMHz: frequency.foffMHz,
      lowMHz: low,
      highMHz: high,
      tsampS: time.tsampS,
      durationS: time.tsampS * time.nsamples,
      coarseChannels: { count, channelsPerCoarse, known },
      power: await samplePower(first),
      header,
    };
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}

/** A file as lines of a name and what it is. */
export function formatInfo(info: FileInfo): string {
  const { coarseChannels: coarse } = info;
  const several = info.panels > 1 ? `${info.panels} panels of ` : "";
  const ifs = info.ifs > 1 ? ` x ${info.ifs} IFs` : "";
  const lines: [string, string | null][] = [
    ["Format", info.bits === null ? info.format : `${info.format}, ${info.bits} bits a value`],
    ["Size", describeBytes(info.sizeBytes)],
    ["Source", info.source],
    ["Position", position(info)],
    ["Telescope", info.telescope],
    ["Start", info.tstartUtc && `${info.tstartUtc}  (MJD ${info.tstartMjd!.toFixed(9)})`],
    ["Shape", `${several}${grouped(info.rows)} rows x ${grouped(info.channels)} channels${ifs}`],
    ["Band", bandText(info)],
    ["Resolution", `${describeHz(Math.abs(info.foffMHz) * 1e6, 10)} x ${describeSeconds(info.tsampS, 10)}`],
    ["Duration", describeSeconds(info.durationS)],
    [
      "Coarse",
      coarse.known
        ? `${grouped(coarse.count)} of ${grouped(coarse.channelsPerCoarse)} channels`
        : "boundaries not known: a cut-out, or a product without them",
    ],
    ["Power", powerText(info)],
  ];
  const shown = lines.filter((line): line is [string, string] => Boolean(line[1]));
  return [info.file, ...shown.map(([name, value]) => `  ${name.padEnd(11)} ${value}`)].join("\n");
}

function position({ raHours, decDegrees }: FileInfo): string | null {
  if (raHours === null || decDegrees === null) return null;
  return `RA ${describeSexagesimal(raHours, 2)}  Dec ${decDegrees < 0 ? "" : "+"}${describeSexagesimal(decDegrees, 1)}`;
}

function bandText({ lowMHz, highMHz, foffMHz }: FileInfo): string {
  const order = foffMHz < 0 ? "highest channel first" : "lowest channel first";
  return `${lowMHz.toFixed(6)} to ${highMHz.toFixed(6)} MHz  (${describeHz((highMHz - lowMHz) * 1e6)}, ${order})`;
}

function powerText({ power, rows, channels }: FileInfo): string {
  const { min, median, deviation, max, missing, values } = power;
  if (median === null) return `no numbers in a sample of ${grouped(values)} values`;
  const number = (value: number | null) => {
    if (value === null) return "none";
    const rounded = Number(value.toPrecision(4));
    return Math.abs(rounded) >= 1e6 ? rounded.toExponential().replace("e+", "e") : String(rounded);
  };
  const of = values === rows * channels ? "" : `, in a sample of ${grouped(values)} values`;
  const gaps = missing === 0 ? "" : `, ${grouped(missing)} missing`;
  return `median ${number(median)}, robust deviation ${number(deviation)}, ${number(min)} to ${number(max)}${gaps}${of}`;
}

/** All rows, or the middle ones, of channels in the middle of the band. */
async function samplePower(source: SpectrogramSource): Promise<PowerSummary> {
  const { nsamples } = source.time;
  const { nchans } = source.frequency;
  const rows = Math.min(nsamples, Math.max(16, Math.floor(SAMPLE_VALUES / nchans)));
  const channels = Math.min(nchans, Math.floor(SAMPLE_VALUES / rows));
  const rowStart = Math.floor((nsamples - rows) / 2);
  const channelStart = Math.floor((nchans - channels) / 2);
  const { data } = await source.read({
    rowStart,
    rowStop: rowStart + rows,
    channelStart,
    channelStop: channelStart + channels,
  });
  const [min, median, max] = quantiles(data, [0, 0.5, 1]);
  const finite = (value: number | undefined) => (Number.isFinite(value) ? value! : null);
  return {
    values: data.length,
    missing: data.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0),
    min: finite(min),
    median: finite(median),
    deviation: finite(robustDeviation(data, median)),
    max: finite(max),
  };
}

async function formatOf(file: string): Promise<string> {
  const handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    const start = buffer.subarray(0, bytesRead).toString("latin1");
    if (start.startsWith("\x93NUMPY")) return "NumPy array, which has no axes (those below are nominal)";
    if (start.includes("HEADER_START")) return "SIGPROC filterbank";
    return "FBH5 (HDF5)";
  } finally {
    await handle.close();
  }
}

/** SIGPROC's numbers, with the additions that Breakthrough Listen's programs agree on. */
const telescopes: Record<number, string> = {
  0: "none (simulated)",
  1: "Arecibo",
  3: "Nançay",
  4: "Parkes",
  5: "Jodrell Bank",
  6: "Green Bank",
  7: "GMRT",
  8: "Effelsberg",
  9: "ATA",
  10: "Sardinia",
  11: "LOFAR",
  12: "VLA",
  20: "CHIME",
  64: "MeerKAT",
};

function telescopeName(id: number | undefined): string | null {
  return id === undefined ? null : (telescopes[id] ?? `number ${id}`);
}
