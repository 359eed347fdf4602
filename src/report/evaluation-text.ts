/** An evaluation as lines for a terminal. */

import { meanFoldAuc } from "../learn/evaluation.ts";
import type { RecallAtFalseAlarm } from "../learn/metrics/false-alarms.ts";
import { grouped } from "../signal/describe.ts";
import type { EvaluationRecord } from "./evaluation-page.ts";
import { interval, scoreText, share } from "./evaluation-values.ts";
import { counted } from "./values.ts";

export function evaluationText({ evaluation, scoresFrom, data, split, remarks }: EvaluationRecord): string {
  const { count, positives, auc, averagePrecision, recall, calibration, needles, folds, notes } = evaluation;
  const rows = [
    ["ROC AUC", share(auc.value), interval(auc), ""],
    ["Average precision", share(averagePrecision.value), interval(averagePrecision), ""],
    ...recall.map((at) => [
      `Recall at ${at.rate} false alarms`,
      share(at.recall),
      interval(at),
      alarmsText(at),
    ]),
    ...(calibration ? [["Calibration error", share(calibration.expectedCalibrationError), "", ""]] : []),
  ];
  const lines = [
    `${scoresFrom} on the ${split} cadences of ${data}: ${counted(count, "cadence")}, ${grouped(positives)} with a needle.`,
    "",
    ...aligned([["", "", "95 % interval", ""], ...rows], "lrll"),
  ];
  if (folds) {
    const each = folds.map(({ fold, auc: own }) => `${fold}: ${own === null ? "one class" : share(own)}`);
    const mean = meanFoldAuc(folds);
    if (mean !== undefined) each.push(`mean: ${share(mean)}`);
    lines.push("", `AUC by fold  ${each.join("  ")}`);
  }
  const groups = needles?.by.filter(({ what }) => what === "path" || what === "strength") ?? [];
  for (const { what, groups: own } of groups) {
    const head = [`By ${what}`, "needles", "AUC", ...recall.map(({ rate }) => `recall at ${rate}`)];
    const body = own.map((group) => [
      group.name,
      String(group.count),
      share(group.auc),
      ...group.recall.map(({ value }) => share(value, 3)),
    ]);
    lines.push("", ...aligned([head, ...body], "lr"));
  }
  const said = [...remarks, ...notes];
  if (said.length > 0) lines.push("", ...said.map((sentence) => `Note: ${sentence}`));
  return `${lines.join("\n")}\n`;
}

function alarmsText({ falseAlarms, negatives, threshold, support }: RecallAtFalseAlarm): string {
  const at = Number.isFinite(threshold) ? `at ${scoreText(threshold)} or more` : "with no alarm at all";
  const few = support === "enough" ? "" : " (too few)";
  return `${falseAlarms} of ${grouped(negatives)} negatives ${at}${few}`;
}

/** Columns of equal width: `sides` says of each whether it stands left (l) or right (r); the last letter holds for all that follow. */
function aligned(rows: readonly (readonly string[])[], sides: string): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? "").length)),
  );
  const left = (i: number) => sides[Math.min(i, sides.length - 1)] === "l";
  return rows.map((row) =>
    row
      .map((cell, i) => (left(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
}
