/** The page of an evaluation: how well scores tell needles from the rest, curves, groups, and the worst mistakes. */

import { type Evaluation, meanFoldAuc } from "../learn/evaluation.ts";
import type { InterferenceGroup, NeedleGroup } from "../learn/evaluation-groups.ts";
import { grouped } from "../signal/describe.ts";
import { chartsSection } from "./evaluation-charts.ts";
import { mistakesSection } from "./evaluation-mistakes.ts";
import { interval, scoreText, share, withInterval } from "./evaluation-values.ts";
import { chartStyle } from "./line-chart.ts";
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
<p class="quiet">On the ${split} cadences of ${data}: ${counted(count, "cadence")}, ${grouped(positives)} with a needle.</p>
${notes.length > 0 && html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${measuresTable(evaluation)}
<p class="quiet">Intervals hold 95 % of ${grouped(bootstrap.resamples)} resamples of these cadences, positives and negatives each by themselves (seed ${bootstrap.seed}).</p>
${chartsSection(evaluation)}
${foldsSection(evaluation)}
${needlesSection(evaluation)}
${interferenceSection(evaluation)}
${mistakesSection(evaluation, content.pictures)}
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
      ({ name }, i): Column<{ own: readonly (NeedleGroup | null)[] }> => ({
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

const MOST_LISTED = 200;

function leftOutSection({ unscored, unlabelled }: EvaluationPageContent): Markup | false {
  if (unscored.length + unlabelled.length === 0) return false;
  const list = (title: string, ids: readonly string[]) =>
    ids.length > 0 &&
    html`<details><summary>${title}: ${grouped(ids.length)}</summary>
<p>${ids.slice(0, MOST_LISTED).join(" ")}${ids.length > MOST_LISTED && " and more"}</p></details>`;
  return html`<h2>Not in the figures</h2>
${list("With a label, but no score", unscored)}
${list("With a score, but no label", unlabelled)}`;
}
