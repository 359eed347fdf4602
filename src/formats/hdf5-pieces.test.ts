import fc from "fast-check";
import { expect, test } from "vitest";
import { blockLength, cutIntoPieces } from "./hdf5-pieces.ts";

const size = (most: number) => fc.integer({ min: 1, max: most });
const interval = (most: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: most - 1 }), size(most))
    .map(([start, length]) => [start, start + length] as const);

test("pieces cover each value once, share no chunk, and keep to the budget", () => {
  fc.assert(
    fc.property(
      interval(30),
      interval(60),
      fc.option(fc.record({ rows: size(12), channels: size(25) }), { nil: undefined }),
      size(500),
      ([rowStart, rowStop], [channelStart, channelStop], chunk, budget) => {
        const range = { rowStart, rowStop, channelStart, channelStop };
        const timesSeen = new Uint8Array(31 * 2 * 61 * 2);
        const chunkOwner = new Map<number, number>();
        let isShared = false;
        let number = 0;
        for (const piece of cutIntoPieces(range, chunk, budget)) {
          expect(blockLength(piece)).toBeGreaterThan(0);
          expect(blockLength(piece)).toBeLessThanOrEqual(
            Math.max(budget, chunk ? chunk.rows * chunk.channels : 1),
          );
          for (let row = piece.rowStart; row < piece.rowStop; row++) {
            for (let channel = piece.channelStart; channel < piece.channelStop; channel++) {
              timesSeen[row * 122 + channel]!++;
              if (!chunk) continue;
              const inChunk = Math.floor(row / chunk.rows) * 122 + Math.floor(channel / chunk.channels);
              isShared ||= (chunkOwner.get(inChunk) ?? number) !== number;
              chunkOwner.set(inChunk, number);
            }
          }
          number++;
        }
        expect(isShared).toBe(false);
        const expected = timesSeen.map((_, i) => {
          const [row, channel] = [Math.floor(i / 122), i % 122];
          return Number(row >= rowStart && row < rowStop && channel >= channelStart && channel < channelStop);
        });
        expect(Buffer.compare(timesSeen, expected)).toBe(0);
      },
    ),
    { seed: 5, numRuns: 150 },
  );
});

test("a coarse channel comes in few pieces, whatever its chunks", () => {
  const range = { rowStart: 0, rowStop: 16, channelStart: 3 << 20, channelStop: 4 << 20 };
  const pieces = (chunk: { rows: number; channels: number } | undefined) =>
    [...cutIntoPieces(range, chunk, 1 << 22)].length;
  expect(pieces({ rows: 1, channels: 1 << 20 })).toBe(4);
  expect(pieces({ rows: 16, channels: 1 << 16 })).toBe(4);
  expect(pieces({ rows: 16, channels: 1 << 20 })).toBe(1);
  expect(pieces(undefined)).toBe(4);
});
