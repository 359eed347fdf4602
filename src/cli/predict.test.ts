import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HistoryEntry } from "../learn/run-folder.node.ts";
import {
  tinyCadence,
  tinyId,
  tinyModel,
  tinyScore,
  tinyShape,
  writeTinyCadence,
  writeTinyRun,
} from "../learn/testing/tiny-models.ts";
import { describeOnnx } from "../nn/onnx/read.ts";
import { exportModel } from "./export.ts";
import { predict } from "./predict.ts";
import { runCaptured } from "./testing/run-captured.ts";

const preprocessing = {
  input: { normalisation: "none", layout: "six" },
  shape: tinyShape,
  flips: "frequency",
} as const;
const models = [tinyModel(1), tinyModel(2)];

let folder: string;
let runFolder: string;
let data: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-predict-"));
  runFolder = join(folder, "run");
  data = join(folder, "data");
  await writeTinyRun(runFolder, models, preprocessing);
  for (const salt of [1, 2, 3, 4]) await writeTinyCadence(data, "test", salt);
  for (const salt of [8, 9]) await writeTinyCadence(data, "train", salt);
  await writeFile(join(data, "sample_submission.csv"), csv([3, 1, 7, 2].map((salt) => [tinyId(salt), 0.5])));
  await writeFile(join(data, "train_labels.csv"), csv([9, 8].map((salt) => [tinyId(salt), 1])));
});
afterEach(() => rm(folder, { recursive: true }));

const csv = (rows: (readonly [string, number])[]) => ["id,target", ...rows.map(String), ""].join("\n");

/** The probability by the mean of both models, of the cadence as it is and, where it is asked for, with its channels turned. */
function expectedScore(salt: number, flips: boolean): number {
  const { data } = tinyCadence(salt);
  const turned = data.map((_, i) => data[i - (i % 4) + 3 - (i % 4)]!);
  const scores = models.flatMap((model) =>
    (flips ? [data, turned] : [data]).map((image) => tinyScore(model, image)),
  );
  return scores.reduce((sum, score) => sum + score) / scores.length;
}

async function readScores(path: string): Promise<[string, number][]> {
  const [header, ...rows] = (await readFile(path, "utf8")).trimEnd().split("\n");
  expect(header).toBe("id,target");
  return rows.map((row) => [row.split(",")[0]!, Number(row.split(",")[1])]);
}

describe("predict", () => {
  it("writes the rows of the sample submission in their order, folds and flips averaged", async () => {
    const out = join(folder, "submission.csv");
    const prediction = await predict(runFolder, data, { out, threads: 1 });
    const scores = [3, 1, 2].map((salt) => expectedScore(salt, true));
    const missing = scores.reduce((sum, score) => sum + score) / 3;
    const rows = await readScores(out);
    expect(rows.map(([id]) => id)).toEqual([3, 1, 7, 2].map(tinyId));
    const expected = [scores[0]!, scores[1]!, missing, scores[2]!];
    for (const [i, [, score]] of rows.entries()) expect(score).toBeCloseTo(expected[i]!, 5);
    expect(prediction).toMatchObject({ out, cadences: 4, skipped: 1 });
    expect(prediction.models).toHaveLength(2);
    expect(prediction.meanScore).toBeCloseTo(missing, 5);
    expect(prediction.problems).toHaveLength(2);
    expect(prediction.problems.join("\n")).toMatch(
      /4\.npy: .*sample_submission\.csv does not name it\.\n.*7\.npy: /,
    );
  });

  it("scores each cadence once without flips, those of the train folder where it is asked to, and by one model", async () => {
    const out = join(folder, "train.csv");
    await predict(runFolder, data, { out, threads: 1, split: "train", flips: false });
    const rows = await readScores(out);
    expect(rows.map(([id]) => id)).toEqual([9, 8].map(tinyId));
    expect(rows[0]![1]).toBeCloseTo(expectedScore(9, false), 5);
    expect(rows[1]![1]).toBeCloseTo(expectedScore(8, false), 5);

    await writeFile(out, "before");
    const one = await predict(join(runFolder, "fold-1", "model.onnx"), data, { out, threads: 1 });
    expect(one.models).toEqual([join(runFolder, "fold-1", "model.onnx")]);
    expect(await readScores(out)).toHaveLength(4);
  });

  it("leaves the table as it was where something is wrong", async () => {
    const out = join(folder, "submission.csv");
    await writeFile(out, "before");
    await expect(predict(join(folder, "none"), data, { out })).rejects.toThrow("no such run or model");
    await expect(predict(runFolder, join(folder, "none"), { out })).rejects.toThrow("no such folder");
    await expect(
      predict(runFolder, data, { out: join(folder, "none", "a.csv"), threads: 1 }),
    ).rejects.toThrow("its folder doesn't exist");
    const own = join(data, "..", "data", "sample_submission.csv");
    await expect(predict(runFolder, data, { out: own, threads: 1 })).rejects.toThrow(
      "the data set's own table",
    );
    expect(await readFile(own, "utf8")).toContain(`${tinyId(3)},0.5`);
    expect(await readFile(out, "utf8")).toBe("before");
    expect((await readdir(folder)).sort()).toEqual(["data", "run", "submission.csv"]);
  });
});

describe("the commands", () => {
  it("tell what they did on standard error, or all of it as an object", async () => {
    const out = join(folder, "a.csv");
    const told = await runCaptured(["predict", runFolder, data, "--out", out, "--threads", "1"]);
    expect(told).toMatchObject({ exitCode: 0, stdout: "" });
    const lines = told.stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[2]).toMatch(
      /^Wrote .*a\.csv: 4 cadences, scored by 2 models \([\d.]+ a second\), 0\.\d{4} on/,
    );
    expect(lines[3]).toBe("1 of them could not be read and got the mean of all others.");

    const json = await runCaptured([
      "predict",
      runFolder,
      data,
      "--out",
      out,
      "--no-flips",
      "--threads",
      "1",
      "--json",
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      out,
      cadences: 4,
      skipped: 1,
      problems: expect.any(Array),
    });
    const model = join(folder, "m.onnx");
    const exported = await runCaptured(["export", runFolder, "--out", model]);
    expect(exported).toMatchObject({ exitCode: 0, stdout: "" });
    expect(exported.stderr).toMatch(/^Wrote .*m\.onnx: tiny of fold 0, for images of 6 x 5 x 4; /);
    expect(
      JSON.parse((await runCaptured(["export", runFolder, "--out", model, "--json"])).stdout),
    ).toMatchObject({
      fold: 0,
    });
  });

  it("give 2 where they are called wrongly, 1 where a run isn't there", async () => {
    expect(
      (await runCaptured(["export", runFolder, "--out", join(folder, "m.onnx"), "--fold", "5"])).exitCode,
    ).toBe(2);
    expect((await runCaptured(["predict", join(folder, "none"), data])).exitCode).toBe(1);
  });
});

describe("export", () => {
  const entry = (auc: number, best: boolean) => JSON.stringify({ auc, best } as HistoryEntry);

  it("copies the network whose best AUC is highest, or the one that is asked for", async () => {
    const out = join(folder, "model.onnx");
    const histories = [
      [entry(0.6, true), entry(0.9, true), entry(0.7, false)],
      [entry(0.8, true), entry(0.5, false)],
    ];
    for (const [fold, lines] of histories.entries()) {
      await writeFile(join(runFolder, `fold-${fold}`, "history.jsonl"), `${lines.join("\n")}\n`);
    }
    expect(await exportModel(runFolder, { out })).toMatchObject({
      out,
      fold: 0,
      auc: 0.9,
      model: "tiny",
      preprocessing,
      input: { shape: ["batch", 6, 5, 4] },
    });
    const bytes = await readFile(out);
    expect(bytes).toEqual(await readFile(join(runFolder, "fold-0", "model.onnx")));
    expect(describeOnnx(bytes).preprocessing).toEqual(preprocessing);
    expect(await exportModel(runFolder, { out, fold: 1 })).toMatchObject({ fold: 1, auc: 0.8 });
    expect(await readFile(out)).toEqual(await readFile(join(runFolder, "fold-1", "model.onnx")));
  });

  it("tells which folds there are, and takes the first where nothing was held out", async () => {
    const out = join(folder, "model.onnx");
    await expect(exportModel(runFolder, { out, fold: 3 })).rejects.toThrow(
      "of fold 3; there are those of 0, 1",
    );
    expect(await exportModel(runFolder, { out })).toMatchObject({ fold: 0, auc: null });
    await expect(exportModel(data, { out })).rejects.toThrow("no fold-0/model.onnx or the like");
    await expect(exportModel(join(folder, "none"), { out })).rejects.toThrow("can't be read");
  });
});
