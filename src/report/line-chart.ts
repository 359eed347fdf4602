/** Curves as inline SVG, in the page's own colours. */

import { linearTicks } from "../pictures/ticks.ts";
import { html, type Markup } from "./markup.ts";

export interface ChartAxis {
  readonly title: string;
  readonly low: number;
  readonly high: number;
  /** Decades; `low` is above 0. */
  readonly log?: boolean;
}

export type Point = readonly [x: number, y: number];

export interface LineChart {
  readonly title: string;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly line?: readonly Point[];
  /** A line to compare with, dashed. */
  readonly reference?: readonly Point[];
  /** Points that stand out; with `low` and `high` a bar shows their interval. */
  readonly dots?: readonly {
    readonly at: Point;
    readonly low?: number;
    readonly high?: number;
    readonly label?: string;
  }[];
}

const WIDTH = 460;
const HEIGHT = 340;
const BOX = { left: 58, top: 34, right: 446, bottom: 286 };

export const chartStyle = `
.charts { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; margin: 1rem 0; }
.charts svg { flex: 1 1 24rem; max-width: 34rem; height: auto; }
svg.chart text { font: 12px system-ui, sans-serif; fill: var(--quiet); }
svg.chart text.title { font-size: 14px; font-weight: 600; fill: var(--ink); }
svg.chart .frame { fill: none; stroke: var(--rule); }
svg.chart .grid { stroke: var(--rule); stroke-width: .5; }
svg.chart .line { fill: none; stroke: var(--on); stroke-width: 2; stroke-linejoin: round; }
svg.chart .reference { fill: none; stroke: var(--quiet); stroke-dasharray: 4 4; }
svg.chart .bar { stroke: var(--on); stroke-width: 1.5; }
svg.chart .dot { fill: var(--on); }
`;

/** A chart as an SVG element. What lies outside of the axes is cut off; points left of a logarithmic axis are drawn at its left end. */
export function lineChart({ title, x, y, line = [], reference = [], dots = [] }: LineChart): Markup {
  const across = scale(x, BOX.left, BOX.right);
  const down = scale(y, BOX.bottom, BOX.top);
  const path = (points: readonly Point[]) =>
    points.map(([px, py]) => `${short(across(px))},${short(down(py))}`).join(" ");
  const grid = [
    ...ticks(x).map(({ value, label }) => {
      const at = short(across(value));
      return html`<line class="grid" x1="${at}" x2="${at}" y1="${BOX.top}" y2="${BOX.bottom}"/><text x="${at}" y="${BOX.bottom + 17}" text-anchor="middle">${label}</text>
`;
    }),
    ...ticks(y).map(({ value, label }) => {
      const at = short(down(value));
      return html`<line class="grid" x1="${BOX.left}" x2="${BOX.right}" y1="${at}" y2="${at}"/><text x="${BOX.left - 7}" y="${at + 4}" text-anchor="end">${label}</text>
`;
    }),
  ];
  const middleX = (BOX.left + BOX.right) / 2;
  const middleY = (BOX.top + BOX.bottom) / 2;
  const width = BOX.right - BOX.left;
  const height = BOX.bottom - BOX.top;
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
<text class="title" x="${BOX.left}" y="20">${title}</text>
${grid}<rect class="frame" x="${BOX.left}" y="${BOX.top}" width="${width}" height="${height}"/>
<svg x="${BOX.left}" y="${BOX.top}" width="${width}" height="${height}" viewBox="${BOX.left} ${BOX.top} ${width} ${height}">
${
  reference.length > 0 &&
  html`<polyline class="reference" points="${path(reference)}"/>
`
}${
  line.length > 0 &&
  html`<polyline class="line" points="${path(line)}"/>
`
}</svg>
${dots.map(({ at, low, high, label }) => {
  const [px, py] = [short(across(at[0])), short(down(at[1]))];
  return html`<g>${label !== undefined && html`<title>${label}</title>`}${
    low !== undefined &&
    high !== undefined &&
    html`<line class="bar" x1="${px}" x2="${px}" y1="${short(down(low))}" y2="${short(down(high))}"/>`
  }<circle class="dot" cx="${px}" cy="${py}" r="4"/></g>
`;
})}<text x="${middleX}" y="${HEIGHT - 14}" text-anchor="middle">${x.title}</text>
<text transform="translate(16 ${middleY}) rotate(-90)" text-anchor="middle">${y.title}</text>
</svg>
`;
}

function scale({ low, high, log }: ChartAxis, from: number, to: number): (value: number) => number {
  const place = log
    ? (value: number) => Math.log(Math.max(value, low) / low) / Math.log(high / low)
    : (value: number) => (value - low) / (high - low);
  return (value) => from + place(value) * (to - from);
}

function ticks({ low, high, log }: ChartAxis): { value: number; label: string }[] {
  if (!log) return linearTicks(low, high, 6);
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = 10 ** (first + i);
    return { value, label: value < 1e-3 ? `1e${first + i}` : String(Number(value.toPrecision(1))) };
  });
}

function short(value: number): number {
  return Math.round(value * 10) / 10;
}
