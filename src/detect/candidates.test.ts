import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeWindows, overlaps } from "./candidates.ts";
import type { ScoredWindow } from "./detect.ts";

const window = (lowMHz: number, score = 0.95, channelsPerPixel = 1): ScoredWindow => ({
  lowMHz,
  highMHz: lowMHz + 2 * channelsPerPixel,
  score,
  channelsPerPixel,
});

describe("candidates", () => {
  it("are runs of windows that overlap, the best first, with the window of the highest score", () => {
    expect(mergeWindows([window(10, 0.91), window(3, 0.92), window(11, 0.97), window(12, 0.95)])).toEqual([
      {
        lowMHz: 10,
        highMHz: 14,
        score: 0.97,
        best: { lowMHz: 11, highMHz: 13 },
        windows: 3,
        channelsPerPixel: 1,
      },
      {
        lowMHz: 3,
        highMHz: 5,
        score: 0.92,
        best: { lowMHz: 3, highMHz: 5 },
        windows: 1,
        channelsPerPixel: 1,
      },
    ]);
  });

  it("aren't windows that something known reaches into, nor do these join others", () => {
    const windows = [window(10), window(11), window(12), window(14)];
    const found = mergeWindows(windows, [{ lowMHz: 12.4, highMHz: 12.6 }]);
    expect(found.map(({ lowMHz, highMHz }) => [lowMHz, highMHz])).toEqual([
      [10, 12],
      [14, 16],
    ]);
  });

  it("are of the finest scale that shows them", () => {
    const found = mergeWindows([
      window(0, 0.99, 4),
      window(3, 0.91),
      window(20, 0.95, 4),
      window(6, 0.98, 4),
    ]);
    expect(found.map(({ lowMHz, channelsPerPixel }) => [lowMHz, channelsPerPixel])).toEqual([
      [20, 4],
      [3, 1],
    ]);
  });

  it("are the connected windows, for any windows of one scale", () => {
    const place = fc.record({
      at: fc.integer({ min: 0, max: 60 }),
      score: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(place, { selector: ({ at }) => at, maxLength: 30 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 4 })), { maxLength: 4 }),
        (places, knowns) => {
          const windows = places.map(({ at, score }) => window(at, score));
          const explained = knowns.map(([low, wide]) => ({ lowMHz: low + 0.25, highMHz: low + wide }));
          const open = windows.filter((one) => !explained.some((known) => overlaps(one, known)));
          // Labels spread from neighbour to neighbour until nothing changes.
          const labels = open.map((_, i) => i);
          for (let changed = true; changed; ) {
            changed = false;
            for (const [i, a] of open.entries()) {
              for (const [j, b] of open.entries()) {
                if (!overlaps(a, b) || labels[j]! <= labels[i]!) continue;
                labels[j] = labels[i]!;
                changed = true;
              }
            }
          }
          const groups = [...new Set(labels)].map((label) => open.filter((_, i) => labels[i] === label));
          const expected = groups.map((group) => ({
            lowMHz: Math.min(...group.map(({ lowMHz }) => lowMHz)),
            highMHz: Math.max(...group.map(({ highMHz }) => highMHz)),
            score: Math.max(...group.map(({ score }) => score)),
            windows: group.length,
          }));
          expected.sort((a, b) => b.score - a.score || a.lowMHz - b.lowMHz);
          const found = mergeWindows(windows, explained);
          expect(found).toMatchObject(expected);
          expect(found).toHaveLength(expected.length);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });
});
