import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadInputKernels } from "../learn/inputs/kernels.node.ts";
import { createPreparer } from "../learn/inputs/prepare.ts";
import { tinyCadence, tinyModel, writeTinyModel } from "../learn/testing/tiny-models.ts";
import { openDetector } from "./detector.node.ts";

const shape = { panels: 6, rows: 32, channels: 32 };
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-detector-"));
});
afterAll(() => rm(folder, { recursive: true }));

it.each(["max", "z-score-panel", "whiten"] as const)(
  "a model of cadences normalised by %s is opened and scores",
  async (normalisation) => {
    const path = join(folder, `${normalisation}.onnx`);
    const input = { normalisation, layout: "on" } as const;
    const model = tinyModel(2, 3 * 32 * 32);
    await writeTinyModel(path, model, { input, shape, flips: "time" });
    const detector = await openDetector(path, { threads: 1 });
    try {
      expect(detector).toMatchObject({ name: path, shape, image: { channels: 1, height: 96, width: 32 } });
      expect(detector.views).toEqual([
        { time: false, frequency: false },
        { time: true, frequency: false },
      ]);
      const image = new Float32Array(96 * 32);
      detector.prepare(tinyCadence(3, shape), image);
      const again = new Float32Array(96 * 32);
      createPreparer(input, shape, loadInputKernels())(tinyCadence(3, shape), again);
      expect(image).toEqual(again);
      const logit = image.reduce((sum, value, i) => sum + value * model.weights[i]!, model.bias);
      const [score] = await detector.score(image);
      expect(score).toBeCloseTo(1 / (1 + Math.exp(-logit)), 4);
    } finally {
      await detector.close();
    }
  },
);

it("a model that doesn't say how cadences are prepared is refused", async () => {
  const path = join(folder, "mute.onnx");
  await writeTinyModel(path, tinyModel(1), undefined);
  await expect(openDetector(path)).rejects.toThrow(/mute\.onnx: it does not say how cadences are prepared/);
});
