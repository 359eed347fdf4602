/** The curves of an evaluation's page. */

import type { Evaluation } from "../learn/evaluation.ts";
import type { NeedleResults } from "../learn/evaluation-groups.ts";
import { share } from "./evaluation-values.ts";
import { lineChart, type Point } from "./line-chart.ts";
import { html, type Markup } from "./markup.ts";
import { table } from "./tables.ts";
import { counted } from "./values.ts";

export function chartsSection({
  curves,
  recall,
  calibration,
  positives,
  count,
  negatives,
  needles,
}: Evaluation): Markup {
  const part = { title: "", low: 0, high: 1 };
  const dots = recall
    .filter(({ falseAlarms }) => falseAlarms > 0)
    .map((at) => ({
      at: [at.falseAlarms / at.negatives, at.recall] as const,
      low: at.low,
      high: at.high,
      label: `${share(at.recall)} at ${at.rate}`,
    }));
  const lowestRate = 10 ** Math.floor(Math.min(-1, Math.log10(1 / negatives)));
  return html`<h2>Curves</h2>
<div class="charts">
${lineChart({
  title: "ROC",
  x: { ...part, title: "False-alarm rate" },
  y: { ...part, title: "Recall" },
  line: curves.roc,
  reference: [
    [0, 0],
    [1, 1],
  ],
})}${lineChart({
  title: "ROC at low false-alarm rates",
  x: { title: "False-alarm rate", low: lowestRate, high: 1, log: true },
  y: { ...part, title: "Recall" },
  line: curves.roc,
  dots,
})}${lineChart({
  title: "Precision and recall",
  x: { ...part, title: "Recall" },
  y: { ...part, title: "Precision" },
  line: curves.precisionRecall,
  reference: [
    [0, positives / count],
    [1, positives / count],
  ],
})}${
  calibration &&
  lineChart({
    title: "Calibration",
    x: { ...part, title: "Mean score of a bin" },
    y: { ...part, title: "Share with a needle" },
    reference: [
      [0, 0],
      [1, 1],
    ],
    line: calibration.bins
      .filter((bin) => bin.count > 0)
      .map(({ meanScore, positiveShare }) => [meanScore, positiveShare]),
    dots: calibration.bins
      .filter((bin) => bin.count > 0)
      .map(({ meanScore, positiveShare, count: inBin }) => ({
        at: [meanScore, positiveShare],
        label: counted(inBin, "cadence"),
      })),
  })
}${needles && strengthChart(needles, recall[0]?.rate)}</div>
${
  calibration &&
  html`<details><summary>Calibration by bins</summary>
${table(calibration.bins, [
  { title: "Score", cell: ({ low, high }) => `${low.toFixed(2)} to ${high.toFixed(2)}` },
  { title: "Cadences", kind: "number", cell: (bin) => bin.count },
  { title: "Mean score", kind: "number", cell: (bin) => (bin.count > 0 ? share(bin.meanScore) : "") },
  { title: "With a needle", kind: "number", cell: (bin) => (bin.count > 0 ? share(bin.positiveShare) : "") },
])}</details>`
}`;
}

function strengthChart({ by, byPathAndStrength }: NeedleResults, rate: number | undefined): Markup | false {
  const groups = by.find(({ what }) => what === "strength")?.groups ?? [];
  const bins = byPathAndStrength.strengths;
  const dots = groups.flatMap(({ name, count, recall }) => {
    const bin = bins.find((candidate) => candidate.name === name);
    const [estimate] = recall;
    if (bin === undefined || estimate === undefined) return [];
    const at: Point = [(bin.lowDb + bin.highDb) / 2, estimate.value];
    return [{ at, low: estimate.low, high: estimate.high, label: `${name}: ${counted(count, "needle")}` }];
  });
  if (dots.length < 2) return false;
  return lineChart({
    title: `Recall by strength, false-alarm rate ${rate}`,
    x: { title: "Matched-filter S/N over the cadence, dB", low: bins[0]!.lowDb, high: bins.at(-1)!.highDb },
    y: { title: "Recall", low: 0, high: 1 },
    line: dots.map(({ at }) => at),
    dots,
  });
}
