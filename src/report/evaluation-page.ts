/** The page of an evaluation: how well scores tell needles from the rest, curves, groups, and the worst mistakes. */

import { type Evaluation, meanFoldAuc } from "../learn/evaluation.ts";
import type { InterferenceGroup, NeedleGroup } from "../learn/evaluation-groups.ts";
import type { Estimate, Mistake } from "../learn/evaluation-parts.ts";
import { chartStyle, lineChart } from "./line-chart.ts";
import { html, type Markup } from "./markup.ts";
import { pageStyle } from "./page-style.ts";
import { type Column, table } from "./tables.ts";
import { counted } from "./values.ts";

/** An evaluation and where it comes from. */
export interface EvaluationRecord {
  readonly program: { readonly name: string; readonly version: string };
  /** What scored, as a person would name it: a file, a run. */
  readonly scoresFrom: string;
  /** The set that has the labels. */
  readonly data: string;
  readonly split: string;
  readonly evaluation: Evaluation;
  /** Cadences that are not in the figures: with a label but no score, with a score but no label. */
  readonly unscored: readonly string[];
  readonly unlabelled: readonly string[];
  /** Sentences on where the scores come from and what is wrong with the set. */
  readonly remarks: readonly string[];
}

export interface EvaluationPageContent extends EvaluationRecord {
  /** Pictures of cadences by id: addresses, which may be data. */
  readonly pictures?: ReadonlyMap<string, string>;
}

export function evaluationPage(content: EvaluationPageContent): string {
  const { evaluation, scoresFrom, data, split, remarks, program } = content;
  const title = `Evaluation of ${scoresFrom}`;
  const { count, positives, bootstrap } = evaluation;
  const notes = [...remarks, ...evaluation.notes];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ markup: pageStyle + chartStyle }}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="quiet">On the ${split} cadences of ${data}: ${counted(count, "cadence")}, ${positives.toLocaleString("en-US")} with a needle.</p>
${notes.length > 0 && html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${measuresTable(evaluation)}
<p class="quiet">Intervals hold 95 % of ${bootstrap.resamples.toLocaleString("en-US")} resamples of these cadences, positives and negatives each by themselves (seed ${bootstrap.seed}).</p>
${chartsSection(evaluation)}
${foldsSection(evaluation)}
${needlesSection(evaluation)}
${interferenceSection(evaluation)}
${mistakesSection(content)}
${leftOutSection(content)}
<p class="quiet">${program.name} ${program.version}</p>
</main>
</body>
</html>
`;
  return page.markup;
}

function measuresTable({ auc, averagePrecision, recall, calibration }: Evaluation): Markup {
  const rows: [string, string, string, string][] = [
    ["ROC AUC", share(auc.value), interval(auc), "0.5 by chance, 1 where all are told apart"],
    [
      "Average precision",
      share(averagePrecision.value),
      interval(averagePrecision),
      "mean precision over all recalls",
    ],
    ...recall.map((at): [string, string, string, string] => [
      `Recall at a false-alarm rate of ${at.rate}`,
      share(at.recall),
      interval(at),
      `threshold ${scoreText(at.threshold)}, ${at.falseAlarms} of ${counted(at.negatives, "negative")} above it${
        at.support === "enough"
          ? ""
          : at.support === "few"
            ? ": few to tell this rate"
            : ": too few to tell this rate"
      }`,
    ]),
  ];
  if (calibration) {
    rows.push(
      [
        "Expected calibration error",
        share(calibration.expectedCalibrationError),
        "",
        "0 where scores are probabilities",
      ],
      ["Brier score", share(calibration.brier), "", "mean squared distance from the label"],
    );
  }
  return table(rows, [
    { title: "Measure", cell: ([name]) => name },
    { title: "Value", kind: "number", cell: ([, value]) => value },
    { title: "95 % interval", kind: "number", cell: ([, , between]) => between },
    { title: "", kind: "wide", cell: ([, , , what]) => what },
  ]);
}

function chartsSection({
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
  const strength = needles?.by.find(({ what }) => what === "strength")?.groups ?? [];
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
}${strengthChart(strength, recall[0]?.rate)}</div>
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

function strengthChart(groups: readonly NeedleGroup[], rate: number | undefined): Markup | false {
  if (groups.length < 2 || rate === undefined) return false;
  const middles = groups.map(({ name }) => {
    const [low, high] = name.match(/-?\d+/g)!.map(Number);
    return (low! + high!) / 2;
  });
  const step = Math.min(...middles.slice(1).map((middle, i) => middle - middles[i]!));
  return lineChart({
    title: `Recall by strength, false-alarm rate ${rate}`,
    x: {
      title: "Matched-filter S/N over the cadence, dB",
      low: middles[0]! - step / 2,
      high: middles.at(-1)! + step / 2,
    },
    y: { title: "Recall", low: 0, high: 1 },
    line: groups.map(({ recall }, i) => [middles[i]!, recall[0]!.value]),
    dots: groups.map(({ recall, count, name }, i) => ({
      at: [middles[i]!, recall[0]!.value],
      low: recall[0]!.low,
      high: recall[0]!.high,
      label: `${name}: ${counted(count, "needle")}`,
    })),
  });
}

function foldsSection({ folds }: Evaluation): Markup | undefined {
  if (folds === undefined) return undefined;
  const mean = meanFoldAuc(folds);
  return html`<h2>Folds</h2>
<p class="quiet">Each cadence is scored by the one model that was not trained on it. Their scores need not agree in scale, which the AUC of all together suffers from.</p>
${table(folds, [
  { title: "Fold", kind: "number", cell: ({ fold }) => fold },
  { title: "Cadences", kind: "number", cell: ({ count }) => count },
  { title: "With a needle", kind: "number", cell: ({ positives }) => positives },
  { title: "AUC", kind: "number", cell: ({ auc }) => (auc === null ? "one class only" : share(auc)) },
])}
${mean !== undefined && html`<p>Mean AUC of the folds: ${share(mean)}.</p>`}`;
}

function needlesSection({ needles, recall }: Evaluation): Markup | undefined {
  if (needles === undefined) return undefined;
  const { paths, strengths, groups } = needles.byPathAndStrength;
  const columns: Column<NeedleGroup>[] = [
    { title: "Cadences", kind: "number", cell: ({ count }) => count },
    { title: "AUC", kind: "number", cell: ({ auc }) => share(auc) },
    ...recall.map(
      ({ rate }, i): Column<NeedleGroup> => ({
        title: `Recall at ${rate}`,
        kind: "number",
        cell: (group) => withInterval(group.recall[i]!),
      }),
    ),
  ];
  return html`<h2>By what was put in</h2>
<p class="quiet">Needles of each kind against all negatives. The thresholds are those of all cadences together; intervals of the recalls are Wilson's, for these needles at that threshold.</p>
${needles.by.map(
  ({ what, groups: own }) => html`<h3>By ${what}</h3>
${table(own, [{ title: "", cell: ({ name }) => name }, ...columns])}`,
)}
${
  paths.length > 0 &&
  recall.length > 0 &&
  html`<h3>Recall at ${recall[0]!.rate} by path and strength</h3>
${table(
  paths.map((path, i) => ({ path, own: groups[i]! })),
  [
    { title: "", cell: ({ path }) => path },
    ...strengths.map(
      (name, i): Column<{ own: readonly (NeedleGroup | null)[] }> => ({
        title: name,
        kind: "number",
        cell: ({ own }) => own[i] && `${share(own[i].recall[0]!.value, 2)} (${own[i].count})`,
      }),
    ),
  ],
)}
<p class="quiet">In brackets: how many cadences.</p>`
}`;
}

function interferenceSection({ interference, recall }: Evaluation): Markup | undefined {
  if (interference === undefined || interference.length === 0) return undefined;
  return html`<h2>By interference</h2>
<p class="quiet">Negatives that hold an interferer of a kind, against all positives. A cadence that holds several kinds is in several lines.</p>
${table(interference, [
  { title: "", cell: ({ name }) => name },
  { title: "Cadences", kind: "number", cell: ({ count }) => count },
  { title: "AUC", kind: "number", cell: ({ auc }) => share(auc) },
  ...recall.map(
    ({ rate }, i): Column<InterferenceGroup> => ({
      title: `False alarms, threshold of ${rate}`,
      kind: "number",
      cell: (group) => withInterval(group.falseAlarmRate[i]!),
    }),
  ),
])}`;
}

function mistakesSection(content: EvaluationPageContent): Markup {
  const { falseAlarms, missed } = content.evaluation;
  return html`<h2>The worst mistakes</h2>
${
  falseAlarms.length + missed.length === 0 &&
  html`<p>None: every cadence with a needle scores above every other.</p>`
}
${mistakeList("Needles with the lowest scores", missed, content, "of the cadences without a needle score higher")}
${mistakeList("False alarms with the highest scores", falseAlarms, content, "of the needles score lower")}`;
}

function mistakeList(
  title: string,
  mistakes: readonly Mistake[],
  { pictures }: EvaluationPageContent,
  beyond: string,
): Markup | false {
  if (mistakes.length === 0) return false;
  const shown = mistakes.filter(({ id }) => pictures?.has(id));
  const list = table(mistakes, [
    {
      title: "Cadence",
      cell: ({ id }) => (pictures?.has(id) ? html`<a href="#cadence-${id}">${id}</a>` : id),
    },
    { title: "Score", kind: "number", cell: ({ score }) => scoreText(score) },
    { title: "", cell: ({ wrongSideOf }) => `${percent(wrongSideOf)} ${beyond}` },
    { title: "Holds", kind: "wide", cell: ({ holds }) => holds.map(describeRow).join("; ") },
  ]);
  return html`<h3>${title}</h3>
${shown.map(
  ({ id, score, holds }) => html`<figure id="cadence-${id}" style="margin: 1.5rem 0">
<figcaption>${id}, score ${scoreText(score)}${holds.length > 0 && `: ${holds.map(describeRow).join("; ")}`}</figcaption>
<img src="${pictures?.get(id)}" alt="The panels of cadence ${id}" style="max-width: 760px">
</figure>
`,
)}<details${{ markup: shown.length === 0 ? " open" : "" }}><summary>${counted(mistakes.length, "cadence")}, the worst first</summary>
${list}</details>`;
}

function describeRow({
  kind,
  shape,
  time,
  profile,
  snrDb,
  driftHzPerS,
  scans,
}: Mistake["holds"][number]): string {
  const present = scans.split(" ").flatMap((digit, i) => (digit === "1" ? [i + 1] : []));
  return (
    `${kind}: ${shape}, ${time}, ${profile}, ${snrDb.toFixed(1)} dB, ${driftHzPerS.toFixed(3)} Hz/s, ` +
    `scans ${present.join(" ")}`
  );
}

const MOST_LISTED = 200;

function leftOutSection({ unscored, unlabelled }: EvaluationPageContent): Markup | false {
  if (unscored.length + unlabelled.length === 0) return false;
  const list = (title: string, ids: readonly string[]) =>
    ids.length > 0 &&
    html`<details><summary>${title}: ${ids.length.toLocaleString("en-US")}</summary>
<p>${ids.slice(0, MOST_LISTED).join(" ")}${ids.length > MOST_LISTED && " and more"}</p></details>`;
  return html`<h2>Not in the figures</h2>
${list("With a label, but no score", unscored)}
${list("With a score, but no label", unlabelled)}`;
}

/** Of 1, to three or four digits. */
export function share(value: number, digits = 4): string {
  return value.toFixed(digits);
}

function interval({ low, high }: Pick<Estimate, "low" | "high">): string {
  return `${share(low, 3)} to ${share(high, 3)}`;
}

function withInterval(estimate: Estimate): string {
  return `${share(estimate.value, 3)} (${interval(estimate)})`;
}

export function scoreText(score: number): string {
  return Number.isFinite(score) ? String(Number(score.toPrecision(4))) : "above all scores";
}

function percent(part: number): string {
  const value = 100 * part;
  return value > 0 && value < 0.1 ? "under 0.1 %" : `${value.toFixed(value < 10 ? 1 : 0)} %`;
}
