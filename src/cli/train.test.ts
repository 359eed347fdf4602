import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HistoryEntry, RunRecord } from "../learn/run-folder.node.ts";
import { type SmallSet, smallRecipe, writeSmallSet } from "../learn/testing/small-set.node.ts";
import { runProgram } from "./program.ts";
import { epochLine, progressNote, trainText } from "./train.ts";

let folder: string;
let set: SmallSet;
let recipe: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-cli-train-"));
  set = await writeSmallSet(join(folder, "data"), 24);
  recipe = join(folder, "small.json");
  await writeFile(recipe, JSON.stringify({ ...smallRecipe, epochs: 1 }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

/** Runs the command; `onErr` sees standard error as it comes. */
function lodestone(
  args: readonly string[],
  onErr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [main, "train", ...args]);
    const printed = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      printed.err += text;
      onErr?.(printed.err, (signal) => child.kill(signal));
    });
    child.on("error", reject).on("close", (code) => resolve({ code, ...printed }));
  });
}

async function failing(...args: string[]): Promise<string> {
  let err = "";
  const output = {
    out: () => {},
    err: (text: string) => {
      err += text;
    },
  };
  expect(await runProgram(["train", set.folder, "--out", join(folder, "none"), ...args], output)).toBe(2);
  return err;
}

describe("lodestone train", () => {
  it("trains all folds, says a line an epoch on standard error, and prints one object", async () => {
    const out = join(folder, "run");
    const options = [
      "--recipe",
      recipe,
      "--batch",
      "4",
      "--folds",
      "2",
      "--epochs",
      "2",
      "--seed",
      "5",
      "--threads",
      "1",
    ];
    const { code, out: printed, err } = await lodestone([set.folder, "--out", out, "--json", ...options]);
    expect(code).toBe(0);
    const result = JSON.parse(printed);
    expect(result).toMatchObject({ run: out, recipe: "small", seed: 5, interrupted: false, unreadable: [] });
    expect(
      result.folds.map(({ fold, epochs, steps }: Record<string, number>) => [fold, epochs, steps]),
    ).toEqual([
      [0, 2, 6],
      [1, 2, 6],
    ]);
    expect(result.auc).toBeCloseTo((result.folds[0].auc + result.folds[1].auc) / 2, 12);
    const lines = err.trim().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[3]).toMatch(
      /^fold 1 {2}epoch 2 {2}step 6 {2}loss \d\.\d+ .* AUC [01]\.\d{4}.* images\/s {2}waited \d+\.\d % /,
    );
    const record = JSON.parse(await readFile(join(out, "run.json"), "utf8"));
    expect(record).toMatchObject({
      recipe: { batch: 4, folds: 2, epochs: 2 },
      folds: [0, 1],
      seed: 5,
      threads: 1,
    });

    const again = await lodestone([set.folder, "--out", out, "--resume"]);
    expect(again.code).toBe(0);
    expect(again.out).toMatch(/fold +AUC.*\n +0 .*\n +1 .*\n\nMean AUC of the folds: [01]\.\d{4}\nRun: /);
  }, 240_000);

  it("keeps a checkpoint when it is interrupted, says how to go on, and goes on", async () => {
    const out = join(folder, "interrupted");
    const args = [
      set.folder,
      "--out",
      out,
      "--recipe",
      recipe,
      "--epochs",
      "20",
      "--fold",
      "0",
      "--threads",
      "1",
    ];
    let stopped = false;
    const first = await lodestone(args, (err, kill) => {
      if (!stopped && err.includes("  step 6 ")) kill("SIGINT");
      stopped ||= err.includes("  step 6 ");
    });
    expect(first.code).toBe(130);
    expect(first.err).toMatch(
      /Stopping after this step[\s\S]*a checkpoint is kept\. Go on: lodestone train .* --resume\n$/,
    );
    const second = await lodestone([set.folder, "--out", out, "--resume", "--json"]);
    expect(second.code).toBe(0);
    expect(second.err).toMatch(/ step 54 /);
    expect(second.err).not.toMatch(/ step 6 /);
    expect(JSON.parse(second.out)).toMatchObject({ interrupted: false, folds: [{ fold: 0, steps: 54 }] });
  }, 240_000);

  it("refuses options that contradict each other, or a run that goes on", async () => {
    expect(await failing("--epochs", "2", "--minutes", "3")).toMatch(/--epochs and --minutes both/);
    expect(await failing("--resume", "--batch", "4", "--model", "B1")).toMatch(
      /leave out --model, --batch|leave out --batch, --model/,
    );
    expect(await failing("--model", "B9")).toMatch(
      /The recipe images: model: There is no model named efficientnet_b9/,
    );
    expect(await failing("--fold", "5")).toMatch(/Fold 5: the folds are 0 to 4\./);
    expect(await failing("--limit", "1")).toMatch(/--limit/);
  });

  it("tells of a run that was stopped before its first validation without a table", () => {
    const text = trainText({
      ...{ out: "run", folds: [], auc: null, problems: [], interrupted: true },
      record: {
        recipe: { name: "small", model: { name: "linenet" } },
        data: { cadences: 24, positives: 8 },
      } as unknown as RunRecord,
    });
    expect(text).toBe(
      "Trained linenet by the recipe small on 24 cadences, 8 with a needle.\n\n" +
        "No fold has come to a validation yet.\n\nRun: run\n",
    );
  });

  it("tells a step and an epoch in a line", () => {
    const now = {
      ...{
        fold: 2,
        turn: 1,
        turns: 3,
        epoch: 1.25,
        epochs: 4,
        step: 50,
        steps: 160,
        loss: 0.31234,
        learningRate: 5e-4,
      },
      ...{
        imagesPerS: 16.04,
        auc: 0.8125,
        elapsedS: 10,
        leftS: 20,

        runLeftS: 20,
        validated: undefined,
      },
    };
    expect(progressNote(now)).toBe(
      "loss 0.312  AUC 0.813  epoch 1.3/4.0  fold 2 (2 of 3)  step 50/160  rate 0.0005  16.0 images/s",
    );
    expect(progressNote({ ...now, turns: 1, auc: null, validated: 0.456, learningRate: 2.345e-6 })).toBe(
      "validating 45 %  loss 0.312  epoch 1.3/4.0  step 50/160  rate 2.3e-6  16.0 images/s",
    );
    const entry: HistoryEntry = {
      ...{ epoch: 2, step: 80, share: 0.5, loss: 0.25, learningRate: 0, validationLoss: null, auc: null },
      ...{
        validated: 0,
        best: true,
        imagesPerS: 15,
        waitedShare: 0.0123,
        validationS: 0,
        elapsedS: 12.6,
        done: false,
      },
    };
    expect(epochLine(entry, 0)).toBe(
      "fold 0  epoch 2  step 80  loss 0.2500  rate 0  15.0 images/s  waited 1.2 %  13 s",
    );
  });
});
