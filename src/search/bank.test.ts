import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bank, type BankLevel, MATCH, makeBank, templateSlope } from "./bank.ts";
import { random } from "./testing/scene.ts";

const MANY_CHANNELS = 2 ** 20;
const check = { seed: 1_983, numRuns: 50 };

/** Where a template's path lies, in channels, at each row. */
function pathOf(level: BankLevel, rows: number, template: number): number[] {
  return Array.from(level.offsets.subarray(template * rows, (template + 1) * rows), (o) => o * level.step);
}

function spansOf(level: BankLevel, rows: number): number[] {
  return Array.from({ length: level.templates }, (_, k) => templateSlope(level, rows, k) * (rows - 1));
}

describe("the bank's templates", () => {
  const banks = fc
    .tuple(
      fc.integer({ min: 1, max: 300 }),
      fc.oneof(fc.constant(0), fc.double({ min: 0, max: 600, noNaN: true })),
    )
    .map(([rows, maxSpan]) => makeBank(rows, maxSpan, MANY_CHANNELS));

  it("cover every drift up to the limit, of either sign, and zero", () => {
    fc.assert(
      fc.property(banks, ({ rows, maxSpan, levels }) => {
        for (const [l, level] of levels.entries()) {
          const spans = spansOf(level, rows);
          expect(spans).toContain(0);
          expect(spans.map((span) => 0 - span).reverse()).toEqual(spans.map((span) => span + 0));
          // Boxes of one channel leave lines that smear over more to the wider ones.
          const limit = rows === 1 ? 0 : l === 0 ? Math.min(maxSpan, rows - 1) : maxSpan;
          expect(Math.max(...spans)).toBeGreaterThanOrEqual(limit - 1e-9);
          const step = l === 0 ? 1 : (5 / 3) * level.width;
          const gaps = spans.slice(1).map((span, i) => span - spans[i]!);
          expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(step + 1e-9);
          expect(Math.min(1, ...gaps)).toBeGreaterThan(0);
        }
      }),
      check,
    );
  });

  it("are straight lines through 0 at the middle of the rows, each row to its nearest place", () => {
    fc.assert(
      fc.property(banks, ({ rows, levels }) => {
        for (const level of levels) {
          let reach = 0;
          let farthest = 0;
          let backward = 0;
          for (const [k, span] of spansOf(level, rows).entries()) {
            pathOf(level, rows, k).forEach((channel, row, path) => {
              const exact = rows > 1 ? span * (row / (rows - 1) - 0.5) : 0;
              farthest = Math.max(farthest, Math.abs(channel - exact));
              if (row > 0) backward = Math.min(backward, (channel - path[row - 1]!) * Math.sign(span));
              reach = Math.max(reach, Math.abs(channel) / level.step);
            });
          }
          expect(farthest).toBeLessThanOrEqual(0.5 * level.step + 1e-9);
          expect(backward + 0).toBe(0);
          expect(level.reach).toBe(reach);
        }
      }),
      check,
    );
  });

  it("have boxes of 1, 3, 6, 12, ... channels, wide enough for lines smeared at the limit, in a band that holds them", () => {
    const widths = (rows: number, maxSpan: number, channels: number) =>
      makeBank(rows, maxSpan, channels).levels.map(({ width }) => width);
    expect(widths(16, 30, MANY_CHANNELS)).toEqual([1, 3, 6, 12]);
    expect(widths(16, 15 * 20, MANY_CHANNELS)).toEqual([1, 3, 6, 12, 24]);
    expect(widths(16, 15 * 500, MANY_CHANNELS)).toEqual([1, 3, 6, 12, 24, 48, 96, 192]);
    expect(widths(16, 30, 100)).toEqual([1, 3, 6]);
    expect(widths(1, 0, 1)).toEqual([1]);
  });
});

/** A line of unit power a row, spread evenly over `width` channels; width 0 puts it into the channel nearest to the path. */
interface Line {
  readonly middle: number;
  readonly span: number;
  readonly width: number;
}

/** Largest share of the line's S/N in a box of its own that a template of the bank gives. */
function shareKept({ rows, levels }: Bank, { middle, span, width }: Line): number {
  const own = rows / Math.sqrt(rows * Math.max(1, width));
  let best = 0;
  for (const level of levels) {
    for (const [k, templateSpan] of spansOf(level, rows).entries()) {
      // Other templates are so far off in drift that they can't be the best.
      if (Math.abs(templateSpan - span) > 3 * (level.width + width + 1)) continue;
      const path = pathOf(level, rows, k);
      const around = (middle - (level.width - 1) / 2) / level.step;
      const reach = Math.ceil((level.width + width) / 2 / level.step) + 1;
      for (let i = Math.floor(around) - reach; i <= around + reach; i++) {
        let sum = 0;
        for (let row = 0; row < rows; row++) {
          const first = i * level.step + path[row]!;
          sum += shareInside({ middle, span, width }, row, rows, first, first + level.width - 1);
        }
        best = Math.max(best, sum / Math.sqrt(rows * level.width));
      }
    }
  }
  return best / own;
}

function shareInside(
  { middle, span, width }: Line,
  row: number,
  rows: number,
  first: number,
  last: number,
): number {
  const path = rows > 1 ? middle + span * (row / (rows - 1) - 0.5) : middle;
  if (width === 0) {
    const channel = Math.floor(path + 0.5);
    return channel >= first && channel <= last ? 1 : 0;
  }
  return (
    Math.max(0, Math.min(path + width / 2, last + 0.5) - Math.max(path - width / 2, first - 0.5)) / width
  );
}

describe.each([
  { rows: 15, slope: 26 },
  { rows: 16, slope: 26 },
  { rows: 16, slope: 3 },
  { rows: 64, slope: 4 },
  { rows: 2, slope: 10 },
  { rows: 1, slope: 0 },
])("at $rows rows and up to $slope channels a row", ({ rows, slope: maxSlope }) => {
  const bank = makeBank(rows, maxSlope * (rows - 1), MANY_CHANNELS);
  const widest = bank.levels.at(-1)!.width;
  const { uniform } = random(100 * rows + maxSlope);
  const shares = (count: number, width: (slope: number) => number) =>
    Array.from({ length: count }, () => {
      const slope = (2 * uniform() - 1) * maxSlope;
      return shareKept(bank, { middle: 100 + 24 * uniform(), span: slope * (rows - 1), width: width(slope) });
    }).sort((a, b) => a - b);
  const lines = rows > 32 ? 60 : 250;

  it("a template keeps its share of a line in one channel a row", () => {
    expect(shares(lines, () => 0)[0]!).toBeGreaterThanOrEqual(MATCH);
  });

  it("a template keeps its share of a line that smears over the channels it crosses in a row", () => {
    const kept = shares(lines, (slope) => Math.max(0.01, Math.abs(slope)));
    expect(kept[0]!).toBeGreaterThanOrEqual(MATCH);
    expect(kept[kept.length >> 1]!).toBeGreaterThan(0.6);
  });

  it("a template keeps its share of a line wider than it smears", () => {
    const kept = shares(lines, (slope) => Math.max(Math.abs(slope), widest ** uniform()));
    expect(kept[0]!).toBeGreaterThanOrEqual(MATCH);
    expect(kept[kept.length >> 1]!).toBeGreaterThan(0.6);
  });
});
