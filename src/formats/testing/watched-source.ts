import type { ByteSource } from "../byte-source.ts";

export interface WatchedSource extends ByteSource {
  /** Every read so far: where and how long. */
  readonly reads: { offset: number; length: number }[];
  closed: number;
}

/** A source that keeps what was asked of it and throws, as a defect, where a reader asks for bytes that aren't there. */
export function watched(source: ByteSource): WatchedSource {
  const reads: { offset: number; length: number }[] = [];
  return {
    name: source.name,
    size: source.size,
    reads,
    closed: 0,
    async read(offset, length) {
      if (
        !(
          Number.isInteger(offset) &&
          Number.isInteger(length) &&
          offset >= 0 &&
          length >= 0 &&
          offset + length <= source.size
        )
      ) {
        throw new RangeError(`read of ${length} bytes at ${offset} in ${source.size}`);
      }
      reads.push({ offset, length });
      return source.read(offset, length);
    },
    async close() {
      this.closed++;
      await source.close();
    },
  };
}

/** A source of any size: `head`, then zeros. */
export function sparseSource(name: string, size: number, head: Uint8Array): ByteSource {
  return {
    name,
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      bytes.set(head.subarray(offset, offset + length));
      return bytes;
    },
    async close() {},
  };
}
