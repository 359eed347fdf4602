import { describe, expect, it } from "vitest";
import { numel } from "../nn/op.ts";
import type { InputAttributes } from "../nn/ops/input.ts";
import { goldenWeights } from "../nn/testing/golden-graph.ts";
import { runReference } from "../nn/testing/reference.ts";
import { seeded } from "../nn/testing/rows.ts";
import { UsageError } from "../signal/errors.ts";
import { checkRecipe, type LossSpec } from "./recipe.ts";
import { buildNetwork } from "./recipe-network.ts";
import { recipes } from "./recipes/index.ts";

const shape = { panels: 6, rows: 32, channels: 32 };

function networkOf(loss: LossSpec) {
  const recipe = checkRecipe(
    {
      ...recipes.seed,
      ...{ input: { normalisation: "whiten", layout: "lines" }, batch: 2, loss },
      model: { name: "linenet", width: 0.125, dropout: 0, dropPath: 0 },
    },
    "test",
  );
  return buildNetwork(recipe, shape, 3);
}

/** The loss in the reference, for one set of numbers. */
function lossOf(spec: LossSpec, known: readonly number[]): number {
  const { parts, built, constants } = networkOf(spec);
  const random = seeded(1);
  const inputs = {
    ...constants,
    image: Float32Array.from({ length: numel(built.images.shape) }, () => random() - 0.5),
    targets: Float32Array.of(0, 1),
    placeTargets: Float32Array.from({ length: 12 }, (_, i) => (known[i] ? i % 2 : 0.5)),
    placesKnown: Float32Array.from(known),
  };
  const weights = goldenWeights(parts.graph, { statistics: false });
  return runReference(parts.graph, { weights, inputs, output: parts.loss }).of(parts.loss)[0]!;
}

describe("a recipe with a loss on places", () => {
  it("has a grid of them, and inputs for what is known of them", () => {
    const { places, parts } = networkOf({ name: "bce", places: 2 });
    expect(places).toEqual({ rows: 3, columns: 2 });
    const inputs = parts.graph.values.filter(({ op }) => op.name === "input");
    expect(
      Object.fromEntries(inputs.map((value) => [(value.attributes as InputAttributes).name, value.shape])),
    ).toEqual({
      ...{ image: [2, 54, 12, 32], targets: [2, 1], placeTargets: [2, 6], placesKnown: [2, 6] },
    });
  });

  it("adds it, by its weight, to the images' loss", () => {
    const some = [1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 0];
    for (const loss of [
      { name: "bce" },
      { name: "bce", positiveWeight: "balanced" },
      { name: "focal", gamma: 1 },
    ] as const) {
      const alone = lossOf(loss, some);
      const once = lossOf({ ...loss, places: 1 }, some);
      const thrice = lossOf({ ...loss, places: 3 }, some);
      expect(once - alone).toBeGreaterThan(0.1);
      expect(thrice - alone).toBeCloseTo(3 * (once - alone), 10);
    }
  });

  it("is refused of a model that says no places", () => {
    const recipe = { ...recipes.seed!, loss: { name: "bce", places: 1 } } as const;
    const build = () => buildNetwork(recipe, { panels: 6, rows: 64, channels: 64 }, 1);
    expect(build).toThrow(UsageError);
    expect(build).toThrow(
      "The model efficientnet_b0 doesn't say where it sees a needle: leave out loss.places.",
    );
  });
});
