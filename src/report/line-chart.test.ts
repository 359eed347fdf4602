import { expect, it } from "vitest";
import { lineChart } from "./line-chart.ts";

type Pair = [number, number];

const unit = { title: "", low: 0, high: 1 };

function points(markup: string, className: string): number[][] {
  const list = new RegExp(`class="${className}" points="([^"]*)"`).exec(markup)![1]!;
  return list.split(" ").map((point) => point.split(",").map(Number));
}

it("puts points in their places: up is more", () => {
  const { markup } = lineChart({
    title: "A < B",
    x: unit,
    y: unit,
    line: [
      [0, 0],
      [0.5, 1],
      [1, 0.5],
    ],
  });
  const [[x0, y0], [x1, y1], [x2, y2]] = points(markup, "line") as [Pair, Pair, Pair];
  expect(x1 - x0).toBeCloseTo(x2 - x1, 6);
  expect(y0 - y2).toBeCloseTo(y2 - y1, 6);
  expect(y1).toBeLessThan(y0);
  expect(markup).toContain("A &lt; B");
  expect(markup).not.toContain('class="reference"');
});

it("gives each decade the same length on a logarithmic axis, and keeps zero at its end", () => {
  const { markup } = lineChart({
    title: "",
    x: { title: "", low: 1e-4, high: 1, log: true },
    y: unit,
    reference: [
      [0, 0],
      [1e-4, 0],
      [1e-3, 0],
      [1, 0],
    ],
    dots: [{ at: [0.01, 0.5], low: 0.25, high: 0.75, label: "half" }],
  });
  const xs = points(markup, "reference").map(([x]) => x!);
  expect(xs[0]).toBe(xs[1]);
  expect(xs[2]! - xs[1]!).toBeCloseTo((xs[3]! - xs[1]!) / 4, 6);
  expect(markup).toContain(`cx="${(xs[1]! + xs[3]!) / 2}"`);
  expect(markup).toContain("<title>half</title>");
  expect([...markup.matchAll(/>(1e-4|0\.001|0\.01|0\.1|1)<\/text>/g)].map(([, label]) => label)).toEqual([
    "1e-4",
    "0.001",
    "0.01",
    "0.1",
    "1",
  ]);
});
