/** The header of a safetensors file: read with distrust, for files come from anywhere. */

import { FileError } from "../signal/errors.ts";

export interface HeaderEntry {
  readonly name: string;
  /** `F32` and so on. */
  readonly type: string;
  readonly shape: readonly number[];
  /** Bytes from the header's end, `end` not included. */
  readonly begin: number;
  readonly end: number;
}

interface Header {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads the JSON. Throws a FileError for anything that isn't an object of well-formed entries, each name once. */
export function parseHeader(bytes: Uint8Array, file: string): Header {
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    parsed = JSON.parse(text);
  } catch (error) {
    throw new FileError(file, "its header isn't JSON. This isn't a safetensors file, or it is damaged.", {
      cause: error,
    });
  }
  if (!isObject(parsed)) throw new FileError(file, "its header isn't a JSON object of tensors.");
  const twice = findRepeatedKey(text);
  if (twice !== undefined) throw new FileError(file, `its header says ${JSON.stringify(twice)} twice.`);
  const { __metadata__: metadata = {}, ...tensors } = parsed;
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
    throw new FileError(file, "its __metadata__ isn't an object of strings.");
  }
  const entries = Object.entries(tensors).map(([name, entry]) => parseEntry(name, entry, file));
  return { entries, metadata: metadata as Record<string, string> };
}

/** Checks that each tensor has the bytes that its shape asks for and that together they fill the file; sorted by place. */
export function checkHeader(
  entries: readonly HeaderEntry[],
  elementBytes: Readonly<Record<string, number>>,
  dataBytes: number,
  file: string,
): HeaderEntry[] {
  for (const { name, type, shape, begin, end } of entries) {
    const bytes = Object.hasOwn(elementBytes, type) ? elementBytes[type]! : undefined;
    if (bytes === undefined) {
      const known = Object.keys(elementBytes).join(", ");
      throw new FileError(file, `${name} has the type ${type}. Types that can be read are ${known}.`);
    }
    const wanted = shape.reduce((product, size) => product * size, bytes);
    if (begin > end || end > dataBytes) {
      const place = `${name} lies at bytes ${begin} to ${end} of ${dataBytes}`;
      throw new FileError(file, `${place}. The file is damaged or cut short; fetch it again.`);
    }
    if (end - begin !== wanted) {
      const sizes = `[${shape.join(", ")}] of ${type} needs ${wanted} bytes, but it has ${end - begin}`;
      throw new FileError(file, `${name}: ${sizes}. The file is damaged.`);
    }
  }
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let filled = 0;
  for (const { name, begin, end } of sorted) {
    if (begin < filled) throw new FileError(file, `${name} overlaps the tensor before it.`);
    if (begin > filled) {
      throw new FileError(file, `${begin - filled} bytes before ${name} belong to no tensor.`);
    }
    filled = end;
  }
  if (filled !== dataBytes) {
    throw new FileError(file, `the last ${dataBytes - filled} bytes belong to no tensor.`);
  }
  return sorted;
}

function parseEntry(name: string, entry: unknown, file: string): HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
  if (typeof dtype !== "string") throw new FileError(file, `${name} has no dtype.`);
  if (!isCounts(shape)) throw new FileError(file, `${name} has no shape of whole numbers.`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw new FileError(file, `${name} has no data_offsets of two whole numbers.`);
  }
  return { name, type: dtype, shape, begin: offsets[0]!, end: offsets[1]! };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** A key that stands twice in one object of valid JSON; JSON.parse keeps the last and says nothing. */
function findRepeatedKey(json: string): string | undefined {
  const objects: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const letter = json[at];
    if (letter === "{") objects.push(new Set());
    else if (letter === "}") objects.pop();
    else if (letter === '"') {
      const start = at++;
      while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
      let after = at + 1;
      while (/\s/.test(json[after] ?? "")) after++;
      if (json[after] !== ":") continue;
      const key = JSON.parse(json.slice(start, at + 1)) as string;
      const seen = objects.at(-1)!;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}
