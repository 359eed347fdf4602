import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openOnnx } from "../nn/onnx/session.node.ts";
import { readSafetensors, writeSafetensors } from "../nn/safetensors.node.ts";
import { rocAuc } from "./metrics/roc.ts";
import { checkRecipe } from "./recipe.ts";
import { type HistoryEntry, readHistory, readRunRecord } from "./run-folder.node.ts";
import {
  killableRecipe,
  pathOf,
  type SmallSet,
  smallRecipe,
  writeLabels,
  writeSmallSet,
} from "./testing/small-set.node.ts";
import { type RunOptions, resumeRun, startRun, type TrainHooks } from "./train.node.ts";

let folder: string;
let set: SmallSet;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-train-"));
  set = await writeSmallSet(join(folder, "data"), 36);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const options = (more: Partial<RunOptions> = {}): RunOptions => {
  return { data: set.folder, recipe: smallRecipe, seed: 3, threads: 1, ...more };
};
const out = (name: string) => join(folder, name);

async function tensorsOf(path: string) {
  const { tensors } = await readSafetensors(path);
  return Object.fromEntries([...tensors].map(([name, { data }]) => [name, [...data]]));
}

async function digestsOf(path: string) {
  const { tensors } = await readSafetensors(path);
  return [...tensors].map(([name, { data }]) => `${name} ${createHash("sha256").update(data).digest("hex")}`);
}

/** What a fold learned, without the times. */
async function learned(run: string, fold: number) {
  const inFold = (file: string) => join(run, `fold-${fold}`, file);
  const history = await readHistory(join(run, `fold-${fold}`));
  return {
    last: await digestsOf(inFold("last.safetensors")),
    best: await digestsOf(inFold("best.safetensors")),
    model: createHash("sha256")
      .update(await readFile(inFold("model.onnx")))
      .digest("hex"),
    validation: await readFile(inFold("validation.csv"), "utf8"),
    history: history.map(
      ({ epoch, step, loss, learningRate, validationLoss, auc, best, done }: HistoryEntry) => {
        return { epoch, step, loss, learningRate, validationLoss, auc, best, done };
      },
    ),
  };
}

describe("a run", () => {
  it("learns, and leaves a folder that says what was done and holds what came of it", async () => {
    const entries: HistoryEntry[] = [];
    const run = out("plain");
    const recipe = { ...smallRecipe, epochs: 6, augment: {} };
    const result = await startRun(run, options({ recipe, fold: 1 }), {
      onEpoch: (entry) => entries.push(entry),
    });
    expect((await readdir(run)).sort()).toEqual(["fold-1", "run.json"]);
    const files = await readdir(join(run, "fold-1"));
    const named = ["best.safetensors", "history.jsonl", "last.safetensors", "model.onnx", "validation.csv"];
    expect(files.filter((file) => !file.startsWith("events.out.tfevents.")).sort()).toEqual(named);
    expect(files).toHaveLength(named.length + 1);

    const record = await readRunRecord(run);
    expect(record).toMatchObject({ recipe, seed: 3, limit: null, minutes: null, folds: [1], weights: null });
    expect(record!.data).toMatchObject({ cadences: 36, positives: 12, problems: {} });
    expect(await readHistory(join(run, "fold-1"))).toEqual(entries);
    expect(entries.map(({ epoch, step }) => [epoch, step])).toEqual(
      Array.from({ length: 6 }, (_, i) => [i + 1, 4 * (i + 1)]),
    );
    expect(entries.at(-1)).toMatchObject({ done: true, share: 1, validated: 12 });
    expect(entries.at(-1)!.loss).toBeLessThan(0.5 * entries[0]!.loss);
    expect(result.auc).toBeGreaterThan(0.9);
    expect(result.folds).toMatchObject([{ fold: 1, auc: result.auc, epochs: 6, steps: 24 }]);

    // The scores that are kept are those of the best, and the exported model gives them too.
    const best = entries.findLast((entry) => entry.best)!;
    const rows = (await readFile(join(run, "fold-1", "validation.csv"), "utf8")).trim().split("\n");
    expect(rows.shift()).toBe("id,target,score");
    const cells = rows.map((row) => row.split(","));
    expect(
      rocAuc(
        cells.map(([, target]) => Number(target)),
        cells.map(([, , score]) => Number(score)),
      ),
    ).toBe(best.auc);
    const session = await openOnnx(join(run, "fold-1", "model.onnx"));
    expect(session.description.preprocessing).toEqual({
      input: recipe.input,
      shape: { panels: 6, rows: 16, channels: 32 },
      flips: "frequency",
    });
    await session.close();
  });

  it("gives the same bits again, for any number of loader threads", async () => {
    await startRun(out("one"), options({ recipe: { ...smallRecipe, epochs: 1.5 }, fold: 0 }), {
      loaderThreads: 1,
    });
    await startRun(out("three"), options({ recipe: { ...smallRecipe, epochs: 1.5 }, fold: 0 }), {
      loaderThreads: 3,
    });
    expect(await learned(out("three"), 0)).toEqual(await learned(out("one"), 0));
  });

  it("killed and resumed, gives the bits of one that was not", async () => {
    const program = fileURLToPath(new URL("./testing/killable-run.node.ts", import.meta.url));
    /** Runs it until it has printed the line of a step, and kills it, or to its end. */
    const go = (run: string, until?: string) =>
      new Promise<string>((resolve, reject) => {
        const child = spawn(process.execPath, [program, set.folder, run], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let printed = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          printed += text;
          if (until !== undefined && printed.includes(until)) child.kill("SIGKILL");
        });
        child.on("error", reject).on("close", () => resolve(printed));
      });
    const whole = out("whole");
    await startRun(whole, options({ recipe: killableRecipe }));
    const killed = out("killed");
    for (const line of ["fold 0 step 3\n", "fold 1 step 6\n"]) {
      expect(await go(killed, line)).not.toContain("done");
    }
    expect(await go(killed)).toContain("done");
    for (const fold of [0, 1]) expect(await learned(killed, fold)).toEqual(await learned(whole, fold));
  }, 240_000);

  it("learns where injected needles are, the same bits for any number of loader threads", async () => {
    const shape = { panels: 6, rows: 32, channels: 64 };
    const larger = await writeSmallSet(join(folder, "larger"), 12, shape);
    const recipe = checkRecipe(
      {
        ...smallRecipe,
        input: { normalisation: "whiten", layout: "lines" },
        model: { name: "linenet", width: 0.25 },
        loss: { name: "bce", places: 0.5 },
        inject: { needles: 0.7, interference: 0.3, snrDb: [30, 40] },
        epochs: 3,
      },
      "places",
    );
    const train = async (name: string, loaderThreads: number, own = recipe) => {
      const all = { data: larger.folder, fold: 0, recipe: own };
      await startRun(out(name), options(all), { loaderThreads });
      return learned(out(name), 0);
    };
    const once = await train("places-1", 1);
    expect(await train("places-3", 3)).toEqual(once);
    const { history } = await train("no-places", 2, { ...recipe, loss: { name: "bce" } });
    // Half of a cross-entropy of about ln 2 is added.
    const added = once.history[0]!.loss - history[0]!.loss;
    expect(added).toBeGreaterThan(0.1);
    expect(added).toBeLessThan(0.6);
  });

  it("stopped within a validation, makes it when it goes on", async () => {
    const controller = new AbortController();
    const hooks: TrainHooks = {
      signal: controller.signal,
      onProgress: ({ validated }) => validated !== undefined && controller.abort(),
    };
    const one = options({ recipe: { ...smallRecipe, epochs: 1 }, fold: 0 });
    const stopped = await startRun(out("stopped"), one, hooks);
    expect(stopped).toMatchObject({ interrupted: true, folds: [] });
    const resumed = await resumeRun(out("stopped"));
    expect(resumed.interrupted).toBe(false);
    await startRun(out("unstopped"), one);
    expect(await learned(out("stopped"), 0)).toEqual(await learned(out("unstopped"), 0));
  });

  it("ends in the minutes that it is given, all folds and validations included", async () => {
    const minutes = 0.1;
    const started = performance.now();
    const recipe = { ...smallRecipe, epochs: 10_000, trainedFolds: 2 };
    const result = await startRun(out("timed"), options({ recipe, minutes }));
    const seconds = (performance.now() - started) / 1000;
    // The plan itself is held by time-plan.test.ts; by epochs this run would take hours.
    expect(seconds).toBeLessThan(60 * minutes + 15);
    expect(seconds).toBeGreaterThan(2);
    expect(result.folds).toHaveLength(2);
    for (const { fold, steps } of result.folds) {
      const history = await readHistory(join(out("timed"), `fold-${fold}`));
      expect(steps).toBeGreaterThan(2);
      expect(history.at(-1)).toMatchObject({ done: true, share: 1 });
    }
  });

  it("trains on everything where there is one fold, and lets no other training into its folder", async () => {
    const recipe = { ...smallRecipe, folds: 1, epochs: 1 };
    const atWork = /another training is at work in this folder/;
    const refusals: Promise<void>[] = [];
    const hooks: TrainHooks = {
      onEpoch() {
        for (const second of [startRun(out("everything"), options()), resumeRun(out("everything"))])
          refusals.push(expect(second).rejects.toThrow(atWork));
      },
    };
    const result = await startRun(out("everything"), options({ recipe, limit: 13 }), hooks);
    await Promise.all(refusals);
    expect(refusals).toHaveLength(2);
    expect(result).toMatchObject({ auc: null, record: { data: { cadences: 13, positives: 4 } } });
    expect(existsSync(join(out("everything"), "fold-0", "model.onnx"))).toBe(true);
    expect(existsSync(join(out("everything"), "fold-0", "validation.csv"))).toBe(false);
  });

  it("starts from the weights of a file, a checkpoint among them", async () => {
    const inPlain = (file: string) => join(out("plain"), "fold-1", file);
    const layer = "classifier.weight";
    for (const [file, name] of [
      ["best.safetensors", layer],
      ["last.safetensors", `average/${layer}`],
    ] as const) {
      const optimizer = { name: "sgd", learningRate: 1e-9 } as const;
      const recipe = { ...smallRecipe, weights: inPlain(file), epochs: 0.2, optimizer };
      const run = out(`from-${file}`);
      await startRun(run, options({ recipe, fold: 1 }));
      const begun = (await tensorsOf(inPlain(file)))[name]!;
      const trained = (await tensorsOf(join(run, "fold-1", "best.safetensors")))[layer]!;
      expect(Math.max(...trained.map((value, i) => Math.abs(value - begun[i]!)))).toBeLessThan(1e-5);
    }
    const strange = join(folder, "strange.safetensors");
    await writeSafetensors(strange, new Map([["a", { shape: [1], data: new Float32Array(1) }]]));
    const recipe = { ...smallRecipe, weights: strange };
    await expect(startRun(out("strange"), options({ recipe }))).rejects.toThrow(
      /strange.*Missing.*Unexpected: a/,
    );
  });

  it("stands in for cadences that can't be read, and counts them", async () => {
    const damaged = await writeSmallSet(join(folder, "damaged"), 36);
    await writeFile(pathOf(damaged.folder, damaged.ids[5]!), "not an array");
    const recipe = { ...smallRecipe, epochs: 1, folds: 2 };
    const result = await startRun(out("damaged"), options({ data: damaged.folder, recipe }));
    expect(result.problems).toHaveLength(1);
    expect(result.problems[0]).toMatchObject({ place: 5, skipped: true });
    const validated = await Promise.all(
      [0, 1].map((fold) => readHistory(join(out("damaged"), `fold-${fold}`))),
    );
    expect(validated.map(([entry]) => entry!.validated).sort()).toEqual([17, 18]);
  });

  it("refuses what it can't do, and says what to do instead", async () => {
    const run = out("refused");
    await expect(startRun(out("plain"), options())).rejects.toThrow(/a run in this folder.*--resume/);
    await expect(startRun(run, options({ fold: 3 }))).rejects.toThrow("Fold 3: the folds are 0 to 2.");
    await expect(startRun(run, options({ recipe: { ...smallRecipe, folds: 13 } }))).rejects.toThrow(
      /Label 1 .*13 folds/,
    );
    await expect(resumeRun(run)).rejects.toThrow(/no run in this folder/);
    const other = await writeSmallSet(join(folder, "other"), 36);
    await writeLabels(other.folder, other.ids, [1, 1, ...other.labels.slice(2)]);
    await expect(resumeRun(out("plain"), { data: other.folder })).rejects.toThrow(
      /not the cadences, or not the labels/,
    );
    await writeLabels(
      other.folder,
      other.ids,
      other.labels.map(() => 0),
    );
    await expect(startRun(run, options({ data: other.folder }))).rejects.toThrow(
      /all 36 cadences have one label, 0/,
    );
    await rm(join(other.folder, "train_labels.csv"));
    await expect(startRun(run, options({ data: other.folder }))).rejects.toThrow(/no table of labels/);
    expect(existsSync(run)).toBe(false);
    await writeFile(join(folder, "run.json"), "{}");
    await expect(resumeRun(folder)).rejects.toThrow(/no record of a run/);
  });

  it("knows its own recipe as a recipe", () => {
    expect(checkRecipe(JSON.parse(JSON.stringify(smallRecipe)), "small")).toEqual(smallRecipe);
  });
});
