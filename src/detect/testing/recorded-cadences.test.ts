import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream, streamKey } from "../../simulate/random.ts";
import { type NeedleRequest, recordedCadence } from "./recorded-cadences.ts";
import { takeLine } from "./recorded-lines.ts";
import { drawPieces, holdsCadences, type Recording } from "./recorded-pieces.ts";

const shape = { panels: 6, rows: 64, channels: 128 };
const SIGMA = 3;

/** Normal noise of deviation `SIGMA` on a level of 100. */
function noise(rows: number, channels: number, seed = 1): Recording {
  const { normal } = randomStream(streamKey(seed));
  return {
    name: `noise ${seed}`,
    data: Float32Array.from({ length: rows * channels }, () => 100 + SIGMA * normal()),
    rows,
    channels,
  };
}

const long = noise(500, 300);
const short = noise(16, 700);

/** A cut-out with a line that moves 1.5 channels a row, from channel 20 on. */
function cutOut(): Recording {
  const recording = noise(16, 90, 2);
  for (let row = 0; row < 16; row++) {
    const at = 20 + 1.5 * row;
    recording.data[row * 90 + Math.floor(at)]! += 60;
    recording.data[row * 90 + Math.ceil(at)]! += 60;
  }
  return recording;
}

describe("pieces of a recording", () => {
  const drawn = (rows: number, channels: number) =>
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const pieces = drawPieces(randomStream(streamKey(seed)), { rows, channels }, shape);
        expect(pieces).toHaveLength(6);
        for (const piece of pieces) {
          expect(piece.rowStart).toBeGreaterThanOrEqual(0);
          expect(piece.rowStart + piece.rows).toBeLessThanOrEqual(rows);
          expect(piece.channelStart).toBeGreaterThanOrEqual(0);
          expect(piece.channelStart + shape.channels).toBeLessThanOrEqual(channels);
        }
        const longEnough = rows >= 6 * shape.rows;
        for (const [i, piece] of pieces.entries()) {
          for (const before of pieces.slice(0, i)) {
            if (longEnough) {
              expect(piece.channelStart).toBe(before.channelStart);
              expect(piece.rowStart).toBeGreaterThanOrEqual(before.rowStart + before.rows);
            } else {
              expect(piece.rows).toBe(rows);
              expect(Math.abs(piece.channelStart - before.channelStart)).toBeGreaterThanOrEqual(64);
            }
          }
        }
      }),
      { seed: 3, numRuns: 60 },
    );

  it("are successive stretches of time at the same channels where it is long", () => {
    drawn(500, 300);
    drawn(6 * 64, 128);
  });

  it("are other channels for each panel where it is short", () => {
    drawn(16, 700);
    drawn(383, 128 + 5 * 64);
    drawn(16, 5000);
  });

  it("need room", () => {
    expect(holdsCadences({ rows: 6 * 64, channels: 128 }, shape)).toBe(true);
    expect(holdsCadences({ rows: 6 * 64, channels: 127 }, shape)).toBe(false);
    expect(holdsCadences({ rows: 6 * 64 - 1, channels: 128 + 5 * 64 }, shape)).toBe(true);
    expect(holdsCadences({ rows: 6 * 64 - 1, channels: 128 + 5 * 64 - 1 }, shape)).toBe(false);
    expect(holdsCadences({ rows: 1, channels: 5000 }, shape)).toBe(false);
  });
});

describe("a cadence of a recording", () => {
  it("has the recording's own pixels where rows needn't be cut", async () => {
    const { rows, channels } = long;
    const counted = { ...long, data: Float32Array.from({ length: rows * channels }, (_, i) => i) };
    const { panels } = await recordedCadence(counted, shape, { seed: 1, index: 4 });
    const size = shape.rows * shape.channels;
    let last = -1;
    for (let panel = 0; panel < shape.panels; panel++) {
      const first = panels.data[panel * size]!;
      expect(first).toBeGreaterThan(last);
      expect(first % channels).toBe(panels.data[0]! % channels);
      for (const [row, channel] of [
        [0, 127],
        [13, 5],
        [63, 127],
      ] as const) {
        expect(panels.data[panel * size + row * shape.channels + channel]).toBe(
          first + row * channels + channel,
        );
      }
      last = panels.data[(panel + 1) * size - 1]!;
    }
  });

  it("keeps the means of rows that are cut, and has noise that is new in each of the new rows", async () => {
    const { panels } = await recordedCadence(short, shape, { seed: 1, index: 0 });
    const { data } = panels;
    const perRow = shape.rows / short.rows;
    let products = 0;
    let squares = 0;
    for (let i = 0; i + shape.channels < shape.rows * shape.channels; i++) {
      products += (data[i]! - 100) * (data[i + shape.channels]! - 100);
      squares += (data[i]! - 100) ** 2;
    }
    expect(Math.abs(products / squares)).toBeLessThan(0.05);
    expect(Math.sqrt(squares / (shape.rows * shape.channels)) / (SIGMA * Math.sqrt(perRow))).toBeCloseTo(
      1,
      1,
    );
    const means = Array.from({ length: shape.channels }, (_, c) => {
      let sum = 0;
      for (let row = 0; row < perRow; row++) sum += data[row * shape.channels + c]!;
      return sum / perRow;
    });
    const first = short.data.subarray(0, short.channels);
    const start = Array.from({ length: short.channels - shape.channels + 1 }, (_, at) => at).find((at) =>
      means.every((mean, c) => Math.abs(mean - first[at + c]!) < 1e-3),
    );
    expect(start).toBeDefined();
  });

  const lines = [takeLine(cutOut())];
  const requests: [string, Recording, NeedleRequest][] = [
    ["drawn", long, { snrDb: [40, 40] }],
    ["drawn", short, { snrDb: [40, 40] }],
    ["recorded", long, { snrDb: [40, 40], lines }],
    ["recorded", short, { snrDb: [40, 40], lines }],
  ];

  it.each(requests)(
    "with a needle (%s) has it in ON panels alone, as strong as asked",
    async (_, from, request) => {
      for (let index = 0; index < 6; index++) {
        const place = { seed: 2, index };
        const empty = await recordedCadence(from, shape, place);
        const { panels, needle } = await recordedCadence(from, shape, place, request);
        expect(needle!.snrDb).toBe(40);
        const size = shape.rows * shape.channels;
        const sigma = SIGMA * Math.max(1, Math.sqrt(shape.rows / from.rows));
        let squares = 0;
        let changedOff = 0;
        for (let i = 0; i < panels.data.length; i++) {
          const added = panels.data[i]! - empty.panels.data[i]!;
          if (Math.floor(i / size) % 2 === 1 && added !== 0) changedOff++;
          squares += (added / sigma) ** 2;
        }
        expect(changedOff).toBe(0);
        // The noise is measured, on few rows where there are 16, and a bright needle adds to its own.
        expect(Math.abs(10 * Math.log10(squares) - 40)).toBeLessThan(from === short ? 1.5 : 0.7);
      }
    },
  );

  it("is the same for the same seed and index, and another for others", async () => {
    const request: NeedleRequest = { snrDb: [20, 44] };
    const make = async (seed: number, index: number) =>
      (await recordedCadence(long, shape, { seed, index }, request)).panels.data;
    expect(await make(5, 1)).toEqual(await make(5, 1));
    expect(await make(5, 2)).not.toEqual(await make(5, 1));
    expect(await make(6, 1)).not.toEqual(await make(5, 1));
  });
});

describe("a recorded line", () => {
  const line = takeLine(cutOut());

  it("is taken from along its path, and little else", () => {
    expect(line.driftPerRow).toBeCloseTo(1.5, 1);
    expect(Math.abs(line.firstChannel - 20)).toBeLessThan(1);
    for (let row = 0; row < 16; row++) {
      const own = line.data.subarray(row * 90, (row + 1) * 90);
      const at = Math.floor(20 + 1.5 * row);
      expect(own[at]).toBeGreaterThan(15);
      expect(own.filter((value, c) => value > 0 && Math.abs(c - at) > 8)).toHaveLength(0);
    }
  });

  it("drifts on from scan to scan", async () => {
    const quiet = { ...long, data: long.data.map((value) => 100 + 1e-3 * (value - 100)) };
    const { panels } = await recordedCadence(
      quiet,
      shape,
      { seed: 3, index: 1 },
      { snrDb: [60, 60], lines: [line] },
    );
    const peakOf = (panel: number, row: number) => {
      const at = (panel * shape.rows + row) * shape.channels;
      const own = panels.data.subarray(at, at + shape.channels);
      const peak = own.indexOf(own.reduce((a, b) => Math.max(a, b)));
      return own[peak]! > 100.05 ? peak : undefined;
    };
    const points = [0, 2, 4].flatMap((panel) =>
      [0, 16, 32, 48, 63].flatMap((row) => {
        const peak = peakOf(panel, row);
        return peak === undefined ? [] : [{ row: panel * shape.rows + row, peak }];
      }),
    );
    expect(points.length).toBeGreaterThan(5);
    // 1.5 channels a row of 16, so 0.375 a row of 64; gaps between scans, 0.3 of a scan at most, add to it.
    const [from, to] = [points[0]!, points.at(-1)!];
    const slope = Math.abs((to.peak - from.peak) / (to.row - from.row));
    expect(slope).toBeGreaterThan(0.33);
    expect(slope).toBeLessThan(0.55);
  });
});
