/**
 * What Lodestone asks of the HDF5 library: h5wasm, HDF5 1.14 in WebAssembly, through its lower-level `Module`, whose status codes
 * its classes leave unread. Everything here is synchronous and belongs in a worker. No Node: the library, the files that it sees
 * and what it would print come from the worker's own half.
 */

import type * as H5wasm from "h5wasm";
import { type Block, blockLength, cutIntoPieces } from "./hdf5-pieces.ts";

/**
 * What a failure left of the library: "suspect" where a file's damage may have spread to its memory, "broken" where it can't go on.
 */
export type Aftermath = "sound" | "suspect" | "broken";

/** A sentence about a file, without its name. */
export class Hdf5Problem extends Error {
  override readonly name = "Hdf5Problem";
  readonly detail: string;
  readonly library: Aftermath;

  constructor(problem: string, detail = "", library: Aftermath = "sound") {
    super(problem);
    this.detail = detail;
    this.library = library;
  }
}

export type AttributeValue = string | number | readonly (string | number)[];
export type ElementType = "float32" | "float64" | `${"int" | "uint"}${8 | 16 | 32 | 64}`;

export interface Hdf5Description {
  /** null: a dataset without extent. */
  readonly shape: readonly number[] | null;
  /** undefined where the type is none of these; `typeName` then says in words what it is. */
  readonly elementType: ElementType | undefined;
  readonly typeName: string;
  readonly chunks: readonly number[] | null;
  readonly filters: readonly { readonly id: number; readonly name: string }[];
  readonly isVirtual: boolean;
  /** Where there is a mask, a byte for each value of the data: its chunks. Values whose byte isn't 0 are flagged. */
  readonly mask?: { readonly chunks: readonly number[] | null };
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly rootAttributes: Readonly<Record<string, AttributeValue>>;
}

export interface Hdf5Range extends Block {
  readonly ifIndex: number;
}

export interface Hdf5WritePlan {
  /** Rows, IFs, channels. */
  readonly shape: readonly [number, number, number];
  readonly chunks: readonly [number, number, number];
  /** undefined: chunks stored as they are. */
  readonly filter: { readonly id: number; readonly options: readonly number[] } | undefined;
  /** Integers are stored as 64-bit integers where `integers` names them, else as doubles. */
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly integers: readonly string[];
  readonly rootAttributes: Readonly<Record<string, string>>;
  readonly dimensionLabels: readonly string[];
}

export interface Hdf5Library {
  open(path: string): { id: bigint; description: Hdf5Description };
  /** Reads rows x channels of one IF into `into`, as float32, NaN where the mask flags a value. `tick` is called after each piece. */
  read(id: bigint, layout: Hdf5Description, range: Hdf5Range, into: Float32Array, tick: () => void): void;
  create(path: string, plan: Hdf5WritePlan): bigint;
  write(id: bigint, range: Hdf5Range, data: Float32Array): void;
  close(id: bigint): void;
}

const DATASET = "/data";
const MASK = "mask";
/** 16 MB: a few milliseconds of work, and no more than a large chunk. */
const PIECE_BYTES = 1 << 24;
const MAX_ATTRIBUTES = 4096;
const MAX_ATTRIBUTE_BYTES = 1 << 16;

/** H5T_class_t. */
const INTEGER = 0;
const FLOAT = 1;
const STRING = 3;
const BITFIELD = 4;
const ENUM = 8;
// biome-ignore format: a list
const TYPE_NAMES = [
  "integer", "float", "time", "string", "bit field", "opaque", "compound", "reference", "enumeration", "variable-length", "array",
];

/** `takeErrors` gives what HDF5 printed on its error stream since the last call, and forgets it. */
export function useHdf5Library(h5: typeof H5wasm, takeErrors: () => string): Hdf5Library {
  const m = h5.Module;
  let scratch = { at: 0, bytes: 0 };

  /** Memory inside the library, kept from call to call: fresh pages cost as much as inflating into them. */
  function scratchMemory(bytes: number): number {
    if (bytes > scratch.bytes) {
      if (scratch.at !== 0) m._free(scratch.at);
      scratch = { at: m._malloc(bytes), bytes };
      if (scratch.at === 0) {
        scratch = { at: 0, bytes: 0 };
        throw new Hdf5Problem(
          `one piece of it takes ${megabytes(bytes)}, more than the HDF5 library can hold. Rewrite it with smaller chunks.`,
        );
      }
    }
    return scratch.at;
  }

  /** Runs calls of the library; what it prints, and what h5wasm throws by itself, becomes a problem. */
  function guarded<T>(problem: (reason: string) => string, run: () => T): T {
    takeErrors();
    let result: T;
    try {
      result = run();
    } catch (error) {
      if (error instanceof Hdf5Problem || isFatal(error)) throw error;
      const printed = takeErrors();
      throw new Hdf5Problem(problem(deepestReason(printed)), printed || String(error), "suspect");
    }
    const printed = takeErrors();
    if (printed !== "") throw new Hdf5Problem(problem(deepestReason(printed)), printed, "suspect");
    return result;
  }

  function readAttributes(id: bigint, path: string): Record<string, AttributeValue> {
    const found: Record<string, AttributeValue> = {};
    for (const name of m.get_attribute_names(id, path).slice(0, MAX_ATTRIBUTES)) {
      const { type, size, shape, total_size } = m.get_attribute_metadata(id, path, name);
      const readable =
        type === INTEGER ||
        type === ENUM ||
        type === STRING ||
        (type === FLOAT && (size === 4 || size === 8));
      if (!readable || !shape || total_size === 0 || size * total_size > MAX_ATTRIBUTE_BYTES) continue;
      const value = plainValue(new h5.Attribute(id, path, name).value);
      if (value !== undefined) Object.defineProperty(found, name, { value, enumerable: true });
    }
    return found;
  }

  function describe(id: bigint): Hdf5Description {
    const type = m.get_type(id, DATASET);
    if (type !== m.H5G_DATASET) {
      throw new Hdf5Problem(
        type === -1
          ? 'it holds no dataset "data", so it is no filterbank file. Give a file with the dataset /data (time, feed, frequency).'
          : '"data" in it is no dataset, so it is no filterbank file. Give a file with the dataset /data (time, feed, frequency).',
      );
    }
    const metadata = m.get_dataset_metadata(id, DATASET);
    return {
      shape: metadata.shape,
      elementType: elementType(metadata),
      typeName: typeName(metadata),
      chunks: metadata.chunks,
      filters: m.get_dataset_filters(id, DATASET).map(({ id, name }) => ({ id, name })),
      isVirtual: metadata.virtual_sources !== undefined,
      mask: describeMask(id, metadata.shape),
      attributes: readAttributes(id, DATASET),
      rootAttributes: readAttributes(id, "/"),
    };
  }

  function describeMask(id: bigint, shape: readonly number[] | null): Hdf5Description["mask"] {
    if (!m.get_names(id, "/", false).includes(MASK) || m.get_type(id, MASK) !== m.H5G_DATASET)
      return undefined;
    const { type, size, shape: own, chunks } = m.get_dataset_metadata(id, MASK);
    const fits = type === INTEGER && size === 1 && shape?.length === 3 && own?.join() === shape.join();
    return fits ? { chunks } : undefined;
  }

  /** Reads a range piece by piece; `take` gets each while it lies in the library's memory. */
  function readPieces(
    id: bigint,
    dataset: string,
    chunks: readonly number[] | null,
    bytesEach: number,
    range: Hdf5Range,
    take: (at: number, piece: Block) => void,
  ): void {
    const chunk = chunks ? { rows: chunks[0]!, channels: chunks[2]! } : undefined;
    for (const piece of cutIntoPieces(range, chunk, PIECE_BYTES / bytesEach)) {
      const at = scratchMemory(blockLength(piece) * bytesEach);
      guarded(
        (reason) =>
          `rows ${piece.rowStart} to ${piece.rowStop}, channels ${piece.channelStart} to ${piece.channelStop} can't be read${reason}. The file was cut short or damaged; copy it again.`,
        () => check(m.get_dataset_data(id, dataset, ...hyperslab(piece, range.ifIndex), BigInt(at))),
      );
      take(at, piece);
    }
  }

  function check(status: number): void {
    if (status < 0) throw new Error(`status ${status}`);
  }

  return {
    open(path) {
      const id = guarded(
        (reason) =>
          cutShort(reason) ?? `HDF5 can't open it${reason}. It was cut short or damaged; copy it again.`,
        () => {
          const opened = m.open(path, m.H5F_ACC_RDONLY, false);
          if (opened < 0n) throw new Error("not opened");
          return opened;
        },
      );
      try {
        const description = guarded(
          (reason) => `HDF5 can't read its header${reason}. It was cut short or damaged; copy it again.`,
          () => describe(id),
        );
        return { id, description };
      } catch (error) {
        if (!isFatal(error)) m.close_file(id);
        throw error;
      }
    },

    read(id, layout, range, into, tick) {
      const type = layout.elementType!;
      const width = range.channelStop - range.channelStart;
      const eachRow = (piece: Block, copy: (from: number, to: number, length: number) => void) => {
        const length = piece.channelStop - piece.channelStart;
        for (let row = piece.rowStart; row < piece.rowStop; row++) {
          const to = (row - range.rowStart) * width + piece.channelStart - range.channelStart;
          copy((row - piece.rowStart) * length, to, length);
        }
        tick();
      };
      readPieces(id, DATASET, layout.chunks, ELEMENT_BYTES[type], range, (at, piece) => {
        const values = VIEWS[type](m.HEAPU8.buffer as ArrayBuffer, at, blockLength(piece));
        eachRow(piece, (from, to, length) => copyAsFloat32(values.subarray(from, from + length), into, to));
      });
      if (layout.mask === undefined) return;
      readPieces(id, MASK, layout.mask.chunks, 1, range, (at, piece) => {
        const flags = m.HEAPU8.subarray(at, at + blockLength(piece));
        eachRow(piece, (from, to, length) => {
          for (let i = 0; i < length; i++) if (flags[from + i] !== 0) into[to + i] = Number.NaN;
        });
      });
    },

    create(path, plan) {
      const cannot = (reason: string) =>
        `HDF5 can't write it${reason}. Check the folder and the disk's free space.`;
      const id = guarded(cannot, () => {
        const created = m.open(path, m.H5F_ACC_TRUNC, false);
        if (created < 0n) throw new Error("not created");
        return created;
      });
      guarded(cannot, () => {
        const [rows, nifs, nchans] = plan.shape.map(BigInt) as [bigint, bigint, bigint];
        // Created with no rows and resized: the library's own call would want all the data at once.
        const type = { class: FLOAT, bytes: 4, isSigned: true, isVariable: false };
        m.create_dataset(
          id,
          DATASET,
          0n,
          [0n, nifs, nchans],
          [rows, nifs, nchans],
          plan.chunks.map(BigInt),
          type.class,
          type.bytes,
          type.isSigned,
          type.isVariable,
          plan.filter?.id ?? 0,
          [...(plan.filter?.options ?? [])],
          false,
        );
        check(m.resize_dataset(id, DATASET, [rows, nifs, nchans]));
        const root = new h5.Group(id, "/");
        for (const [name, value] of Object.entries(plan.rootAttributes))
          root.create_attribute(name, value, []);
        const data = new h5.Dataset(id, DATASET);
        for (const [name, value] of Object.entries(plan.attributes)) {
          if (typeof value === "string") data.create_attribute(name, value, []);
          else data.create_attribute(name, value, [], plan.integers.includes(name) ? "<q" : "<d");
        }
        plan.dimensionLabels.forEach((label, axis) => {
          data.set_dimension_label(axis, label);
        });
      });
      return id;
    },

    write(id, range, data) {
      guarded(
        (reason) => `HDF5 can't write it${reason}. Check the disk's free space.`,
        () => {
          const at = scratchMemory(data.byteLength);
          new Float32Array(m.HEAPU8.buffer as ArrayBuffer, at, data.length).set(data);
          check(m.set_dataset_data(id, DATASET, ...hyperslab(range, range.ifIndex), BigInt(at)));
        },
      );
    },

    close(id) {
      try {
        guarded(
          (reason) => `HDF5 can't finish it${reason}. Check the disk's free space.`,
          () => check(m.close_file(id)),
        );
      } catch (error) {
        // The library keeps a file that it can't finish, and tries for ever.
        throw error instanceof Hdf5Problem ? new Hdf5Problem(error.message, error.detail, "broken") : error;
      }
    },
  };
}

/** A trap or an abort inside WebAssembly: the library's memory can't be trusted any more. */
export function isFatal(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

function hyperslab(block: Block, ifIndex: number): [count: bigint[], offset: bigint[], stride: bigint[]] {
  return [
    [BigInt(block.rowStop - block.rowStart), 1n, BigInt(block.channelStop - block.channelStart)],
    [BigInt(block.rowStart), BigInt(ifIndex), BigInt(block.channelStart)],
    [1n, 1n, 1n],
  ];
}

type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

const ELEMENT_BYTES: Record<ElementType, number> = {
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
};

const VIEWS: Record<ElementType, (buffer: ArrayBuffer, at: number, length: number) => Numbers> = {
  float32: (b, at, n) => new Float32Array(b, at, n),
  float64: (b, at, n) => new Float64Array(b, at, n),
  int8: (b, at, n) => new Int8Array(b, at, n),
  int16: (b, at, n) => new Int16Array(b, at, n),
  int32: (b, at, n) => new Int32Array(b, at, n),
  int64: (b, at, n) => new BigInt64Array(b, at, n),
  uint8: (b, at, n) => new Uint8Array(b, at, n),
  uint16: (b, at, n) => new Uint16Array(b, at, n),
  uint32: (b, at, n) => new Uint32Array(b, at, n),
  uint64: (b, at, n) => new BigUint64Array(b, at, n),
};

function copyAsFloat32(values: Numbers, into: Float32Array, at: number): void {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    for (let i = 0; i < values.length; i++) into[at + i] = Number(values[i]);
  } else into.set(values, at);
}

/** rawspec writes 8 and 16 bits as bit fields. */
function elementType({ type, size, signed }: H5wasm.Metadata): ElementType | undefined {
  if (type === FLOAT && (size === 4 || size === 8)) return size === 4 ? "float32" : "float64";
  const isWhole = size === 1 || size === 2 || size === 4 || size === 8;
  if (!isWhole || (type !== INTEGER && type !== BITFIELD)) return undefined;
  return `${type === INTEGER && signed ? "int" : "uint"}${(size * 8) as 8 | 16 | 32 | 64}`;
}

function typeName({ type, size }: H5wasm.Metadata): string {
  return type === FLOAT || type === INTEGER
    ? `${TYPE_NAMES[type]}${size * 8}`
    : (TYPE_NAMES[type] ?? "unknown");
}

function plainValue(value: unknown): AttributeValue | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  if (!ArrayBuffer.isView(value) && !Array.isArray(value)) return undefined;
  const items = Array.from(value as ArrayLike<unknown>, plainValue);
  if (items.some((item) => typeof item !== "string" && typeof item !== "number")) return undefined;
  const plain = items as (string | number)[];
  return plain.length === 1 ? plain[0]! : plain;
}

/** The innermost line of a printed HDF5 error stack, in brackets; "" where there is none. */
export function deepestReason(printed: string): string {
  const frames = [...printed.matchAll(/^\s*#\d+: .*? in [A-Za-z0-9_]+\(\): ([\s\S]*?)$(?=\s*major: )/gm)];
  // Failed reads and writes tell the time, the file and every number that they had.
  const reason = frames.at(-1)?.[1]?.replace(/: time = [\s\S]*error message = '(.*?)'[\s\S]*/, ": $1");
  return reason ? ` (${reason})` : "";
}

/** HDF5's own words for a file that ends too early, in ours. */
function cutShort(reason: string): string | undefined {
  const [, held, whole] = /truncated file: eof = (\d+),.* stored_eof = (\d+)/.exec(reason) ?? [];
  if (held === undefined || whole === undefined) return undefined;
  const [there, promised] = [held, whole].map((bytes) => Number(bytes).toLocaleString("en"));
  return `its header says ${promised} bytes; the file holds ${there}. It was cut short; copy it again.`;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;
}
