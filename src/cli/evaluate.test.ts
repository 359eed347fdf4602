import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCadenceSet } from "../formats/cadence-folder.node.ts";
import { encodeTruthCsv, type TruthRow } from "../formats/truth-csv.ts";
import { dataFingerprint } from "../learn/data-fingerprint.node.ts";
import { rocAuc } from "../learn/metrics/roc.ts";
import { seedRecipe } from "../learn/recipes/seed.ts";
import { RUN_KIND, writeRunRecord } from "../learn/run-folder.node.ts";
import {
  tinyCadence,
  tinyId,
  tinyModel,
  tinyScore,
  tinyShape,
  writeTinyCadence,
  writeTinyRun,
} from "../learn/testing/tiny-models.ts";
import { evaluate, evaluateJson } from "./evaluate.ts";

const trained = [11, 12, 13, 14, 15, 16, 17, 18];
const tested = [1, 2, 3, 4, 5, 6];
const labelOf = (salt: number) => (salt % 3 === 0 ? 1 : 0);
const models = [tinyModel(1), tinyModel(2)];
const quick = { threads: 1, resamples: 100 };

let folder: string;
let run: string;
let data: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-evaluate-"));
  run = join(folder, "run");
  data = join(folder, "data");
  await writeTinyRun(run, models, {
    input: { normalisation: "none", layout: "six" },
    shape: tinyShape,
    flips: "none",
  });
  for (const salt of trained) await writeTinyCadence(data, "train", salt);
  for (const salt of tested) await writeTinyCadence(data, "test", salt);
  await writeFile(join(data, "train_labels.csv"), csv(trained, labelOf));
  await writeFile(
    join(data, "sample_submission.csv"),
    csv(tested, () => 0.5),
  );
  await writeFile(join(data, "test_labels.csv"), csv(tested, labelOf));
});
afterEach(() => rm(folder, { recursive: true }));

const csv = (salts: readonly number[], targetOf: (salt: number) => number | string) =>
  ["id,target", ...salts.map((salt) => `${tinyId(salt)},${targetOf(salt)}`), ""].join("\n");

const scoreTable = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

/** The probability by the mean of some models. */
function modelScore(salt: number, by = models): number {
  const scores = by.map((model) => tinyScore(model, tinyCadence(salt).data));
  return scores.reduce((sum, score) => sum + score) / scores.length;
}

const aucOf = (salts: readonly number[], scoreOf: (salt: number) => number) =>
  rocAuc(
    salts.map(labelOf),
    salts.map((salt) => scoreOf(salt)),
  );

/** Makes `run` one that was trained on the data's training cadences, with scores of those held out, by fold. */
async function recordRun(heldOut: readonly (readonly [salt: number, score: number][])[]): Promise<void> {
  const set = await openCadenceSet(data, { split: "train" });
  const places = Int32Array.from(set.ids, (_, i) => i);
  await writeRunRecord(run, {
    kind: RUN_KIND,
    version: "0",
    recipe: seedRecipe,
    data: {
      folder: data,
      labels: null,
      fingerprint: await dataFingerprint(set, places),
      cadences: places.length,
      positives: 3,
      shape: tinyShape,
      problems: {},
    },
    seed: 1,
    limit: null,
    minutes: null,
    folds: heldOut.map((_, fold) => fold),
    threads: 1,
    weights: null,
  });
  for (const [fold, rows] of heldOut.entries()) {
    const lines = rows.map(([salt, score]) => `${tinyId(salt)},${labelOf(salt)},${score}\n`);
    if (rows.length > 0) {
      await writeFile(join(run, `fold-${fold}`, "validation.csv"), `id,target,score\n${lines.join("")}`);
    }
  }
}

const heldOutScores: [number, number][][] = [
  [
    [11, 0.1],
    [12, 0.7],
    [13, 0.8],
  ],
  [
    [15, 0.55],
    [16, 0.5],
    [17, 0.2],
  ],
];

describe("a table of scores", () => {
  it("is set beside the labels, what either side lacks told and counted", async () => {
    const scores = await scoreTable(
      "s.csv",
      csv([6, 9, 3, 2, 1, 5], (salt) => salt / 10),
    );
    const { record } = await evaluate(scores, data, quick);
    expect(record.split).toBe("test");
    expect(record.evaluation).toMatchObject({ count: 5, positives: 2, negatives: 3 });
    expect(record.evaluation.auc.value).toBeCloseTo(
      aucOf([1, 2, 3, 5, 6], (salt) => salt),
      14,
    );
    expect(record.unscored).toEqual([tinyId(4)]);
    expect(record.unlabelled).toEqual([tinyId(9)]);
    expect(record.remarks).toEqual([
      `Without a score: 1 of 6 labelled cadences, such as ${tinyId(4)}; they are not in the figures.`,
      `Without a label in ${join(data, "test")}: 1 score, such as ${tinyId(9)}; they are not in the figures.`,
    ]);
  });

  it("goes with the training cadences where it is of them, and with other labels where they are given", async () => {
    const scores = await scoreTable(
      "s.csv",
      csv(trained, (salt) => salt),
    );
    const { record } = await evaluate(scores, data, quick);
    expect(record.split).toBe("train");
    expect(record.evaluation.auc.value).toBeCloseTo(
      aucOf(trained, (salt) => salt),
      14,
    );
    const labels = await scoreTable(
      "l.csv",
      csv(trained, (salt) => 1 - labelOf(salt)),
    );
    const turned = await evaluate(scores, data, { ...quick, labels });
    expect(turned.record.evaluation.auc.value).toBeCloseTo(1 - record.evaluation.auc.value, 14);
    await expect(evaluate(scores, data, { ...quick, split: "test" })).rejects.toThrow(
      `None of the ids of ${scores} (such as ${tinyId(11)}) has a label in ${join(data, "test")} (such as ${tinyId(1)}).`,
    );
  });

  it("is refused where its scores or the labels are no use", async () => {
    const bad = await scoreTable(
      "bad.csv",
      csv(tested, (salt) => (salt === 2 ? "NaN" : 0.5)),
    );
    await expect(evaluate(bad, data)).rejects.toThrow('bad.csv: line 3: the target is "NaN"');
    const one = await scoreTable(
      "one.csv",
      csv([1, 2], () => 0.5),
    );
    await expect(evaluate(one, data)).rejects.toThrow(
      "Targets: all 2 are 0. Positives and negatives are both needed",
    );
    const soft = await scoreTable(
      "soft.csv",
      csv(tested, () => 0.25),
    );
    await expect(evaluate(one, data, { labels: soft })).rejects.toThrow(
      `Cadence ${tinyId(1)}: its label is 0.25; to evaluate scores, labels must be 0 or 1.`,
    );
    await writeFile(join(run, "run.json"), "{}");
    await expect(evaluate(join(run, "run.json"), data)).rejects.toThrow(`Give the run's folder, ${run}.`);
    await expect(evaluate(join(folder, "none.csv"), data)).rejects.toThrow(
      "none.csv: there is no such file or folder",
    );
    await rm(join(data, "test_labels.csv"));
    await expect(evaluate(one, data, { split: "test" })).rejects.toThrow(
      "there are no labels for its test cadences. Give a table of them, id,target, by --labels.",
    );
  });
});

describe("models", () => {
  it("score test cadences that have labels, all of a run's together", async () => {
    const { record } = await evaluate(run, data, quick);
    expect(record).toMatchObject({ split: "test", remarks: ["Each score is the mean of 2 models."] });
    expect(record.evaluation.auc.value).toBeCloseTo(aucOf(tested, modelScore), 14);
    const one = await evaluate(join(run, "fold-1", "model.onnx"), data, quick);
    expect(one.record.evaluation.auc.value).toBeCloseTo(
      aucOf(tested, (salt) => modelScore(salt, [models[1]!])),
      14,
    );
    expect(one.record.remarks).toEqual([]);
  });

  it("leave out what can't be read, and tell it once", async () => {
    await rm(join(data, "test", "e", `${tinyId(4)}.npy`));
    await writeFile(join(data, "test", "e", `${tinyId(5)}.npy`), "no array");
    const { record } = await evaluate(run, data, quick);
    expect(record.evaluation.count).toBe(4);
    expect(record.unscored).toEqual([tinyId(4), tinyId(5)]);
    expect(record.remarks).toHaveLength(4);
    expect(record.remarks[1]).toMatch(/test: cadences without a file: 1; .*4\.npy: .*there is no such file/);
    expect(record.remarks[2]).toMatch(/test: cadences that can't be scored as they are: 1; .*5\.npy: /);
    expect(record.evaluation.auc.value).toBeCloseTo(aucOf([1, 2, 3, 6], modelScore), 14);
  });

  it("are not asked about what they were trained on: held-out scores count", async () => {
    await recordRun(heldOutScores);
    const { record } = await evaluate(run, data, { ...quick, split: "train" });
    const all = new Map(heldOutScores.flat());
    expect(record.evaluation.count).toBe(6);
    expect(record.evaluation.auc.value).toBeCloseTo(
      aucOf([...all.keys()], (salt) => all.get(salt)!),
      14,
    );
    expect(record.evaluation.folds).toEqual([
      { fold: 0, count: 3, positives: 1, auc: 0.5 },
      { fold: 1, count: 3, positives: 1, auc: 1 },
    ]);
    expect(record.unscored).toEqual([14, 18].map(tinyId));
    expect(record.remarks).toEqual([
      "The run was trained on these cadences: each is scored only by the model that it was held out from (fold-*/validation.csv).",
      "2 of them were held out from none of its models, and are left out.",
    ]);
    const one = await evaluate(join(run, "fold-0", "model.onnx"), data, { ...quick, split: "train" });
    expect(one.record.evaluation).toMatchObject({ count: 3, auc: { value: 0.5 } });
    expect(one.record.remarks[0]).toMatch(/^The model was trained on these cadences/);
    expect(one.record.remarks[1]).toMatch(/^5 of them were held out from other models, or from none/);
    const onTest = await evaluate(run, data, quick);
    expect(onTest.record.evaluation.auc.value).toBeCloseTo(aucOf(tested, modelScore), 14);
  });

  it("know cadences by their names where the set has changed since", async () => {
    await recordRun(heldOutScores);
    await writeFile(join(data, "train_labels.csv"), csv(trained.slice(0, -1), labelOf));
    const { record } = await evaluate(run, data, { ...quick, split: "train" });
    expect(record.evaluation.count).toBe(6);
    expect(record.remarks[0]).toMatch(/^The run was trained on cadences of these names: each is scored only/);
  });

  it("score the training cadences of another set", async () => {
    await recordRun(heldOutScores);
    const other = join(folder, "other");
    for (const salt of [21, 22, 24]) await writeTinyCadence(other, "train", salt);
    await writeFile(join(other, "train_labels.csv"), csv([21, 22, 24], labelOf));
    const { record } = await evaluate(run, other, quick);
    expect(record.split).toBe("train");
    expect(record.evaluation.auc.value).toBeCloseTo(aucOf([21, 22, 24], modelScore), 14);
    expect(record.evaluation.folds).toBeUndefined();
  });

  it("are refused on their training data where nothing was held out", async () => {
    await recordRun([[]]);
    await expect(evaluate(run, data, { ...quick, split: "train" })).rejects.toThrow(
      "it was trained on these cadences and none of them was held out, so that they can't tell how good it is.",
    );
  });
});

describe("the report", () => {
  const needle = (salt: number): TruthRow => ({
    id: tinyId(salt),
    label: 1,
    kind: "needle",
    shape: "sine",
    profile: "tone",
    time: "steady",
    snr: 31.6,
    snrDb: 30,
    driftHzPerS: 0.5,
    scans: "1 0 1 0 1 0",
    path: '{"shape":"sine"}',
  });

  it("holds all that it shows, and the tables that it was made from", async () => {
    await writeFile(join(data, "truth.csv"), encodeTruthCsv([needle(3), needle(6)]));
    const scores = await scoreTable(
      "<s>&.csv",
      csv(tested, (salt) => (salt === 4 ? 0.9 : salt / 10)),
    );
    const out = join(folder, "report");
    const shares: number[] = [];
    const result = await evaluate(scores, data, { ...quick, out, onProgress: (share) => shares.push(share) });
    expect(result.page).toBe(join(out, "evaluation.html"));
    expect((await readdir(out)).sort()).toEqual(["evaluation.html", "evaluation.json", "scores.csv"]);
    const page = await readFile(result.page!, "utf8");
    expect(page).toContain("&lt;s&gt;&amp;.csv</h1>");
    expect(page.match(/<svg class="chart"/g)).toHaveLength(4);
    expect(page.match(/<img src="data:image\/png;base64,iVBOR/g)).toHaveLength(4);
    expect(page).toContain(
      `${tinyId(3)}, score 0.3: needle: sine, steady, tone, 30.0 dB, 0.500 Hz/s, scans 1 3 5`,
    );
    expect(page).not.toMatch(/(src|href)="(?!data:|#)/);
    const json = JSON.parse(await readFile(join(out, "evaluation.json"), "utf8"));
    expect(json.evaluation.curves.roc.at(-1)).toEqual([1, 1]);
    expect(json.evaluation.needles.by[0].groups).toMatchObject([{ name: "sine", count: 2 }]);
    const printed = JSON.parse(JSON.stringify(evaluateJson(result)));
    expect(printed.evaluation.curves).toBeUndefined();
    expect(printed).toMatchObject({ report: result.page, evaluation: { auc: json.evaluation.auc } });
    expect(shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share <= 1)).toBe(true);
    const again = await evaluate(join(out, "scores.csv"), data, quick);
    expect(again.record.evaluation).toEqual(result.record.evaluation);
  });

  it("passes over pictures of cadences that can't be read", async () => {
    const scores = await scoreTable(
      "s.csv",
      csv(tested, (salt) => salt / 10),
    );
    await rm(join(data, "test", "e", `${tinyId(5)}.npy`));
    const out = join(folder, "report");
    const { page } = await evaluate(scores, data, { ...quick, out, pictures: 1 });
    const text = await readFile(page!, "utf8");
    expect(text.match(/<figure id="cadence-\w+/g)).toEqual(
      [3, 4].map((salt) => `<figure id="cadence-${tinyId(salt)}`),
    );
  });

  it("can't be written where a file has the folder's name", async () => {
    const scores = await scoreTable(
      "s.csv",
      csv(tested, (salt) => salt / 10),
    );
    await mkdir(join(folder, "x"));
    await writeFile(join(folder, "x", "y"), "");
    await expect(evaluate(scores, data, { ...quick, out: join(folder, "x", "y") })).rejects.toThrow(
      "this is a file",
    );
  });
});
