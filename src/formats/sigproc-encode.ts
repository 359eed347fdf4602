/** The bytes of SIGPROC filterbank files: header and samples. */

import { UsageError } from "../signal/errors.ts";
import type { FrequencyAxis, ObservationHeader, TimeAxis } from "../signal/spectrogram.ts";
import { bytesOf } from "./sample-bits.ts";
import { angleToSigproc, SIGPROC_KEYWORDS } from "./sigproc-keywords.ts";

/** Bits a sample that are written. 8 and 16 hold whole numbers from 0 up and nothing else. */
export type SigprocBits = 8 | 16 | 32;

export interface SigprocFields {
  readonly time: TimeAxis;
  readonly frequency: FrequencyAxis;
  readonly header: ObservationHeader;
  readonly nifs: number;
  readonly nbits: SigprocBits;
}

/** What readers expect where an observation doesn't say: turboSETI needs a name and a place, SIGPROC the rest. */
const DEFAULTS: ObservationHeader = {
  machine_id: 0,
  telescope_id: 0,
  data_type: 1,
  source_name: "unknown",
  src_raj: 0,
  src_dej: 0,
};

/** SIGPROC reads a text into 80 characters, the closing zero among them. */
const MAX_TEXT = 79;

/** blimpy knows no such keywords and stops at them; they tell of folded profiles and of the file that is read. */
const LEFT_OUT = new Set(["signed", "nbins", "npuls"]);

/**
 * A header that SIGPROC, sigpyproc and blimpy read. Fields that one of these has no keyword for are left out; text is ASCII of
 * at most 79 characters, so a longer `rawdatafile` loses its beginning and any other its end.
 */
export function encodeSigprocHeader(fields: SigprocFields): Uint8Array {
  const { time, frequency } = fields;
  const values: ObservationHeader = {
    ...DEFAULTS,
    ...fields.header,
    nbits: fields.nbits,
    nifs: fields.nifs,
    nchans: frequency.nchans,
    fch1: frequency.fch1MHz,
    foff: frequency.foffMHz,
    tstart: time.tstartMjd,
    tsamp: time.tsampS,
  };
  const parts = [encodeText("HEADER_START")];
  for (const [keyword, value] of Object.entries(values)) {
    const encoded = value === undefined || LEFT_OUT.has(keyword) ? undefined : encodeValue(keyword, value);
    if (encoded !== undefined) parts.push(encodeText(keyword), encoded);
  }
  parts.push(encodeText("HEADER_END"));
  return concatenate(parts);
}

function encodeValue(keyword: string, value: string | number): Uint8Array | undefined {
  const type = Object.hasOwn(SIGPROC_KEYWORDS, keyword) ? SIGPROC_KEYWORDS[keyword]! : undefined;
  if (type === "text" && typeof value === "string") {
    const ascii = value.replace(/[^\x20-\x7e]/gu, "?");
    return encodeText(keyword === "rawdatafile" ? ascii.slice(-MAX_TEXT) : ascii.slice(0, MAX_TEXT));
  }
  if (typeof value !== "number") return undefined;
  if (type === "int")
    return (value | 0) === value ? littleEndian(4, (view) => view.setInt32(0, value, true)) : undefined;
  const double = type === "angle" ? angleToSigproc(value) : value;
  return type === "double" || type === "angle"
    ? littleEndian(8, (view) => view.setFloat64(0, double, true))
    : undefined;
}

function encodeText(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return concatenate([littleEndian(4, (view) => view.setUint32(0, bytes.length, true)), bytes]);
}

function littleEndian(length: number, set: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  set(new DataView(bytes.buffer));
  return bytes;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Samples as bytes; 32 bits is a view and no copy. Throws a UsageError for a value that 8 or 16 bits can't hold exactly. */
export function encodeSigprocSamples(power: Float32Array, nbits: SigprocBits): Uint8Array {
  if (nbits === 32) return bytesOf(power, 0, power.length);
  const samples = nbits === 8 ? Uint8Array.from(power) : Uint16Array.from(power);
  const wrong = samples.findIndex((sample, i) => sample !== power[i]);
  if (wrong >= 0) {
    throw new UsageError(
      `Power ${power[wrong]} can't be kept in ${nbits} bits, which hold whole numbers from 0 to ${2 ** nbits - 1}. Write 32 bits.`,
    );
  }
  return bytesOf(samples, 0, samples.length);
}
