import fc from "fast-check";
import { expect, it } from "vitest";
import { makeBank } from "./bank.ts";
import { updateBestSums } from "./best-sums.ts";
import { loadSearchKernels } from "./kernels.node.ts";
import { normalStream } from "./testing/spectra.ts";
import { makeWorkspace } from "./workspace.ts";

const kernels = await loadSearchKernels();

it("shared sums give each template the rows that it has", () => {
  for (const [rows, span] of [
    [61, 30],
    [64, 400],
    [256, 250],
  ] as const) {
    const shared = makeBank(rows, span, 8192).levels.filter((level) => level.shared);
    expect(shared.length).toBeGreaterThan(0);
    for (const level of shared) {
      const { groups, sums, sumOf, startOf } = level.shared!;
      for (let k = 0; k < level.templates; k++) {
        const path: number[] = [];
        for (let g = 0; g < groups; g++) {
          const { firstRow, offsets, least, most } = sums[sumOf[k * groups + g]!]!;
          const start = startOf[k * groups + g]!;
          expect(firstRow).toBe(path.length);
          expect(start >= least && start <= most).toBe(true);
          for (const offset of offsets) path.push(start + offset);
        }
        expect(path).toEqual(Array.from(level.offsets.subarray(k * rows, (k + 1) * rows)));
      }
    }
  }
});

it("the best sums are the same, shared or not, wherever an update starts and stops", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 80 }),
      fc.double({ min: 0, max: 60, noNaN: true }),
      fc.integer({ min: 200, max: 1500 }),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 1, max: 1200 }),
      (rows, span, channels, startRun, length) => {
        const bank = makeBank(rows, span, channels);
        const workspace = makeWorkspace(kernels, bank, channels);
        const draw = normalStream(rows + channels);
        for (const area of workspace.levels) {
          const start = Math.min(32 * startRun, 32 * Math.floor((area.boxes - 1) / 32));
          const stop = Math.min(area.boxes, start + length);
          const floats = kernels.floats();
          const row = (r: number) => (area.originAt + r * area.rowBytes) / 4;
          for (let r = 0; r < rows; r++) {
            for (let i = -area.reach; i < area.boxes + area.reach; i++) floats[row(r) + i] = draw();
          }
          floats.fill(7, area.bestAt / 4, area.bestAt / 4 + area.boxes);
          updateBestSums(kernels, area, rows, start, stop);
          for (let i = 0; i < area.boxes; i++) {
            const best = floats[area.bestAt / 4 + i]!;
            if (i < start || i >= Math.ceil(stop / 32) * 32) {
              expect(best).toBe(7);
              continue;
            }
            if (i >= stop || i % 37 !== 0) continue;
            let expected = Number.NEGATIVE_INFINITY;
            for (let k = 0; k < area.templates; k++) {
              let sum = 0;
              for (let r = 0; r < rows; r++) sum += floats[row(r) + i + area.offsets[k * rows + r]!]!;
              expected = Math.max(expected, sum);
            }
            expect(Math.abs(best - expected)).toBeLessThan(1e-4);
          }
        }
      },
    ),
    { seed: 5, numRuns: 40 },
  );
});
