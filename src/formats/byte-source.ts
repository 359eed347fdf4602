/** Bytes that can be read anywhere: a file on disk, a `File` dropped on a page, an array. */

export interface ByteSource {
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`; a reader never asks past `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** As `read`, into `target`, which may lie in shared memory. Left out where it would save no copy: see `readInto`. */
  readInto?(offset: number, target: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Fills `target` with the bytes from `offset`. */
export async function readInto(source: ByteSource, offset: number, target: Uint8Array): Promise<void> {
  if (source.readInto !== undefined) return source.readInto(offset, target);
  target.set(await source.read(offset, target.length));
}

/** A ByteSource over an array, a view and no copy. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      return bytes.subarray(offset, offset + length);
    },
    async close() {},
  };
}

/** A ByteSource over a `Blob`, such as a `File` that a person chose in a browser. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    async read(offset, length) {
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
    async close() {},
  };
}

/** Runs `open` over a source that its result takes over; where it throws, the source is closed at once. */
export async function takeOver<T>(source: ByteSource, open: (source: ByteSource) => Promise<T>): Promise<T> {
  try {
    return await open(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}
