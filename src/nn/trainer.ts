/** Trains a network on an engine, step by step, and scores with it. */

import { InputError, UsageError } from "../signal/errors.ts";
import { compileTraining, type TrainingParts, type TrainingPlan } from "./compile/training.ts";
import type { Engine, Session } from "./engines/engine.ts";
import { firstNotFinite } from "./not-finite.ts";
import { adam, type Optimizer } from "./optimizers.ts";
import { root, type Tensor } from "./plan.ts";
import { constantSchedule, type Schedule } from "./schedules.ts";
import { checkSettings, type TrainerSettings, trainerSettings } from "./trainer-settings.ts";
import { checkWeights, type Held, readWeights, type WeightMap, writeWeights } from "./weight-arenas.ts";

export interface TrainerOptions {
  /** Values of all weights by name, in PyTorch's layout. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Adam with PyTorch's defaults, if not given. */
  readonly optimizer?: Optimizer;
  /** The learning rate of each update; 1e-3 throughout, if not given. */
  readonly schedule?: Schedule;
  /** Largest norm of the whole gradient. */
  readonly clipNorm?: number;
  /** Batches whose gradients are averaged for one update. */
  readonly accumulate?: number;
  /** Keep a moving average of the weights with this decay, and score with it. */
  readonly emaDecay?: number;
  /** Draws dropout and drop path. */
  readonly seed?: number;
  /** Blocks that are computed twice to save memory: as few as fit into `maxBytes` ("auto"), all, or none. */
  readonly recompute?: "auto" | "all" | "none";
  /** Memory that the training may take; as much as the engine has, if not given. */
  readonly maxBytes?: number;
}

export interface StepReport {
  /** Mean over the batch. */
  readonly loss: number;
  /** Whether the weights were changed: after each `accumulate` batches. */
  readonly updated: boolean;
  /** Of the update's whole gradient before clipping; undefined where there was no update. */
  readonly gradNorm: number | undefined;
  readonly learningRate: number;
}

/** All that a training is made of at a moment, for a checkpoint. */
export interface TrainerState {
  /** Batches seen and updates done. */
  readonly batches: number;
  readonly updates: number;
  readonly seed: number;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** `m/conv_stem.weight` and the like, and `gradient/...` in the middle of an accumulation. */
  readonly optimizer: ReadonlyMap<string, Float32Array>;
  readonly average: ReadonlyMap<string, Float32Array> | undefined;
  /** The optimiser, the schedule and the rest, by which a training goes on as it was begun. */
  readonly settings: TrainerSettings;
}

export type Batch = Readonly<Record<string, Float32Array>>;

export interface Trainer {
  readonly plan: TrainingPlan;
  readonly session: Session;
  /** Batches seen, and updates done, since the start. */
  readonly batches: number;
  readonly updates: number;
  /**
   * Takes one batch: the graph's inputs by name, in PyTorch's order. The weights change after `accumulate` of them. Throws an error
   * that names the op if numbers stop being finite; the weights are then as they were before.
   */
  step(batch: Batch): Promise<StepReport>;
  /** Scores a batch in inference mode, with the moving average where there is one: logits [n, classes]. */
  evaluate(batch: Batch): Promise<Float32Array>;
  /** The logits of the last batch that `step` saw, from before its update. */
  lastLogits(): Promise<Float32Array>;
  weights(): Promise<Map<string, Float32Array>>;
  gradients(): Promise<Map<string, Float32Array>>;
  state(): Promise<TrainerState>;
  restore(state: TrainerState): void;
}

export function createTrainer(parts: TrainingParts, engine: Engine, options: TrainerOptions): Trainer {
  const { accumulate = 1, seed = 0, schedule = constantSchedule(1e-3), optimizer = adam() } = options;
  if (!Number.isInteger(accumulate) || accumulate < 1) {
    throw new UsageError(`Gradients are accumulated over 1 batch or more; ${accumulate} were asked for.`);
  }
  const plan = compileTraining(parts, engine, {
    optimizer,
    clipNorm: options.clipNorm,
    emaDecay: options.emaDecay,
    recompute: options.recompute,
    maxBytes: options.maxBytes,
  });
  const session = engine.prepare(plan);
  const settings = trainerSettings(optimizer, schedule, {
    accumulate,
    clipNorm: options.clipNorm ?? "none",
    emaDecay: options.emaDecay ?? "none",
    seed,
  });
  let batches = 0;
  let updates = 0;

  const put = (arena: Tensor, map: WeightMap, held: Held) => {
    writeWeights(session, plan.layout, arena, map, held);
  };
  const take = (arena: Tensor, held: Held) => readWeights(session, plan.layout, arena, held);
  /** What goes into a checkpoint beside the weights: the optimiser's arenas, and gradients that are not used yet. */
  const optimizerArenas = (batchesSeen: number) => {
    const gradient = batchesSeen % accumulate === 0 ? {} : { gradient: plan.gradients };
    return Object.entries({ ...plan.optimizerState, ...gradient });
  };
  const scalar = (name: string, data: Float32Array | Uint32Array) => {
    const tensor = plan.scalars.get(name);
    if (tensor) session.write(tensor, data);
  };
  const number = async (tensor: Tensor) => (await session.read(tensor))[0]!;
  const writeInputs = (batch: Batch, needed: ReadonlySet<Tensor>) => {
    for (const [name, { tensor, shape }] of plan.inputs) {
      if (!needed.has(tensor)) continue;
      const data = batch[name];
      if (!data || data.length !== tensor.floats) {
        const given = data ? `${data.length}` : "none";
        throw new InputError(
          `${name} needs ${tensor.floats} numbers ([${shape.join(", ")}]); ${given} were given.`,
        );
      }
      session.write(tensor, data);
    }
  };
  const tensorsRead = (program: string) => {
    const reads = plan.programs[program]!.flatMap((instruction) => Object.values(instruction.reads));
    return new Set(reads.filter((argument) => typeof argument === "object").map(root));
  };
  const trainingInputs = tensorsRead("gradients");
  const scoringInputs = tensorsRead("evaluate");

  const backward = async (batch: Batch) => {
    writeInputs(batch, trainingInputs);
    scalar("step", Uint32Array.of(batches));
    scalar("seed", Uint32Array.of(seed));
    if (batches % accumulate === 0) await session.run("clear");
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
    updates++;
  };
  /** Runs the step again, instruction by instruction, to find the first one that writes a number that is none. */
  const notFinite = async (problem: string) => {
    const place = (await firstNotFinite(session, plan)) ?? "no op when run again";
    const step = batches;
    // What was accumulated is lost; the next batch begins anew.
    batches -= batches % accumulate;
    return new InputError(
      `Step ${step}: ${problem}; the first number that isn't finite comes from ${place}. ` +
        "The weights are as they were before this step. Look for NaN in the input, or lower the learning rate.",
    );
  };

  checkWeights(plan.layout, options.weights, "all", "The weights");
  put(plan.weights, options.weights, "all");
  if (plan.shadow) put(plan.shadow, options.weights, "all");
  scalar("lossScale", Float32Array.of(1 / accumulate));
  if (options.emaDecay !== undefined) scalar("emaDecay", Float32Array.of(options.emaDecay));
  session.write(plan.decays, decayTable(plan, optimizer.weightDecay));

  return {
    plan,
    session,
    get batches() {
      return batches;
    },
    get updates() {
      return updates;
    },
    async step(batch) {
      const learningRate = schedule(updates);
      if (!Number.isFinite(learningRate)) {
        throw new UsageError(`The schedule gives the learning rate ${learningRate} for update ${updates}.`);
      }
      const { loss, gradNorm } = await backward(batch);
      const due = (batches + 1) % accumulate === 0;
      if (due) await update(learningRate);
      await session.run("statistics");
      if (due && plan.shadow) await session.run("average");
      batches++;
      return { loss, updated: due, gradNorm: due ? gradNorm : undefined, learningRate };
    },
    async evaluate(batch) {
      writeInputs(batch, scoringInputs);
      await session.run("evaluate");
      return session.read(plan.logits);
    },
    lastLogits: () => session.read(plan.logits),
    weights: () => take(plan.shadow ?? plan.weights, "all"),
    gradients: () => take(plan.gradients, "learned"),
    async state() {
      const moments = new Map<string, Float32Array>();
      for (const [part, arena] of optimizerArenas(batches)) {
        for (const [name, data] of await take(arena, "learned")) moments.set(`${part}/${name}`, data);
      }
      const weights = await take(plan.weights, "all");
      const average = plan.shadow && (await take(plan.shadow, "all"));
      return { batches, updates, seed, weights, optimizer: moments, average, settings };
    },
    restore(state) {
      checkSettings(state.settings, settings);
      const moments = optimizerArenas(state.batches).map(([part, arena]) => {
        const own = [...state.optimizer].filter(([name]) => name.startsWith(`${part}/`));
        return { arena, map: new Map(own.map(([name, data]) => [name.slice(part.length + 1), data])) };
      });
      checkWeights(plan.layout, state.weights, "all", "The checkpoint's weights");
      if (state.average) checkWeights(plan.layout, state.average, "all", "The checkpoint's averages");
      for (const { map } of moments) checkWeights(plan.layout, map, "learned", "The optimiser's numbers");
      put(plan.weights, state.weights, "all");
      if (plan.shadow) put(plan.shadow, state.average ?? state.weights, "all");
      for (const { arena, map } of moments) put(arena, map, "learned");
      batches = state.batches;
      updates = state.updates;
    },
  };
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
