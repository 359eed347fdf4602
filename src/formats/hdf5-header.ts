/**
 * The header of an HDF5 filterbank (FBH5): attributes of `/data` (time, feed, frequency), under SIGPROC's keywords. Spelled as
 * blimpy, rawspec and setigen spell them: scalars or arrays of one, numbers or their texts, texts of fixed or variable length.
 */

import { FileError } from "../signal/errors.ts";
import type { FrequencyAxis, ObservationHeader, TimeAxis } from "../signal/spectrogram.ts";
import type { AttributeValue, Hdf5Description } from "./hdf5-library.ts";
import { angleFromSigproc } from "./sigproc-keywords.ts";

export interface FilterbankLayout {
  readonly time: TimeAxis;
  readonly frequency: FrequencyAxis;
  readonly header: ObservationHeader;
  readonly nifs: number;
}

/** HDF5's own filters (1 to 6) and those of h5wasm-plugins. */
const KNOWN_FILTERS = new Set([
  1, 2, 3, 4, 5, 6, 307, 32000, 32001, 32004, 32008, 32013, 32015, 32019, 32022, 32023, 32026,
]);
/** A chunk is inflated whole, and the library has 2 GB for it, its packed form and the result. */
const MAX_CHUNK_BYTES = 1 << 29;
/** What no filter packs tighter: gzip's best is 1,032 to 1. Room for chunks that were never written. */
const MAX_PACKING = 4096;

const AXIS_KEYWORDS = ["fch1", "foff", "tsamp", "tstart", "nchans", "nifs"];
const TEXT_KEYWORDS = ["source_name", "rawdatafile"];
// biome-ignore format: a list
const NUMBER_KEYWORDS = [
  "telescope_id", "machine_id", "data_type", "barycentric", "pulsarcentric", "az_start", "za_start", "nbits", "nbeams", "ibeam",
  "refdm", "period",
];
const ANGLE_KEYWORDS = { src_raj: 24, src_dej: 90 };
const STANDARD_KEYWORDS = new Set([
  ...AXIS_KEYWORDS,
  ...TEXT_KEYWORDS,
  ...NUMBER_KEYWORDS,
  ...Object.keys(ANGLE_KEYWORDS),
]);
const SEXAGESIMAL =
  /^\s*([+-]?)(\d{1,3})\s*[:hd°\s]\s*(\d{1,2})\s*(?:[:m'\s]\s*(\d{1,2}(?:\.\d*)?))?\s*["sm]?\s*$/;
/** What HDF5's dimension scales leave behind. */
const STRUCTURAL = new Set([
  "dimension_labels",
  "dimension_list",
  "reference_list",
  "class",
  "name",
  "version",
]);

/** Checks a file's description and makes axes and header of it. `bytes` is the file's size. Throws FileErrors. */
export function readFilterbankHeader(
  file: string,
  description: Hdf5Description,
  bytes: number,
): FilterbankLayout {
  const [nsamples, nifs, nchans] = checkShape(file, description, bytes);
  checkFilters(file, description);

  const attributes = collectAttributes(description);
  const number = (keyword: string, unit: string) => axisNumber(file, attributes, keyword, unit);
  const fch1MHz = number("fch1", "the first channel's frequency in MHz");
  const foffMHz = number("foff", "the channels' spacing in MHz");
  const tsampS = number("tsamp", "the rows' spacing in s");
  const tstartMjd = attributes.has("tstart") ? number("tstart", "a modified Julian date") : 0;
  if (foffMHz === 0) {
    throw new FileError(
      file,
      "attribute foff, the channels' spacing in MHz, is 0. Set it to what it was observed with.",
    );
  }
  if (tsampS <= 0) {
    throw new FileError(
      file,
      `attribute tsamp, the rows' spacing in s, is ${tsampS}. Set it to a number above 0.`,
    );
  }
  const said = attributes.get("nchans");
  if (said !== undefined && toNumber(said) !== nchans) {
    throw new FileError(
      file,
      `attribute nchans says ${said} channels, but /data has ${nchans}. One of them is wrong; write the file again.`,
    );
  }
  return {
    time: { tstartMjd, tsampS, nsamples },
    frequency: { fch1MHz, foffMHz, nchans },
    header: observationHeader(attributes),
    nifs,
  };
}

function checkShape(file: string, description: Hdf5Description, bytes: number): [number, number, number] {
  const { shape, elementType, typeName, chunks, filters, isVirtual } = description;
  if (shape?.length !== 3) {
    throw new FileError(
      file,
      `/data has ${shape?.length ?? "no"} dimensions; a filterbank has 3: time, feed, frequency. Reshape it with h5py.`,
    );
  }
  if (!elementType) {
    throw new FileError(
      file,
      `/data is of type ${typeName}, which can't be read here. Rewrite it as float32 with h5py (data.astype("f4")).`,
    );
  }
  const sizes = shape.join(" x ");
  if (shape.some((n) => n === 0))
    throw new FileError(file, `/data is ${sizes}: it holds nothing. Write the file again.`);
  if (isVirtual) {
    throw new FileError(
      file,
      "/data is a virtual dataset: its values lie in other files. Copy it into one file with h5py.",
    );
  }
  const valueBytes = elementType.endsWith("64")
    ? 8
    : elementType.endsWith("32")
      ? 4
      : elementType.endsWith("16")
        ? 2
        : 1;
  const wholeBytes = shape.reduce((product, n) => product * n, valueBytes);
  const isPossible = chunks && filters.length > 0 ? wholeBytes <= bytes * MAX_PACKING : wholeBytes <= bytes;
  if (!isPossible) {
    throw new FileError(
      file,
      `its header says ${sizes} values of ${elementType}, ${wholeBytes.toLocaleString("en")} bytes; ` +
        `the file has ${bytes.toLocaleString("en")}. It was never written to the end, or its header is damaged; copy it again.`,
    );
  }
  const chunkBytes = (chunks ?? []).reduce((product, n) => product * n, valueBytes);
  if (chunks && chunkBytes > MAX_CHUNK_BYTES) {
    throw new FileError(
      file,
      `its chunks of ${chunks.join(" x ")} take ${chunkBytes.toLocaleString("en")} bytes each, too much to unpack. ` +
        "Rewrite it with chunks of a few MB, such as 1 x 1 x 1048576 (h5repack -l).",
    );
  }
  return [shape[0]!, shape[1]!, shape[2]!];
}

function checkFilters(file: string, { filters }: Hdf5Description): void {
  const missing = filters.find(({ id }) => !KNOWN_FILTERS.has(id));
  if (!missing) return;
  const name = missing.name === "" ? "" : ` (${missing.name})`;
  throw new FileError(
    file,
    `it is packed with HDF5 filter ${missing.id}${name}, which is missing here. Rewrite it with bitshuffle (32008) or gzip.`,
  );
}

/** Keywords in lower case. Those of `/data` go before the root's, of which only the standard ones count. */
function collectAttributes(description: Hdf5Description): Map<string, AttributeValue> {
  const found = new Map<string, AttributeValue>();
  for (const [name, value] of Object.entries(description.attributes)) found.set(name.toLowerCase(), value);
  for (const [name, value] of Object.entries(description.rootAttributes)) {
    const keyword = name.toLowerCase();
    if (STANDARD_KEYWORDS.has(keyword) && !found.has(keyword)) found.set(keyword, value);
  }
  return found;
}

function axisNumber(
  file: string,
  attributes: Map<string, AttributeValue>,
  keyword: string,
  meaning: string,
): number {
  const value = attributes.get(keyword);
  if (value === undefined) {
    throw new FileError(file, `attribute ${keyword} of /data is missing: ${meaning}. Set it with h5py.`);
  }
  const number = toNumber(value);
  if (number === undefined) {
    throw new FileError(
      file,
      `attribute ${keyword}, ${meaning}, is ${JSON.stringify(show(value))}. Set it to a number.`,
    );
  }
  return number;
}

function show(value: AttributeValue): unknown {
  const text = typeof value === "object" ? value.slice(0, 4) : value;
  return typeof text === "number" ? String(text) : text;
}

function observationHeader(attributes: Map<string, AttributeValue>): ObservationHeader {
  const header: Record<string, string | number> = {};
  const set = (keyword: string, value: string | number | undefined) => {
    if (value !== undefined)
      Object.defineProperty(header, keyword, { value, enumerable: true, writable: true });
  };
  for (const [keyword, value] of attributes) {
    if (AXIS_KEYWORDS.includes(keyword) || STRUCTURAL.has(keyword)) continue;
    const fullTurn = ANGLE_KEYWORDS[keyword as keyof typeof ANGLE_KEYWORDS];
    if (fullTurn !== undefined) set(keyword, angle(value, fullTurn));
    else if (NUMBER_KEYWORDS.includes(keyword)) set(keyword, toNumber(value));
    else if (typeof value === "string") set(keyword, value.trim());
    else if (TEXT_KEYWORDS.includes(keyword)) set(keyword, String(value));
    else if (typeof value === "number" && Number.isFinite(value)) set(keyword, value);
  }
  return header;
}

function toNumber(value: AttributeValue): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/**
 * Hours or degrees, decimal: as they are, from "hh:mm:ss.s" or "12h34m56s", or from SIGPROC's packed hhmmss.s, which a number past
 * the full turn must be. Between them a number could be anything, and is left out.
 */
function angle(value: AttributeValue, fullTurn: number): number | undefined {
  const number = toNumber(value);
  if (number === undefined) return typeof value === "string" ? sexagesimal(value, fullTurn) : undefined;
  if (Math.abs(number) <= fullTurn) return number;
  if (Math.abs(number) < 1000) return undefined;
  const unpacked = angleFromSigproc(number);
  return Math.abs(unpacked) <= fullTurn ? unpacked : undefined;
}

function sexagesimal(text: string, fullTurn: number): number | undefined {
  const [, sign, whole, minutes, seconds] = SEXAGESIMAL.exec(text) ?? [];
  const value = Number(whole) + Number(minutes) / 60 + Number(seconds ?? 0) / 3600;
  if (!(value <= fullTurn && Number(minutes) < 60 && Number(seconds ?? 0) < 60)) return undefined;
  return sign === "-" ? -value : value;
}
