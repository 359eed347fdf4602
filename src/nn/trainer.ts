/** Trains a network on an engine, step by step, and scores with it. */

import { InputError, UsageError } from "../signal/errors.ts";
import { type Batch, batchWriter } from "./batches.ts";
import { compileTraining, type TrainingParts, type TrainingPlan } from "./compile/training.ts";
import type { Engine, Session } from "./engines/engine.ts";
import { firstNotFinite, remedy } from "./not-finite.ts";
import { isFinite32 } from "./number-options.ts";
import type { Tensor } from "./plan.ts";
import { checkedOptions, type TrainerOptions } from "./trainer-options.ts";
import { checkSettings, trainerSettings } from "./trainer-settings.ts";
import { problemOfState, type TrainerState } from "./trainer-state.ts";
import { createTurns } from "./turns.ts";
import {
  allFinite,
  checkWeights,
  type Held,
  readWeights,
  type WeightMap,
  writeWeights,
} from "./weight-arenas.ts";

export type { Batch } from "./batches.ts";
export type { TrainerOptions } from "./trainer-options.ts";
export type { TrainerState } from "./trainer-state.ts";

export interface StepReport {
  /** Mean over the batch. */
  readonly loss: number;
  /** Whether the weights were changed: after each `accumulate` batches. */
  readonly updated: boolean;
  /** Of the update's whole gradient before clipping; undefined where there was no update. */
  readonly gradNorm: number | undefined;
  readonly learningRate: number;
}

export interface RestoreOptions {
  /** Train on with the trainer's own optimiser, schedule and other settings, where they differ from the checkpoint's. */
  readonly newSettings?: boolean;
}

/**
 * Its calls take turns: each waits for those before it, and one that fails does not keep the next from its turn. A batch is read when its
 * call's turn comes, so arrays must stay as they are until the call has settled. All reject with an InputError once the engine is closed
 * or has gone on to another trainer.
 */
export interface Trainer {
  readonly plan: TrainingPlan;
  /** What the plan runs in. Whoever runs programs of it must wait for the trainer's own calls, and the other way around. */
  readonly session: Session;
  /** Batches seen, and updates done, since the start: by the calls that have settled. */
  readonly batches: number;
  readonly updates: number;
  /**
   * Takes one batch, whole. The weights change after `accumulate` of them. Throws an InputError that names the op if numbers stop being
   * finite; the weights are then as they were before. If it is the update that makes weights infinite, the error says so, and no call but `restore`
   * takes the weights any more.
   */
  step(batch: Batch): Promise<StepReport>;
  /**
   * Scores as many images as a batch holds, or fewer, in inference mode, with the moving average where there is one: logits [images, classes].
   * Throws an InputError that names the op if one of them isn't finite.
   */
  evaluate(batch: Batch): Promise<Float32Array>;
  /** The logits [n, classes] of the last batch that `step` took, from before its update. */
  lastLogits(): Promise<Float32Array>;
  /** Copies of all weights and running statistics, in PyTorch's layout: the moving average of each where there is one. */
  weights(): Promise<Map<string, Float32Array>>;
  /**
   * Copies of the gradients that the last step left, of each learned weight: the mean over the `accumulate` batches of the update, after
   * clipping; in the middle of an accumulation, the part of it that is there.
   */
  gradients(): Promise<Map<string, Float32Array>>;
  /** A copy of all that the training is made of at this moment. `checkpointContent` makes a file's content of it. */
  state(): Promise<TrainerState>;
  /**
   * Goes back, or on, to a state, and gives from there the numbers that the training which it came from would have given. Throws an InputError
   * that names what doesn't fit, with nothing changed: other settings, unless `newSettings` is given, or weights of another network.
   */
  restore(state: TrainerState, options?: RestoreOptions): Promise<void>;
}

/**
 * Makes a network's trainer, which takes the engine for itself. Throws a UsageError for an option out of its range, and an InputError where the parts can't be
 * trained, the weights don't fit them, or the memory doesn't suffice.
 */
export function createTrainer(parts: TrainingParts, engine: Engine, options: TrainerOptions): Trainer {
  const { weights, accumulate, seed, schedule, optimizer, ...choices } = checkedOptions(options);
  const plan = compileTraining(parts, engine, { optimizer, ...choices });
  checkWeights(plan.layout, weights, "all", "The weights");
  const session = engine.prepare(plan);
  const inTurn = createTurns();
  const settings = trainerSettings(optimizer, schedule, {
    accumulate,
    clipNorm: choices.clipNorm ?? "none",
    emaDecay: choices.emaDecay ?? "none",
    seed,
  });
  let batches = 0;
  let updates = 0;
  /** Batches since the last update. */
  let accumulated = 0;
  let stepped = false;
  /** Why the weights can't be used any more. */
  let broken: string | undefined;

  const put = (arena: Tensor, map: WeightMap, held: Held) => {
    writeWeights(session, plan.layout, arena, map, held);
  };
  const take = (arena: Tensor, held: Held) => readWeights(session, plan.layout, arena, held);
  /** What goes into a checkpoint beside the weights: the optimiser's arenas, and gradients that are not used yet. */
  const optimizerArenas = (waiting: number) => {
    return Object.entries({ ...plan.optimizerState, ...(waiting > 0 && { gradient: plan.gradients }) });
  };
  const scalar = (name: string, data: Float32Array | Uint32Array) => {
    const tensor = plan.scalars.get(name);
    if (tensor) session.write(tensor, data);
  };
  const number = async (tensor: Tensor) => (await session.read(tensor))[0]!;
  const images = parts.logits.shape[0]!;
  const trainingInputs = batchWriter(session, plan, "gradients", images);
  const scoringInputs = batchWriter(session, plan, "evaluate", images);

  const nextRate = () => {
    const rate = schedule(updates);
    if (typeof rate === "number" && rate >= 0 && isFinite32(rate)) return rate;
    throw new UsageError(
      `The schedule gives the learning rate ${rate} for update ${updates}; it must be 0 or more, and finite as a float32.`,
    );
  };
  const backward = async (batch: Batch) => {
    trainingInputs.whole(batch);
    scalar("step", Uint32Array.of(batches));
    scalar("seed", Uint32Array.of(seed));
    if (accumulated === 0) await session.run("clear");
    stepped = true;
    await session.run("gradients");
    const loss = await number(plan.loss);
    if (!Number.isFinite(loss)) throw await notFinite(`the loss is ${loss}`);
    await session.run("norm");
    const gradNorm = await number(plan.gradNorm);
    if (!Number.isFinite(gradNorm)) throw await notFinite(`the gradient's norm is ${gradNorm}`);
    return { loss, gradNorm };
  };
  const update = async (learningRate: number) => {
    scalar("lr", Float32Array.of(learningRate));
    scalar("updates", Uint32Array.of(updates + 1));
    await session.run("update");
  };
  /** Runs the step again, instruction by instruction, to find the first one that writes a number that is none. */
  const notFinite = async (problem: string) => {
    const place = await firstNotFinite(session, plan, "gradients");
    const step = batches;
    // What was accumulated is lost; the next batch begins anew.
    batches -= accumulated;
    accumulated = 0;
    return new InputError(
      `Step ${step}: ${problem}; the first number that isn't finite comes from ${place ?? "no op when run again"}. ` +
        `The weights are as they were before this step. ${remedy(parts, place, "gradients")}`,
    );
  };
  /** Weights can't be brought back once they are changed, so nothing goes on from them. */
  const checkBroken = async (learningRate: number) => {
    const count = new Uint32Array((await session.read(plan.broken)).buffer)[0]!;
    if (count === 0) return;
    const bad = [...(await take(plan.weights, "all"))].find(([, data]) => !allFinite(data))!;
    const { weight } = plan.layout.places.get(bad[0])!;
    const cause = weight.trainable
      ? `the update with the learning rate ${learningRate} made ${count} of the weights NaN or infinite, ${weight.name} the first`
      : `the activations have grown so large that ${weight.name} isn't finite`;
    broken = `Step ${batches}: ${cause}. They can't be brought back here: restore the last checkpoint, with a lower learning rate.`;
    throw new InputError(broken);
  };
  const checkUsable = () => {
    if (broken !== undefined) throw new InputError(broken);
  };

  put(plan.weights, weights, "all");
  if (plan.shadow) put(plan.shadow, weights, "all");
  scalar("lossScale", Float32Array.of(1 / accumulate));
  if (choices.emaDecay !== undefined) scalar("emaDecay", Float32Array.of(choices.emaDecay));
  session.write(plan.decays, decayTable(plan, optimizer.weightDecay));

  const step = async (batch: Batch): Promise<StepReport> => {
    checkUsable();
    const learningRate = nextRate();
    const { loss, gradNorm } = await backward(batch);
    const due = accumulated + 1 === accumulate;
    if (due) await update(learningRate);
    await session.run("statistics");
    await checkBroken(learningRate);
    if (due && plan.shadow) await session.run("average");
    batches++;
    accumulated = due ? 0 : accumulated + 1;
    if (due) updates++;
    return { loss, updated: due, gradNorm: due ? gradNorm : undefined, learningRate };
  };

  const evaluate = async (batch: Batch): Promise<Float32Array> => {
    if (!plan.shadow) checkUsable();
    const count = scoringInputs.upTo(batch);
    await session.run("evaluate");
    const all = await session.read(plan.scores);
    const each = all.length / images;
    const scores = all.slice(0, count * each);
    if (allFinite(scores)) return scores;
    const at = scores.findIndex((score) => !Number.isFinite(score));
    const place = await firstNotFinite(session, plan, "evaluate");
    throw new InputError(
      `Scoring: a logit of image ${Math.floor(at / each)} is ${scores[at]}; the first number that isn't finite comes from ` +
        `${place ?? "no op when run again"}. ${remedy(parts, place, "evaluate")}`,
    );
  };

  const state = async (): Promise<TrainerState> => {
    checkUsable();
    const moments = new Map<string, Float32Array>();
    for (const [part, arena] of optimizerArenas(accumulated)) {
      for (const [name, data] of await take(arena, "learned")) moments.set(`${part}/${name}`, data);
    }
    const weights = await take(plan.weights, "all");
    const average = plan.shadow && (await take(plan.shadow, "all"));
    return { batches, updates, accumulated, seed, weights, optimizer: moments, average, settings };
  };

  const restore = async (state: TrainerState, { newSettings = false }: RestoreOptions = {}) => {
    const problem = problemOfState(state);
    if (problem) throw new InputError(`The state to restore is none that a trainer gave: ${problem}.`);
    if (!newSettings) checkSettings(state.settings, settings);
    const moments = momentsOf(state, optimizerArenas(state.accumulated), settings);
    checkWeights(plan.layout, state.weights, "all", "The checkpoint's weights");
    if (state.average) checkWeights(plan.layout, state.average, "all", "The checkpoint's averages");
    else if (plan.shadow && !newSettings)
      throw new InputError("The checkpoint lacks the weights' moving average.");
    for (const { part, map } of moments) {
      checkWeights(plan.layout, map, "learned", `The checkpoint's numbers of the optimiser (${part})`);
    }
    put(plan.weights, state.weights, "all");
    if (plan.shadow) put(plan.shadow, state.average ?? state.weights, "all");
    for (const { arena, map } of moments) put(arena, map, "learned");
    ({ batches, updates, accumulated } = state);
    stepped = false;
    broken = undefined;
  };

  return {
    plan,
    session,
    get batches() {
      return batches;
    },
    get updates() {
      return updates;
    },
    step: (batch) => inTurn(() => step(batch)),
    evaluate: (batch) => inTurn(() => evaluate(batch)),
    lastLogits: () =>
      inTurn(async () => {
        if (!stepped) throw new InputError("There are no logits yet: no step has been taken.");
        return session.read(plan.logits);
      }),
    weights: () =>
      inTurn(async () => {
        if (!plan.shadow) checkUsable();
        return take(plan.shadow ?? plan.weights, "all");
      }),
    gradients: () => inTurn(() => take(plan.gradients, "learned")),
    state: () => inTurn(state),
    restore: (state, options) => inTurn(() => restore(state, options)),
  };
}

/** A state's arrays for each of the optimiser's arenas. Throws an InputError where they are of another optimiser. */
function momentsOf(
  state: TrainerState,
  arenas: readonly (readonly [string, Tensor])[],
  settings: TrainerState["settings"],
) {
  const begun = state.settings;
  if (state.accumulated > 0 && begun.accumulate !== settings.accumulate) {
    throw new InputError(
      `The checkpoint was taken after ${state.accumulated} of ${begun.accumulate} batches of an update: \`accumulate\` can't change there. ` +
        `Train on with accumulate: ${begun.accumulate} to the update's end, or take another checkpoint.`,
    );
  }
  const parts = new Map(arenas.map(([part]) => [part, new Map<string, Float32Array>()]));
  const found = new Set<string>();
  for (const [name, data] of state.optimizer) {
    const part = name.slice(0, name.indexOf("/"));
    found.add(part);
    parts.get(part)?.set(name.slice(part.length + 1), data);
  }
  if (found.size !== parts.size || [...found].some((part) => !parts.has(part))) {
    const list = (names: Iterable<string>) => [...names].join(", ") || "nothing";
    throw new InputError(
      `The checkpoint's optimiser, ${begun["optimizer.name"]}, keeps ${list(found)}; this one, ${settings["optimizer.name"]}, keeps ` +
        `${list(parts.keys())}. Use the checkpoint's optimiser, or begin a new training with the checkpoint's weights.`,
    );
  }
  return arenas.map(([part, arena]) => ({ part, arena, map: parts.get(part)! }));
}

/** Runs of the arena as the optimisers' kernels read them: start and end as integers, the decay as a float32. */
function decayTable(plan: TrainingPlan, weightDecay: number): Uint32Array {
  const runs = [...plan.layout.places.values()]
    .filter(({ weight }) => weight.trainable)
    .map(({ weight, offset, floats }) => {
      const [decayBits] = new Uint32Array(Float32Array.of(weight.decay ? weightDecay : 0).buffer);
      return [offset, offset + floats, decayBits!];
    });
  return Uint32Array.from(runs.flat());
}
