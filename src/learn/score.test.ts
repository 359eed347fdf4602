import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Panels } from "../signal/panels.ts";
import type { CadenceTrouble } from "./loader-messages.ts";
import { scoreCadences } from "./score.node.ts";
import { modelsOf } from "./scoring-models.node.ts";
import {
  type TinyModel,
  tinyCadence,
  tinyId,
  tinyModel,
  tinyShape,
  writeTinyCadence,
  writeTinyModel,
} from "./testing/tiny-models.ts";
import { turnInto, viewsOf } from "./views.ts";

const COUNT = 11;
const plain = { normalisation: "none", layout: "six" } as const;
const byMax = { normalisation: "max", layout: "on" } as const;
const first = tinyModel(1);
const second = tinyModel(2);
const third = tinyModel(3);

let folder: string;
const inFolder = (name: string) => join(folder, name);
/** A set of the cadences made from salts; the folder has those from 0 to COUNT - 1. */
const setOf = (...salts: number[]) => ({
  name: folder,
  ids: salts.map(tinyId),
  shape: tinyShape,
  pathOf: (place: number) => join(folder, "test", "e", `${tinyId(salts[place]!)}.npy`),
});
const everything = setOf(...Array.from({ length: COUNT }, (_, salt) => salt));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-score-"));
  for (let salt = 0; salt < COUNT; salt++) await writeTinyCadence(folder, "test", salt);
  await writeTinyModel(inFolder("first.onnx"), first, { input: plain, shape: tinyShape, flips: "both" });
  await writeTinyModel(inFolder("second.onnx"), second, { input: plain, shape: tinyShape, flips: "both" });
  await writeTinyModel(inFolder("third.onnx"), third, { input: byMax, shape: tinyShape, flips: "frequency" });
});
afterAll(() => rm(folder, { recursive: true }));

/** What a model says of a cadence, in float64, with panels, rows and channels told apart by hand. */
function oracle(
  { weights, bias }: TinyModel,
  { data }: Panels,
  { time, frequency }: { time: boolean; frequency: boolean },
  on = false,
): number {
  const { rows, channels } = tinyShape;
  const order = time ? [4, 3, 2, 1, 0, 5] : [0, 1, 2, 3, 4, 5];
  const shown = on ? [0, 2, 4] : [0, 1, 2, 3, 4, 5];
  const image = shown.flatMap((place) =>
    Array.from({ length: rows * channels }, (_, i) => {
      const row = Math.floor(i / channels);
      const channel = i % channels;
      const fromRow = time ? rows - 1 - row : row;
      const fromChannel = frequency ? channels - 1 - channel : channel;
      return data[(order[place]! * rows + fromRow) * channels + fromChannel]!;
    }),
  );
  const scale = on ? Math.max(...image.map(Math.abs)) : 1;
  const logit = image.reduce((sum, value, i) => sum + (weights[i]! * value) / scale, bias);
  return 1 / (1 + Math.exp(-logit));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const fourViews = [false, true].flatMap((time) => [false, true].map((frequency) => ({ time, frequency })));
const asItIs = { time: false, frequency: false };

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
}

describe("scores", () => {
  it("are the mean over a model's views", async () => {
    const expected = everything.ids.map((_, salt) =>
      mean(fourViews.map((view) => oracle(first, tinyCadence(salt), view))),
    );
    expectClose(await scoreCadences([inFolder("first.onnx")], everything, { threads: 1 }), expected);
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.2);
  });

  it("are the mean over models, each prepared for and viewed as it asks", async () => {
    const expected = everything.ids.map((_, salt) => {
      const cadence = tinyCadence(salt);
      return mean([
        mean(fourViews.map((view) => oracle(first, cadence, view))),
        mean(fourViews.map((view) => oracle(second, cadence, view))),
        mean([asItIs, { time: false, frequency: true }].map((view) => oracle(third, cadence, view, true))),
      ]);
    });
    const paths = ["first.onnx", "third.onnx", "second.onnx"].map(inFolder);
    const shares: number[] = [];
    const onProgress = (share: number) => void shares.push(share);
    expectClose(await scoreCadences(paths, everything, { threads: 2, onProgress }), expected);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it("can be of the cadence as it is, whatever the model asks, in batches of any size", async () => {
    const expected = everything.ids.map((_, salt) => oracle(first, tinyCadence(salt), asItIs));
    for (const batch of [1, 3, 64]) {
      const options = { flips: "none", batch, threads: 1 } as const;
      expectClose(await scoreCadences([inFolder("first.onnx")], everything, options), expected);
    }
  });

  it("stop when they are told to", async () => {
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("enough"));
    const options = { batch: 1, threads: 1, onProgress, signal: stop.signal };
    await expect(scoreCadences([inFolder("first.onnx")], everything, options)).rejects.toThrow("enough");
  });
});

describe("cadences that can't be scored", () => {
  it("are told once each, and get the mean of the others", async () => {
    const wrong = tinyCadence(0, { panels: 6, rows: 5, channels: 3 });
    await writeTinyCadence(folder, "test", 101, wrong);
    const path = await writeTinyCadence(folder, "test", 102);
    await writeFile(path, "not numpy's");
    const holes = tinyCadence(3);
    holes.data[7] = Number.NaN;
    holes.data[8] = Number.POSITIVE_INFINITY;
    await writeTinyCadence(folder, "test", 103, holes);

    const troubles: CadenceTrouble[] = [];
    const set = setOf(0, 100, 101, 1, 102, 103);
    const models = ["first.onnx", "third.onnx"].map(inFolder);
    const scores = await scoreCadences(models, set, { threads: 1, onProblem: (one) => troubles.push(one) });

    expect(troubles.map(({ place, skipped }) => [place, skipped]).sort()).toEqual([
      [1, true],
      [2, true],
      [4, true],
      [5, false],
    ]);
    for (const { place, message } of troubles) expect(message).toContain(set.pathOf(place));
    const filled = holes.data.map((value) => (Number.isFinite(value) ? value : 0));
    const whole = await scoreCadences(models, setOf(0, 1), { threads: 1 });
    const patched = mean([
      mean(fourViews.map((view) => oracle(first, { ...holes, data: filled }, view))),
      mean(fourViews.slice(0, 2).map((view) => oracle(third, { ...holes, data: filled }, view, true))),
    ]);
    const others = mean([whole[0]!, whole[1]!, patched]);
    expectClose(scores, [whole[0]!, others, others, whole[1]!, others, patched]);
  });

  it("are an error where they are all", async () => {
    const scored = scoreCadences([inFolder("first.onnx")], setOf(100, 200), { threads: 1 });
    await expect(scored).rejects.toThrow(/none of its 2 cadences could be scored\. .*e64\.npy/);
  });
});

describe("a model", () => {
  it("must be one of these cadences, say how they are prepared, and give one number", async () => {
    const fails = async (name: string, message: string, set: typeof everything = everything) => {
      const scored = scoreCadences([inFolder("first.onnx"), inFolder(name)], set, { threads: 1 });
      await expect(scored).rejects.toThrow(`${inFolder(name)}: ${message}`);
    };
    const preprocessing = { input: plain, shape: tinyShape, flips: "none" } as const;
    const other = { ...preprocessing, shape: { ...tinyShape, rows: 7 } };
    await writeTinyModel(inFolder("other.onnx"), tinyModel(1, 6 * 7 * 4), other);
    await fails("other.onnx", "it is for cadences of 6 x 7 x 4;");
    await writeTinyModel(inFolder("silent.onnx"), first, undefined);
    await fails("silent.onnx", "it does not say how cadences are prepared for it");
    await writeTinyModel(inFolder("two.onnx"), first, preprocessing, 2);
    await fails("two.onnx", "it gives 2 numbers a cadence");
    const flips = "sideways" as "none";
    await writeTinyModel(inFolder("flips.onnx"), first, { ...preprocessing, flips });
    await fails("flips.onnx", "its metadata's preprocessing can't be used (flips");
    await fails("none.onnx", "the model can't be read (ENOENT)");
    await expect(scoreCadences([], everything)).rejects.toThrow("No model was given");
  });
});

describe("a run's models", () => {
  it("are those of its folds, in the order of their numbers", async () => {
    const run = inFolder("run");
    for (const fold of [10, 2, 0]) {
      const preprocessing = { input: plain, shape: tinyShape, flips: "none" } as const;
      await writeTinyModel(join(run, `fold-${fold}`, "model.onnx"), first, preprocessing);
    }
    await writeTinyModel(join(run, "fold-x", "model.onnx"), first, undefined);
    const folds = [0, 2, 10].map((fold) => join(run, `fold-${fold}`, "model.onnx"));
    expect(await modelsOf(run)).toEqual(folds);
    expect(await modelsOf(inFolder("first.onnx"))).toEqual([inFolder("first.onnx")]);
  });

  it("must be there", async () => {
    await expect(modelsOf(inFolder("nothing"))).rejects.toThrow("no such run or model");
    await expect(modelsOf(inFolder("test"))).rejects.toThrow("no fold-0/model.onnx or the like");
    await writeFile(inFolder("run.json"), "{}");
    await expect(modelsOf(folder)).rejects.toThrow("this run has no model yet");
  });

  it("are not its other files, nor tables", async () => {
    for (const [name, message] of [
      ["run.json", `run.json: this is the record of a run. Give the run's folder, ${folder}.`],
      [
        "best.safetensors",
        `this is a file of a run's fold, and not its model. Give ${inFolder("model.onnx")}.`,
      ],
      [
        "x.csv",
        "x.csv: this is no model. Give the folder that `lodestone train --out` wrote, or an .onnx file",
      ],
    ] as const) {
      await writeFile(inFolder(name), "{}");
      await expect(modelsOf(inFolder(name))).rejects.toThrow(message);
      await rm(inFolder(name));
    }
  });
});

describe("views", () => {
  it("are as many as the flips ask for, the cadence as it is first", () => {
    expect(viewsOf("none")).toEqual([asItIs]);
    expect(viewsOf("time")).toEqual([asItIs, { time: true, frequency: false }]);
    expect(viewsOf("frequency")).toEqual([asItIs, { time: false, frequency: true }]);
    expect(viewsOf("both")).toEqual(fourViews);
  });

  it("give the cadence back when they are taken twice, and keep ON panels ON", () => {
    const scratch = new Float32Array(120);
    for (const view of fourViews) {
      const cadence = tinyCadence(5);
      turnInto(view, cadence, scratch);
      turnInto(view, cadence, scratch);
      expect(cadence).toEqual(tinyCadence(5));
    }
    const numbered = tinyCadence(0);
    for (let i = 0; i < 120; i++) numbered.data[i] = Math.floor(i / 20);
    turnInto({ time: true, frequency: true }, numbered, scratch);
    expect([0, 1, 2, 3, 4, 5].map((panel) => numbered.data[panel * 20 + 3])).toEqual([4, 3, 2, 1, 0, 5]);
  });
});
