/** Reading equally spaced runs of packed elements: the rows of a range of channels, the lines of a slice of an array. */

import { type ByteSource, readInto } from "./byte-source.ts";

/** Runs of `runLength` elements of `elementBits` bits, each `stride` elements after the one before. */
export interface StridedRuns {
  /** Where element 0 lies, bytes. */
  readonly firstByte: number;
  /** A multiple of 8, or a divisor: then elements lie packed, the first in the lowest bits of its byte. */
  readonly elementBits: number;
  readonly firstElement: number;
  readonly runLength: number;
  readonly stride: number;
  readonly runs: number;
}

/** Takes what was read. Places in the output count elements: run 0 first, without gaps. */
export interface RunSink {
  /**
   * `count` elements from element `at` of `bytes` belong to place `to`. Elements of whole bytes lie aligned to their size.
   * `bytes` may be changed; it is used again for the next block.
   */
  take(bytes: Uint8Array, at: number, to: number, count: number): void;
  /** Where the bytes of these elements can be read straight to; they then are in place and `take` isn't called. */
  direct?(to: number, count: number): Uint8Array;
}

/** Scratch memory of one read, bytes. */
export const BLOCK_BYTES = 1 << 23;
/** Skipping a gap by a second read costs about what reading this many bytes does. */
const GAP_BYTES = 1 << 16;

/** Reads the runs in order through at most `BLOCK_BYTES` of scratch memory, and hardly more of the file than they hold. */
export async function readRuns(source: ByteSource, layout: StridedRuns, sink: RunSink): Promise<void> {
  const { firstByte, elementBits, firstElement } = layout;
  const joined = layout.stride === layout.runLength || layout.runs === 1;
  const runLength = joined ? layout.runLength * layout.runs : layout.runLength;
  const runs = joined ? 1 : layout.runs;
  const stride = joined ? runLength : layout.stride;

  const bytesOf = (elements: number) => (elements * elementBits) / 8;
  const elementsPerByte = Math.max(1, 8 / elementBits);
  const elementsPerBlock = Math.floor((BLOCK_BYTES * 8) / elementBits) - 2 * elementsPerByte;
  const together = bytesOf(stride - runLength) <= GAP_BYTES;
  const runsPerBlock = together ? Math.max(1, Math.floor(elementsPerBlock / stride)) : 1;
  const scratch = makeScratch();

  for (let run = 0; run < runs; run += runsPerBlock) {
    const blockRuns = Math.min(runsPerBlock, runs - run);
    for (let from = 0; from < runLength; from += elementsPerBlock) {
      const count = Math.min(elementsPerBlock, runLength - from);
      const start = firstElement + run * stride + from;
      const stop = start + (blockRuns - 1) * stride + count;
      const startByte = Math.floor(bytesOf(start));
      const offset = firstByte + startByte;
      if (blockRuns === 1 && sink.direct !== undefined) {
        await readInto(source, offset, sink.direct(run * runLength + from, count));
        continue;
      }
      const bytes = scratch(Math.ceil(bytesOf(stop)) - startByte);
      await readInto(source, offset, bytes);
      const at = (start * elementBits - startByte * 8) / elementBits;
      for (let i = 0; i < blockRuns; i++)
        sink.take(bytes, at + i * stride, (run + i) * runLength + from, count);
    }
  }
}

function makeScratch(): (length: number) => Uint8Array {
  let buffer = new Uint8Array(0);
  return (length) => {
    if (buffer.length < length) buffer = new Uint8Array(length);
    return buffer.subarray(0, length);
  };
}
