/**
 * turboSETI's hit table, `.dat`: nine comment lines, then a line of twelve tab-separated fields a hit (turbo_seti 2,
 * find_doppler/file_writers.py writes it; find_event/find_event.py reads lines 2, 4, 5 and 6 by position and the first eight and
 * last two fields). The program and the parameters of the search stand on the seventh line, which that reader skips.
 */

import { FileError } from "../signal/errors.ts";
import type { Hit } from "../signal/hit.ts";
import type { ProgramVersion, ScanRecord, SearchParameters } from "../signal/search-record.ts";
import { compareHits } from "./hit-rows.ts";

/** What the comment lines tell. A field that a file lacks, or that isn't known, is absent. */
export interface DatHeader {
  /** Name of the recording that was searched, without its folder. */
  readonly file: string;
  readonly source: string;
  /** 0 where it isn't known. */
  readonly tstartMjd: number;
  /** Right ascension as text, such as `17h10m03.984s`. */
  readonly ra?: string;
  /** Declination as text, such as `12d10m58.8s`. */
  readonly dec?: string;
  readonly tsampS: number;
  /** Negative where the frequency falls with the channel number. */
  readonly foffHz: number;
  readonly maxDriftHzPerS?: number;
  readonly obsLengthS?: number;
  readonly program?: ProgramVersion;
  readonly parameters?: SearchParameters;
}

export interface DatMeta extends DatHeader {
  readonly maxDriftHzPerS: number;
  readonly obsLengthS: number;
  readonly program: ProgramVersion;
  /** Top_Hit_# of the first hit, 1 if left out. turboSETI's event finder takes hits of one number in two tables for one. */
  readonly firstNumber?: number;
  /** Fine channels in a coarse one: `Index` counts within it. Left out, `Index` counts from the start of the file. */
  readonly channelsPerCoarse?: number;
}

/** A line of the table. */
export interface DatHit {
  /** Top_Hit_#, from 1. */
  readonly number: number;
  readonly driftHzPerS: number;
  readonly snr: number;
  /** Uncorrected_Frequency: at the first row. */
  readonly frequencyMHz: number;
  readonly correctedFrequencyMHz: number;
  /** Fine channel within the coarse channel. */
  readonly index: number;
  readonly startMHz: number;
  readonly endMHz: number;
  readonly sefd: number;
  readonly sefdFrequencyMHz: number;
  readonly coarseChannel: number;
  /** Hits that the search found about this one before it kept the best. */
  readonly fullNumberOfHits: number;
}

export interface DatTable extends DatHeader {
  readonly hits: DatHit[];
}

const LONG_RULE = "# -------------------------- o --------------------------";
const SHORT_RULE = "# --------------------------";
const COLUMNS =
  "Top_Hit_# |Drift_Rate |SNR |Uncorrected_Frequency |Corrected_Frequency |Index |freq_start |freq_end |SEFD |SEFD_freq |" +
  "Coarse_Channel_Number |Full_number_of_hits |";
const UNKNOWN = "unknown";

/** What a `.dat` of one scan says of it. */
export function datMeta(
  scan: ScanRecord,
  search: { readonly program: ProgramVersion; readonly parameters: SearchParameters },
  options: { readonly maxDriftHzPerS: number; readonly channelsPerCoarse?: number },
): DatMeta {
  const { file, header, time, frequency } = scan;
  return {
    file,
    source: header.source_name ?? UNKNOWN,
    tstartMjd: time.tstartMjd,
    ra: header.src_raj === undefined ? undefined : sexagesimal(header.src_raj, "h", 3),
    dec: header.src_dej === undefined ? undefined : sexagesimal(header.src_dej, "d", 2),
    tsampS: time.tsampS,
    foffHz: frequency.foffMHz * 1e6,
    maxDriftHzPerS: options.maxDriftHzPerS,
    obsLengthS: time.nsamples * time.tsampS,
    program: search.program,
    parameters: search.parameters,
    channelsPerCoarse: options.channelsPerCoarse,
  };
}

/** Hours or degrees as text, such as `17h10m03.984s`. */
function sexagesimal(value: number, unit: "h" | "d", decimals: number): string {
  const ticks = Math.round(Math.abs(value) * 3600 * 10 ** decimals);
  const minuteTicks = 60 * 10 ** decimals;
  const minutes = Math.floor(ticks / minuteTicks);
  const seconds = ((ticks % minuteTicks) / 10 ** decimals).toFixed(decimals).padStart(3 + decimals, "0");
  const text = `${Math.floor(minutes / 60)}${unit}${String(minutes % 60).padStart(2, "0")}m${seconds}s`;
  return value < 0 ? `-${text}` : text;
}

/**
 * The table of one scan's hits. Frequencies are written to 1 Hz as turboSETI does, or finer where channels are narrower.
 * `freq_start` and `freq_end` are the outer frequencies of the line over the whole scan, in the order of the channels.
 */
export function encodeDat(hits: readonly Hit[], meta: DatMeta): string {
  const lines = [
    LONG_RULE,
    `# File ID: ${oneLine(meta.file.split(/[/\\]/).at(-1)!)} `,
    LONG_RULE,
    `# Source:${oneLine(meta.source)}`,
    `# MJD: ${meta.tstartMjd.toFixed(12).padStart(18)}\tRA: ${oneLine(meta.ra ?? UNKNOWN)}\tDEC: ${oneLine(meta.dec ?? UNKNOWN)}`,
    `# DELTAT: ${real(meta.tsampS, 10)}\tDELTAF(Hz): ${real(meta.foffHz, 10)}` +
      `\tmax_drift_rate: ${real(meta.maxDriftHzPerS, 10)}\tobs_length: ${real(meta.obsLengthS, 10)}`,
    `${SHORT_RULE} ${JSON.stringify({ program: meta.program, parameters: meta.parameters ?? {} })}`,
    `# ${COLUMNS.replaceAll("|", "\t")}`,
    SHORT_RULE,
  ];
  const decimals = Math.max(6, Math.ceil(6 - Math.log10(Math.abs(meta.foffHz))));
  const mhz = (frequencyMHz: number) => real(frequencyMHz, 14, decimals);
  for (const [i, hit] of [...hits].sort(compareHits).entries()) {
    const [start, end] = extentMHz(hit, meta);
    const fields = [
      String((meta.firstNumber ?? 1) + i).padStart(6, "0"),
      real(hit.driftHzPerS, 10),
      real(hit.snr, 10),
      mhz(hit.frequencyMHz),
      mhz(hit.frequencyMHz),
      String(hit.channel - hit.coarseChannel * (meta.channelsPerCoarse ?? 0)),
      mhz(start),
      mhz(end),
      "0.0",
      mhz(0),
      String(hit.coarseChannel),
      "1",
    ];
    lines.push(`${fields.join("\t")}\t`);
  }
  return `${lines.join("\n")}\n`;
}

function extentMHz(hit: Hit, { obsLengthS, tsampS, foffHz }: DatMeta): [number, number] {
  const last = hit.frequencyMHz + (hit.driftHzPerS * (obsLengthS - tsampS)) / 1e6;
  const half = hit.bandwidthHz / 2e6;
  const low = Math.min(hit.frequencyMHz, last) - half;
  const high = Math.max(hit.frequencyMHz, last) + half;
  return foffHz < 0 ? [high, low] : [low, high];
}

function real(value: number, width: number, decimals = 6): string {
  return value.toFixed(decimals).padStart(width);
}

/** turboSETI takes lines apart at tabs and line ends. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/**
 * Reads a `.dat`, turboSETI's own too (version 2 and the older ones without `max_drift_rate` and `obs_length`). Throws a FileError
 * that gives the line and the column.
 */
export function parseDat(text: string, name: string): DatTable {
  const lines = text.split(/\r?\n/);
  const comments = lines.filter((line) => line.startsWith("#"));
  const find = (pattern: RegExp) => {
    for (const line of comments) {
      const found = pattern.exec(line);
      if (found) return found[1]!.trim();
    }
    return undefined;
  };
  const required = (label: string, pattern: RegExp): string => {
    const found = find(pattern);
    if (found === undefined) {
      throw new FileError(
        name,
        `no comment line gives ${label}, so it is no turboSETI hit table or was cut short.`,
      );
    }
    return found;
  };
  const number = (label: string, found: string): number => {
    const value = Number(found);
    if (found === "" || !Number.isFinite(value)) {
      throw new FileError(name, `${label} is "${found}" in the comment lines. It must be a number.`);
    }
    return value;
  };
  const optional = (label: string, pattern: RegExp): number | undefined => {
    const found = find(pattern);
    return found === undefined ? undefined : number(label, found);
  };
  const place = (pattern: RegExp): string | undefined => {
    const found = find(pattern);
    return found === undefined || found === UNKNOWN ? undefined : found;
  };
  const hits: DatHit[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.startsWith("#") || line.trim() === "") continue;
    hits.push(parseHit(line, name, i + 1));
  }
  return {
    file: required("File ID", /^# *File ID:(.*)$/),
    source: required("Source", /^# *Source:(.*)$/),
    tstartMjd: number("MJD", required("MJD", /^# *MJD:([^\t]*)/)),
    ra: place(/\tRA:([^\t]*)/),
    dec: place(/\tDEC:([^\t]*)/),
    tsampS: number("DELTAT", required("DELTAT", /^# *DELTAT:([^\t]*)/)),
    foffHz: number("DELTAF(Hz)", required("DELTAF(Hz)", /\tDELTAF\(Hz\):([^\t]*)/)),
    maxDriftHzPerS: optional("max_drift_rate", /\tmax_drift_rate:([^\t]*)/),
    obsLengthS: optional("obs_length", /\tobs_length:([^\t]*)/),
    ...parseSearch(find(/^# -+ (\{.*\})$/)),
    hits,
  };
}

const FIELDS: readonly { readonly name: keyof DatHit; readonly column: string; readonly whole?: true }[] = [
  { name: "number", column: "Top_Hit_#", whole: true },
  { name: "driftHzPerS", column: "Drift_Rate" },
  { name: "snr", column: "SNR" },
  { name: "frequencyMHz", column: "Uncorrected_Frequency" },
  { name: "correctedFrequencyMHz", column: "Corrected_Frequency" },
  { name: "index", column: "Index", whole: true },
  { name: "startMHz", column: "freq_start" },
  { name: "endMHz", column: "freq_end" },
  { name: "sefd", column: "SEFD" },
  { name: "sefdFrequencyMHz", column: "SEFD_freq" },
  { name: "coarseChannel", column: "Coarse_Channel_Number", whole: true },
  { name: "fullNumberOfHits", column: "Full_number_of_hits", whole: true },
];

function parseHit(line: string, name: string, lineNumber: number): DatHit {
  const cells = line.trim().split(/\s+/);
  if (cells.length < FIELDS.length) {
    throw new FileError(
      name,
      `line ${lineNumber} has ${cells.length} fields; a hit has ${FIELDS.length}. Was the file cut short?`,
    );
  }
  const hit: Partial<Record<keyof DatHit, number>> = {};
  for (const [i, { name: field, column, whole }] of FIELDS.entries()) {
    const value = Number(cells[i]);
    if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) {
      const wanted = whole ? "a whole number" : "a number";
      throw new FileError(name, `line ${lineNumber}: ${column} is "${cells[i]}". It must be ${wanted}.`);
    }
    hit[field] = value;
  }
  return hit as Required<typeof hit>;
}

/** The seventh line's program and parameters; a file of another program has none. */
function parseSearch(json: string | undefined): Pick<DatHeader, "program" | "parameters"> {
  if (json === undefined) return {};
  try {
    const { program, parameters } = JSON.parse(json) as Pick<DatHeader, "program" | "parameters">;
    return { program, parameters };
  } catch {
    return {};
  }
}
