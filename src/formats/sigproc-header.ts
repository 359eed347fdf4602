/**
 * The header of SIGPROC's filterbank files: keywords as length-prefixed text, each followed by a value whose type goes with
 * the keyword (D. Lorimer's SIGPROC, read_header.c and its manual). A value's length stands nowhere, so an unknown keyword
 * can't be skipped. Little-endian only, as are all such files of the last twenty years.
 */

import { FileError } from "../signal/errors.ts";
import type { ObservationHeader } from "../signal/spectrogram.ts";
import type { ByteSource } from "./byte-source.ts";
import { HeaderCursor, MAX_KEYWORD_BYTES, MAX_TEXT_BYTES } from "./sigproc-cursor.ts";
import { SIGPROC_KEYWORDS } from "./sigproc-keywords.ts";

export { angleFromSigproc } from "./sigproc-keywords.ts";

/** What the reader needs of a header beside what it passes on. */
export interface SigprocHeader {
  /** Where the data begins. */
  readonly dataByte: number;
  readonly nchans: number;
  readonly nifs: number;
  readonly nbits: number;
  readonly signed: boolean;
  /** As the header has it, which may be wrong. 0 where it is absent. */
  readonly nsamples: number;
  readonly fch1MHz: number;
  readonly foffMHz: number;
  readonly tsampS: number;
  readonly tstartMjd: number;
  /** All else, and `nbits`; angles in hours and degrees. */
  readonly header: ObservationHeader;
}

const AXIS_KEYWORDS = new Set(["tstart", "tsamp", "nsamples", "fch1", "foff", "nchans", "nifs", "fchannel"]);

/** Reads and checks a header. Throws a FileError that says which part is wrong. */
export async function readSigprocHeader(source: ByteSource): Promise<SigprocHeader> {
  const cursor = new HeaderCursor(source);
  await checkStart(cursor);
  const values = new Map<string, string | number>();
  const table: number[] = [];
  for (;;) {
    if (cursor.unprepared) await cursor.prepare();
    const at = cursor.offset;
    const keyword = cursor.text("a keyword", MAX_KEYWORD_BYTES);
    if (keyword === "HEADER_END") break;
    const type = Object.hasOwn(SIGPROC_KEYWORDS, keyword) ? SIGPROC_KEYWORDS[keyword]! : undefined;
    if (type === undefined) throw unknownKeyword(source.name, keyword, at);
    if (keyword === "fchannel") table.push(cursor.number(keyword, "double"));
    else if (type === "text") values.set(keyword, cursor.text(keyword, MAX_TEXT_BYTES));
    else if (type !== "none") values.set(keyword, cursor.number(keyword, type));
  }
  return describe(source.name, values, table, cursor.offset);
}

function describe(
  file: string,
  values: Map<string, string | number>,
  table: readonly number[],
  dataByte: number,
): SigprocHeader {
  const number = (keyword: string): number => {
    const value = values.get(keyword);
    if (value === undefined) {
      throw new FileError(
        file,
        `its header has no ${keyword}, without which the data can't be read. Add it to the header.`,
      );
    }
    return value as number;
  };
  const check = (keyword: string, value: number, right: boolean, wanted: string): number => {
    if (right) return value;
    throw new FileError(
      file,
      `its header says ${keyword} ${value}; it must be ${wanted}. The header is damaged or wrong.`,
    );
  };

  const nchans = number("nchans");
  check("nchans", nchans, nchans > 0, "at least 1");
  const nifs = (values.get("nifs") ?? 1) as number;
  check("nifs", nifs, nifs > 0, "at least 1");
  const nbits = number("nbits");
  check("nbits", nbits, [1, 2, 4, 8, 16, 32].includes(nbits), "1, 2, 4, 8, 16 or 32");
  const tsampS = number("tsamp");
  check("tsamp", tsampS, Number.isFinite(tsampS) && tsampS > 0, "a time above 0 s");
  const tstartMjd = (values.get("tstart") ?? 0) as number;
  check("tstart", tstartMjd, Number.isFinite(tstartMjd), "a modified Julian date");
  const axis =
    table.length > 0
      ? uniformTable(file, table, nchans, values.get("foff") as number | undefined)
      : { fch1MHz: number("fch1"), foffMHz: number("foff") };
  check("fch1", axis.fch1MHz, Number.isFinite(axis.fch1MHz), "a frequency in MHz");
  check(
    "foff",
    axis.foffMHz,
    Number.isFinite(axis.foffMHz) && axis.foffMHz !== 0,
    "a width in MHz other than 0",
  );

  const header: Record<string, string | number> = {};
  for (const [keyword, value] of values) {
    if (AXIS_KEYWORDS.has(keyword) || (typeof value === "number" && !Number.isFinite(value))) continue;
    header[keyword] = value;
  }
  return {
    dataByte,
    nchans,
    nifs,
    nbits,
    signed: ((values.get("signed") ?? 0) as number) > 0,
    nsamples: Math.max(0, (values.get("nsamples") ?? 0) as number),
    ...axis,
    tsampS,
    tstartMjd,
    header,
  };
}

/** A table of channel frequencies, FREQUENCY_START to FREQUENCY_END, as the even axis that it must be. */
function uniformTable(file: string, table: readonly number[], nchans: number, foff: number | undefined) {
  if (table.length !== nchans) {
    throw new FileError(
      file,
      `its frequency table lists ${table.length} channels, but nchans is ${nchans}. The header is damaged or wrong.`,
    );
  }
  const fch1MHz = table[0]!;
  const foffMHz = nchans > 1 ? (table[nchans - 1]! - fch1MHz) / (nchans - 1) : (foff ?? 0);
  const odd = table.findIndex((f, i) => !(Math.abs(f - (fch1MHz + i * foffMHz)) <= 1e-3 * Math.abs(foffMHz)));
  if (nchans > 1 && odd >= 0) {
    throw new FileError(
      file,
      `its frequency table is uneven: channel ${odd} lies at ${table[odd]} MHz, even steps would put it at ` +
        `${fch1MHz + odd * foffMHz} MHz. Lodestone reads evenly spaced channels only; split the file at the gap.`,
    );
  }
  return { fch1MHz, foffMHz };
}

async function checkStart(cursor: HeaderCursor): Promise<void> {
  const { source } = cursor;
  const start = await source.read(0, Math.min(16, source.size));
  const text = String.fromCharCode(...start.subarray(4));
  const length = start.length < 4 ? 0 : new DataView(start.buffer, start.byteOffset).getUint32(0, false);
  if (text === "HEADER_START" && length === 12) {
    throw new FileError(
      source.name,
      "this SIGPROC file was written by a big-endian machine, and Lodestone reads little-endian ones. Swap its bytes first.",
    );
  }
  if (text !== "HEADER_START" || length !== 0x0c000000) {
    throw new FileError(
      source.name,
      source.size === 0
        ? "the file is empty. Check that it was copied whole."
        : "this is no SIGPROC filterbank file: it doesn't begin with HEADER_START. Check its format.",
    );
  }
  cursor.offset = 16;
}

function unknownKeyword(file: string, keyword: string, at: number): FileError {
  if (!/^[\x21-\x7e]+$/.test(keyword)) {
    return new FileError(
      file,
      `its header is damaged: no keyword stands at byte ${at}. Copy the file again.`,
    );
  }
  return new FileError(
    file,
    `its header has the keyword ${JSON.stringify(keyword)} at byte ${at}, which isn't one of SIGPROC's; the length of its value ` +
      "is unknown, so the data can't be found. Remove it from the header.",
  );
}
