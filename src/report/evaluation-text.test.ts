import { expect, it } from "vitest";
import type { TruthRow } from "../formats/truth-csv.ts";
import { evaluateScores } from "../learn/evaluation.ts";
import { evaluationPage } from "./evaluation-page.ts";
import { evaluationText } from "./evaluation-text.ts";

function example() {
  const ids = Array.from({ length: 30 }, (_, i) => `c${i}`);
  const targets = ids.map((_, i) => (i % 3 === 0 ? 1 : 0));
  const scores = ids.map((_, i) => (i % 3 === 0 ? 0.3 + i / 60 : i / 60));
  const truth = ids.flatMap((id, i): TruthRow[] => {
    if (targets[i] === 0) return [];
    const shape = i % 2 === 0 ? "linear" : "random-walk";
    const snrDb = 20 + i / 2;
    const rest = { profile: "tone", time: "steady", driftHzPerS: 0.1, scans: "1 0 1 0 1 0", path: "{}" };
    return [{ id, label: 1, kind: "needle", shape, snr: 10 ** (snrDb / 20), snrDb, ...rest }];
  });
  const folds = ids.map((_, i) => i % 2);
  return {
    program: { name: "lodestone", version: "0.0" },
    scoresFrom: "run",
    data: "data",
    split: "train",
    remarks: ["Something to know."],
    unscored: ["u1", "u2"],
    unlabelled: [],
    evaluation: evaluateScores({ ids, targets, scores, folds, truth }, { resamples: 200 }),
  };
}

it("prints the measures, folds and groups in columns, and what to know last", () => {
  const record = example();
  const text = evaluationText(record);
  const { auc, needles } = record.evaluation;
  expect(text.split("\n")[0]).toBe("run on the train cadences of data: 30 cadences, 10 with a needle.");
  expect(text).toMatch(
    new RegExp(`^ROC AUC +${auc.value.toFixed(4)}  ${auc.low.toFixed(3)} to ${auc.high.toFixed(3)}$`, "m"),
  );
  expect(text).toMatch(
    /^Recall at 0\.01 false alarms +\d\.\d{4} .* 0 of 20 negatives at .* or more \(too few\)$/m,
  );
  expect(text).toMatch(/^AUC by fold {2}0: \d\.\d{4} {2}1: \d\.\d{4} {2}mean: \d\.\d{4}$/m);
  const { folds } = record.evaluation;
  expect(text).toContain(`mean: ${((folds![0]!.auc! + folds![1]!.auc!) / 2).toFixed(4)}`);
  const { count, auc: own } = needles!.by[0]!.groups[1]!;
  expect(text).toMatch(new RegExp(`^random-walk +${count}  ${own.toFixed(4)}  `, "m"));
  expect(text).toMatch(/^By strength +needles +AUC +recall at 0\.01 +recall at 0\.001$/m);
  expect(text).toMatch(/\n\nNote: Something to know\.\nNote: Recall at a false-alarm rate of 0\.01: /);
  const lines = text.split("\n");
  const table = lines.slice(lines.findIndex((line) => line.startsWith("By path")));
  expect(table[0]!.indexOf("AUC") + 3).toBe(table[2]!.indexOf(own.toFixed(4)) + 6);
  expect(lines.every((line) => line === line.trimEnd())).toBe(true);
});

it("shows every part on the page, and calls scores that are no probabilities so", () => {
  const record = example();
  const page = evaluationPage(record);
  for (const part of ["Curves", "Folds", "By what was put in", "The worst mistakes", "Not in the figures"]) {
    expect(page).toContain(`<h2>${part}</h2>`);
  }
  expect(page.match(/<svg class="chart"/g)).toHaveLength(5);
  expect(page).toContain("With a label, but no score: 2");
  expect(page).not.toContain("With a score, but no label");
  expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/);
  const plain = evaluateScores(
    { ids: ["a", "b", "<i>"], targets: [0, 1, 0], scores: [-1, 2, 3] },
    { resamples: 10 },
  );
  const small = evaluationPage({ ...record, unscored: [], evaluation: plain });
  expect(small.match(/<svg class="chart"/g)).toHaveLength(3);
  expect(small).toContain("&lt;i&gt;");
  expect(small).not.toContain("<i>");
  expect(small).toContain("Scores run from -1 to 3, so they are no probabilities");
  expect(small).not.toMatch(/NaN|undefined|Infinity|\[object/);
});
