/**
 * Holds the engine against the float64 reference over a whole graph: the loss, the logits, every gradient, the running statistics
 * after a step, and inference with these.
 */

import { expect } from "vitest";
import type { TrainingParts } from "../compile/training.ts";
import type { Graph } from "../op.ts";
import type { InputAttributes } from "../ops/input.ts";
import { sgd } from "../optimizers.ts";
import { root, tensorsOf } from "../plan.ts";
import { constantSchedule } from "../schedules.ts";
import { createTrainer, type Trainer, type TrainerOptions } from "../trainer.ts";
import { goldenWeights } from "./golden-graph.ts";
import { runReference } from "./reference.ts";
import { seeded } from "./rows.ts";
import type { TestMachine } from "./test-engines.ts";

type Numbers = Map<string, Float32Array>;

export interface CheckOptions {
  /** Instead of random ones. */
  readonly weights?: Readonly<Record<string, readonly number[]>>;
  readonly inputs?: Readonly<Record<string, Float32Array>>;
  /** Relative L2 distance allowed. */
  readonly tolerance?: number;
  readonly recompute?: TrainerOptions["recompute"];
  /** Weights whose gradients are compared; all of them if not given, which takes long for deep networks. */
  readonly gradientsOf?: readonly string[];
}

/** Weights and inputs are random, from a seed; inputs named `targets` lie from 0 to 1. */
export async function checkGraph(
  machines: readonly TestMachine[],
  parts: TrainingParts,
  { tolerance = 1e-4, recompute = "none", ...given }: CheckOptions = {},
): Promise<void> {
  const weights = goldenWeights(parts.graph);
  for (const [name, numbers] of Object.entries(given.weights ?? {}))
    weights.set(name, Float32Array.from(numbers));
  const inputs = { ...randomInputs(parts.graph), ...given.inputs };
  const of = given.gradientsOf ?? [...parts.graph.weights.keys()];
  const expected = referenceStep(parts, weights, inputs, of);

  expect(machines.length).toBeGreaterThan(0);
  for (const { name, engine } of machines) {
    const trainer = createTrainer(parts, engine, {
      weights,
      optimizer: sgd({ momentum: 0 }),
      schedule: constantSchedule(0),
      recompute,
    });
    poison(trainer);
    const { loss } = await trainer.step(inputs);
    expectNear(Float32Array.of(loss), expected.loss, tolerance, 1e-6, `${name}: loss`);
    expectNear(await trainer.lastLogits(), expected.logits, tolerance, 1e-6, `${name}: logits`);
    const gradients = await trainer.gradients();
    for (const [of, directions] of expected.slopes) {
      const slopes = directions.map(({ along }) => dot(gradients.get(of)!, along));
      const wanted = directions.map((direction, i) => closest(direction, slopes[i]!, tolerance));
      // A gradient that is zero but for rounding, as a bias's before a batch norm, is held against all gradients together.
      expectNear(slopes, wanted, tolerance, expected.gradientNorm * 1e-5, `${name}: gradient of ${of}`);
    }
    const after = await trainer.weights();
    for (const [of, numbers] of expected.updated)
      expectNear(after.get(of)!, numbers, tolerance, 1e-6, `${name}: ${of}`);
    poison(trainer);
    expectNear(
      await trainer.evaluate(inputs),
      expected.inference,
      tolerance,
      1e-6,
      `${name}: logits in inference`,
    );
  }
}

/** Numbers about 0 for every input of a graph, from 0 to 1 for `targets`. */
export function randomInputs(graph: Graph, seed = 1): Record<string, Float32Array> {
  const random = seeded(seed);
  const inputs: Record<string, Float32Array> = {};
  for (const { op, attributes, shape } of graph.values) {
    if (op.name !== "input") continue;
    const { name } = attributes as InputAttributes;
    const count = shape.reduce((product, size) => product * size, 1);
    inputs[name] = Float32Array.from({ length: count }, () =>
      name === "targets" ? random() : 3 * random() - 1.5,
    );
  }
  return inputs;
}

/** The relative L2 distance; `floor` is what counts as nothing. */
export function expectNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  floor: number,
  what: string,
): void {
  expect(actual.length, `${what}: count`).toBe(expected.length);
  const difference = Math.hypot(...Array.from(expected, (number, i) => number - actual[i]!));
  const allowed = tolerance * Math.hypot(...Array.from(expected)) + floor;
  if (!(difference <= allowed)) {
    const some = (numbers: ArrayLike<number>) => Array.from(numbers).slice(0, 6).join(", ");
    expect.fail(
      `${what} is ${difference} off, ${allowed} are allowed: ${some(actual)}; the reference has ${some(expected)}.`,
    );
  }
}

/** Fills what isn't kept from run to run with NaN, so that a number read before it is written shows. */
function poison({ plan, session }: Trainer): void {
  const used = new Set(Object.values(plan.programs).flat().flatMap(tensorsOf).map(root));
  for (const tensor of used) {
    if (!tensor.kept) session.write(tensor, new Float32Array(tensor.floats).fill(Number.NaN));
  }
}

interface Direction {
  readonly along: Float64Array;
  readonly slope: number;
  /** The slope of a smaller step, less exact but less likely to have a kink in it (ReLU, a maximum that changes hands). */
  readonly narrow: () => number;
}

function referenceStep(
  { graph, loss, logits }: TrainingParts,
  weights: Numbers,
  inputs: Record<string, Float32Array>,
  gradientsOf: readonly string[],
) {
  const trained = runReference(graph, { weights, inputs, training: true });
  const slopes = new Map<string, Direction[]>();
  for (const name of gradientsOf) {
    if (!graph.weights.get(name)!.trainable) continue;
    const start = weights.get(name)!;
    const lossAlong = (along: Float64Array, reach: number) => {
      const moved = Float64Array.from(start, (number, i) => number + reach * along[i]!);
      const run = {
        weights: new Map<string, ArrayLike<number>>([...weights, [name, moved]]),
        inputs,
        training: true,
        output: loss,
      };
      return runReference(graph, run).of(loss)[0]!;
    };
    slopes.set(
      name,
      directions(start.length, name).map((along) => {
        const slope = (step: number) => (lossAlong(along, step) - lossAlong(along, -step)) / (2 * step);
        return { along, slope: slope(1e-6), narrow: () => slope(1e-8) };
      }),
    );
  }
  const after = new Map<string, ArrayLike<number>>([...weights, ...trained.updated]);
  const inferred = runReference(graph, { weights: after, inputs, output: logits });
  const all = [...slopes.values()].flat().map(({ slope }) => slope);
  return {
    loss: trained.of(loss),
    logits: trained.of(logits),
    updated: trained.updated,
    inference: inferred.of(logits),
    slopes,
    gradientNorm: Math.hypot(...all),
  };
}

function closest({ slope, narrow }: Direction, actual: number, tolerance: number): number {
  return Math.abs(actual - slope) <= tolerance * Math.abs(slope) ? slope : narrow();
}

/**
 * Where to take slopes: along each axis, if there are few; else along random signs. A wrong element of the gradient shows in the slope along
 * random signs as much as by itself.
 */
function directions(count: number, name: string): Float64Array[] {
  const random = seeded(name.length * 7919 + count);
  return Array.from({ length: Math.min(count, 4) }, (_, axis) =>
    Float64Array.from({ length: count }, (_, i) => {
      if (count <= 4) return i === axis ? 1 : 0;
      return random() < 0.5 ? -1 : 1;
    }),
  );
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
