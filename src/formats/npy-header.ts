/** The header of NumPy's .npy files, versions 1 to 3 (numpy/lib/format.py): a Python dict literal, parsed and never run. */

import { FileError } from "../signal/errors.ts";
import type { ByteSource } from "./byte-source.ts";

/** Kind: f float, i integer, u unsigned, b boolean. */
export interface NpyDtype {
  readonly descr: string;
  readonly kind: "f" | "i" | "u" | "b";
  readonly bytes: 1 | 2 | 4 | 8;
  readonly bigEndian: boolean;
}

export interface NpyHeader {
  readonly shape: readonly number[];
  readonly dtype: NpyDtype;
  readonly fortranOrder: boolean;
  /** Where the data begins. */
  readonly dataByte: number;
}

/** NumPy's own headers stay under 10,000 bytes and 64 axes. */
const MAX_HEADER_BYTES = 1 << 16;
const MAX_AXES = 64;

/** Reads the header and holds it against the file's size. Throws a FileError that says which part is wrong. */
export async function readNpyHeader(source: ByteSource): Promise<NpyHeader> {
  const start = await source.read(0, Math.min(START_BYTES, source.size));
  const { textByte, dataByte } = headerExtent(start, source.size, source.name);
  const text = await source.read(textByte, dataByte - textByte);
  return checkHeader(start[6]!, text, dataByte, source.size, source.name);
}

/** As `readNpyHeader`, of a file whose bytes, or the first of them that hold the whole header, are in memory. */
export function decodeNpyHeader(bytes: Uint8Array, name: string, fileBytes = bytes.length): NpyHeader {
  const { textByte, dataByte } = headerExtent(bytes.subarray(0, START_BYTES), fileBytes, name);
  if (dataByte > bytes.length) throw cutShort(name);
  return checkHeader(bytes[6]!, bytes.subarray(textByte, dataByte), dataByte, fileBytes, name);
}

const START_BYTES = 12;

/** Where the header's text begins and ends, from a file's first bytes. */
function headerExtent(
  start: Uint8Array,
  fileBytes: number,
  name: string,
): { textByte: number; dataByte: number } {
  const magic = [0x93, ...[..."NUMPY"].map((letter) => letter.charCodeAt(0))];
  if (!magic.every((byte, i) => start[i] === byte)) {
    throw new FileError(
      name,
      fileBytes === 0
        ? "the file is empty. Check that it was copied whole."
        : "this is no .npy file: it doesn't begin with NumPy's mark. Check its format.",
    );
  }
  const version = start[6];
  if (start.length < START_BYTES) throw cutShort(name);
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new FileError(
      name,
      `its .npy version is ${version}.${start[7]}; Lodestone reads 1 to 3. Save it again with a current NumPy.`,
    );
  }
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const textByte = version === 1 ? 10 : 12;
  if (length > MAX_HEADER_BYTES) {
    throw new FileError(
      name,
      `its header claims ${count(length)} bytes, more than the ${count(MAX_HEADER_BYTES)} that a header can have. It is damaged.`,
    );
  }
  if (textByte + length > fileBytes) throw cutShort(name);
  return { textByte, dataByte: textByte + length };
}

function checkHeader(
  version: number,
  textBytes: Uint8Array,
  dataByte: number,
  fileBytes: number,
  name: string,
): NpyHeader {
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(textBytes);
  const { descr, fortranOrder, shape } = parseHeader(name, text);
  const dtype = parseDtype(name, descr);
  const axes = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  if (
    shape.length > MAX_AXES ||
    !Number.isSafeInteger(shape.reduce((a, n) => a * Math.max(n, 1), dtype.bytes))
  ) {
    throw new FileError(
      name,
      `header says shape ${axes.slice(0, 200)}, larger than an array can be. It is damaged; copy the file again.`,
    );
  }
  const wanted = shape.reduce((product, length) => product * length, dtype.bytes);
  const held = fileBytes - dataByte;
  if (wanted !== held) {
    throw new FileError(
      name,
      `header says shape ${axes} of ${descr}, so ${count(wanted)} bytes of data; the file holds ${count(held)}. ` +
        (held < wanted ? "It was cut short; copy it again." : "The header is wrong, or more was appended."),
    );
  }
  return { shape, dtype, fortranOrder, dataByte };
}

function cutShort(file: string): FileError {
  return new FileError(file, "the file ends within its header. It was cut short; copy it again.");
}

type Value = string | boolean | number[];
const FIELDS = ["descr", "fortran_order", "shape"];

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` with its keys in any order, and any spacing. */
function parseHeader(file: string, text: string) {
  const damaged = (what: string) =>
    new FileError(
      file,
      `its header is not what NumPy writes: ${what}. Save the array again with numpy.save.`,
    );
  const fields = new Map<string, Value>();
  let at = 0;
  const skip = () => {
    while (at < text.length && " \t\r\n\f".includes(text[at]!)) at++;
  };
  const stops = (mark: string): boolean => {
    skip();
    return text[at] === mark;
  };
  const take = (pattern: RegExp): string | undefined => {
    skip();
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    at = pattern.lastIndex;
    return found[0];
  };

  if (take(/\{/y) === undefined) throw damaged("it doesn't begin with {");
  while (take(/\}/y) === undefined) {
    const key = take(STRING)?.slice(1, -1);
    if (key === undefined || !FIELDS.includes(key))
      throw damaged(`${quote(key ?? rest(text, at))} is no field of it`);
    if (fields.has(key)) throw damaged(`the field ${key} stands twice`);
    if (take(/:/y) === undefined) throw damaged(`no value follows the field ${key}`);
    fields.set(key, takeValue(key));
    if (take(/,/y) === undefined && !stops("}")) throw damaged(`it breaks off after the field ${key}`);
  }
  skip();
  if (at < text.length) throw damaged(`${quote(rest(text, at))} follows its end`);
  for (const key of FIELDS) if (!fields.has(key)) throw damaged(`the field ${key} is missing`);
  return {
    descr: fields.get("descr") as string,
    fortranOrder: fields.get("fortran_order") as boolean,
    shape: fields.get("shape") as number[],
  };

  function takeValue(key: string): Value {
    if (key === "fortran_order") {
      const flag = take(/True\b|False\b/y);
      if (flag === undefined)
        throw damaged(`fortran_order is ${quote(rest(text, at))}, neither True nor False`);
      return flag === "True";
    }
    if (key === "shape") return takeShape();
    const descr = take(STRING);
    if (descr !== undefined) return descr.slice(1, -1);
    if (take(/[[(]/y) !== undefined) {
      throw new FileError(
        file,
        "its elements have several fields. Save one field, as plain numbers, with numpy.save.",
      );
    }
    throw damaged(`descr is ${quote(rest(text, at))}, no type's name`);
  }

  function takeShape(): number[] {
    const wrong = () =>
      damaged(`shape goes on with ${quote(rest(text, at))}, which is no tuple of whole numbers`);
    if (take(/\(/y) === undefined) throw wrong();
    const shape: number[] = [];
    for (;;) {
      if (take(/\)/y) !== undefined) return shape;
      const length = take(/\d{1,20}L?(?![\w.])/y);
      if (length === undefined) throw wrong();
      shape.push(Number.parseInt(length, 10));
      const comma = take(/,/y) !== undefined;
      if (!comma && (shape.length === 1 || !stops(")"))) throw wrong();
    }
  }
}

const STRING = /'[^'\\\n]*'|"[^"\\\n]*"/y;
const rest = (text: string, at: number): string => text.slice(at, at + 40).trim();
const quote = (text: string): string => (text === "" ? "nothing" : JSON.stringify(text));

function parseDtype(file: string, descr: string): NpyDtype {
  const [, order, kind, size] = /^([<>|=]?)([fiub])(\d?)$/.exec(descr) ?? [];
  const bytes = Number(size);
  const sizes = { f: [2, 4, 8], i: [1, 2, 4, 8], u: [1, 2, 4, 8], b: [1] }[kind ?? ""];
  if (sizes?.includes(bytes)) {
    return {
      descr,
      kind: kind as NpyDtype["kind"],
      bytes: bytes as NpyDtype["bytes"],
      bigEndian: order === ">" && bytes > 1,
    };
  }
  throw new FileError(
    file,
    /^[|]?O/.test(descr)
      ? "it holds Python objects, which can run code when they are read. Save plain numbers with numpy.save."
      : `its element type is ${quote(descr.slice(0, 40))}; Lodestone reads floats of 2, 4 or 8 bytes and integers of 1 to 8. ` +
          "Convert it with astype in NumPy.",
  );
}

const count = (n: number): string => n.toLocaleString("en");
