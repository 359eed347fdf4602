import { expect, it } from "vitest";
import { randomStream, streamKey } from "../simulate/random.ts";
import { columnDeviations } from "./pixel-noise.ts";

const ROWS = 16;
const WIDTH = 300;

function noise(rows: number, width: number, deviation: number): Float32Array {
  const random = randomStream(streamKey(9, rows));
  return Float32Array.from({ length: rows * width }, () => 1000 + deviation * random.normal());
}

it("is that of the noise, beside carriers and with rows that are brighter as a whole", () => {
  const data = noise(ROWS, WIDTH, 20);
  for (let row = 0; row < ROWS; row++) {
    for (let c = 0; c < WIDTH; c++) {
      data[row * WIDTH + c]! += 500 * (row % 3) + (c % 10 === 0 ? 9000 : 0) + 3 * c;
    }
    data[row * WIDTH + 2 * row]! += 1e6;
  }
  data[5] = Number.NaN;
  data[6] = Number.POSITIVE_INFINITY;
  const deviations = columnDeviations(data, ROWS, WIDTH, 128);
  expect(deviations).toHaveLength(WIDTH);
  for (const deviation of deviations) expect(Math.abs(deviation / 20 - 1)).toBeLessThan(0.08);
});

it("follows a change along the band, and measures the last columns with those before them", () => {
  const data = noise(ROWS, WIDTH, 1);
  for (let row = 0; row < ROWS; row++) {
    for (let c = 128; c < WIDTH; c++) data[row * WIDTH + c]! *= 4;
  }
  const deviations = columnDeviations(data, ROWS, WIDTH, 128);
  expect(deviations[0]).toBeCloseTo(1, 0);
  expect(deviations[127]).toBe(deviations[0]);
  expect(Math.abs(deviations[128]! / 4 - 1)).toBeLessThan(0.08);
  expect(Math.abs(deviations[WIDTH - 1]! / 4 - 1)).toBeLessThan(0.08);
});

it("is told from neighbouring columns where there is one row, and 0 where there is nothing to tell it from", () => {
  expect(Math.abs(columnDeviations(noise(1, 4000, 20), 1, 4000, 4000)[0]! / 20 - 1)).toBeLessThan(0.08);
  expect([...columnDeviations(Float32Array.of(7), 1, 1, 128)]).toEqual([0]);
});
