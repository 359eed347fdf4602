/**
 * Between the HDF5 library and its files. What it prints is kept, for most of h5wasm's calls drop their status. And reads are looked
 * at for the one damage that HDF5 1.14.6 walks round for ever: a collection of its global heap, where texts of variable length lie,
 * with an object that takes no room (H5HGcache.c goes on by each object's size).
 */

import type * as H5wasm from "h5wasm";

const STANDARD_ERROR = 2;
const MAX_ERROR_TEXT = 1 << 16;
/** Larger reads are chunks of data. */
const MAX_METADATA_BYTES = 1 << 20;
const MAX_HEAP_BYTES = 1 << 26;
const HEAP_HEADER = 16;
const OBJECT_HEADER = 16;
/** Emscripten's number for "input/output error". */
const EIO = 29;

interface Stream {
  readonly fd: number;
  readonly position: number;
}

interface Files {
  write(stream: Stream, heap: Int8Array, offset: number, length: number, ...rest: unknown[]): number;
  read(stream: Stream, heap: Int8Array, offset: number, length: number, position?: number): number;
  readonly ErrnoError: new (errno: number) => Error;
}

/** Returns what gives, and forgets, what the library has printed. */
export function watchFiles(module: (typeof H5wasm)["Module"]): () => string {
  const files = module.FS as unknown as Files;
  const { read, write } = files;
  let printed = "";

  files.write = (stream, heap, offset, length, ...rest) => {
    if (stream.fd !== STANDARD_ERROR) return write(stream, heap, offset, length, ...rest);
    if (printed.length < MAX_ERROR_TEXT) {
      printed += String.fromCharCode(...new Uint8Array(heap.buffer, offset, Math.min(length, 4096)));
    }
    return length;
  };

  files.read = (stream, heap, offset, length, position) => {
    const start = position ?? stream.position;
    const bytes = read(stream, heap, offset, length, position);
    if (bytes > MAX_METADATA_BYTES) return bytes;
    const seen = new Uint8Array(heap.buffer, offset, bytes);
    for (const at of heapsIn(seen)) {
      const header = new DataView(seen.buffer, offset + at, HEAP_HEADER);
      const size = Math.min(Number(header.getBigUint64(8, true)), MAX_HEAP_BYTES);
      const whole = new Int8Array(size);
      const held = at + size <= bytes ? undefined : read(stream, whole, 0, size, start + at);
      const collection =
        held === undefined ? seen.subarray(at, at + size) : new Uint8Array(whole.buffer, 0, held);
      if (isEndless(collection)) throw new files.ErrnoError(EIO);
    }
    return bytes;
  };

  return () => {
    const text = printed;
    printed = "";
    return text;
  };
}

/** Where collections begin: the signature GCOL, version 1, three zeros. */
function* heapsIn(bytes: Uint8Array): Generator<number> {
  for (
    let at = bytes.indexOf(0x47);
    at !== -1 && at + HEAP_HEADER <= bytes.length;
    at = bytes.indexOf(0x47, at + 1)
  ) {
    const begins = [0x47, 0x43, 0x4f, 0x4c, 1, 0, 0, 0].every((byte, i) => bytes[at + i] === byte);
    if (begins) yield at;
  }
}

/** Whether going from object to object comes back, or to nothing that the collection holds. */
function isEndless(collection: Uint8Array): boolean {
  const view = new DataView(collection.buffer, collection.byteOffset, collection.length);
  let at = HEAP_HEADER;
  while (at + OBJECT_HEADER <= collection.length) {
    const index = view.getUint16(at, true);
    const size = Number(view.getBigUint64(at + 8, true));
    const step = index === 0 ? size : OBJECT_HEADER + Math.ceil(size / 8) * 8;
    if (step < OBJECT_HEADER || step > collection.length - at) return true;
    at += step;
  }
  return false;
}
