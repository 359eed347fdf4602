/** Trains a network on an engine, step by step, and scores with it. */

import { InputError, UsageError } from "../signal/errors.ts";
import { compileTraining, type TrainingParts, type TrainingPlan } from "./compile/training.ts";
import type { Engine, Session } from "./engines/engine.ts";
import { adam, type Optimizer } from "./optimizers.ts";
import { type Instruction, root, type Tensor } from "./plan.ts";
import { constantSchedule, type Schedule } from "./schedules.ts";

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

export type TrainerSettings = Readonly<Record<string, number | string>>;

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
  const settings: TrainerSettings = {
    ...prefixed("optimizer", {
      name: optimizer.name,
      ...optimizer.arguments,
      weightDecay: optimizer.weightDecay,
    }),
    ...prefixed("schedule", schedule.settings),
    accumulate,
    clipNorm: options.clipNorm ?? "none",
    emaDecay: options.emaDecay ?? "none",
    seed,
  };
  let batches = 0;
  let updates = 0;

  const writeMap = (arena: Tensor, map: ReadonlyMap<string, Float32Array>, trainableOnly: boolean) => {
    for (const [name, { weight, offset, floats }] of plan.layout.places) {
      if (trainableOnly && !weight.trainable) continue;
      const data = map.get(name);
      if (!data) throw new InputError(`There are no numbers for ${name}.`);
      if (data.length !== floats) {
        throw new InputError(
          `${name} needs ${floats} numbers ([${weight.shape.join(", ")}]), not ${data.length}.`,
        );
      }
      session.write(arena, data, offset);
    }
  };
  const readMap = async (arena: Tensor, trainableOnly: boolean) => {
    const all = await session.read(arena);
    const map = new Map<string, Float32Array>();
    for (const [name, { weight, offset, floats }] of plan.layout.places) {
      if (!trainableOnly || weight.trainable) map.set(name, all.slice(offset, offset + floats));
    }
    return map;
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
    const place = (await firstNotFinite(session, plan.programs.gradients!)) ?? "no op when run again";
    const step = batches;
    // What was accumulated is lost; the next batch begins anew.
    batches -= batches % accumulate;
    return new InputError(
      `Step ${step}: ${problem}; the first number that isn't finite comes from ${place}. ` +
        "The weights are as they were before this step. Look for NaN in the input, or lower the learning rate.",
    );
  };

  writeMap(plan.weights, options.weights, false);
  if (plan.shadow) writeMap(plan.shadow, options.weights, false);
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
    weights: () => readMap(plan.shadow ?? plan.weights, false),
    gradients: () => readMap(plan.gradients, true),
    async state() {
      const optimizerState = new Map<string, Float32Array>();
      const parts = { ...plan.optimizerState };
      if (batches % accumulate !== 0) parts.gradient = plan.gradients;
      for (const [part, arena] of Object.entries(parts)) {
        for (const [name, data] of await readMap(arena, true)) optimizerState.set(`${part}/${name}`, data);
      }
      return {
        batches,
        updates,
        seed,
        weights: await readMap(plan.weights, false),
        optimizer: optimizerState,
        average: plan.shadow && (await readMap(plan.shadow, false)),
        settings,
      };
    },
    restore(state) {
      checkSettings(state.settings, settings);
      writeMap(plan.weights, state.weights, false);
      const parts = { ...plan.optimizerState };
      if (state.batches % accumulate !== 0) parts.gradient = plan.gradients;
      for (const [part, arena] of Object.entries(parts)) {
        const prefix = `${part}/`;
        const own = [...state.optimizer].filter(([name]) => name.startsWith(prefix));
        writeMap(arena, new Map(own.map(([name, data]) => [name.slice(prefix.length), data])), true);
      }
      if (plan.shadow) writeMap(plan.shadow, state.average ?? state.weights, false);
      batches = state.batches;
      updates = state.updates;
    },
  };
}

async function firstNotFinite(
  session: Session,
  program: readonly Instruction[],
): Promise<string | undefined> {
  await session.run("clear");
  for (const [i, instruction] of program.entries()) {
    await session.runPart("gradients", i, i + 1);
    for (const tensor of Object.values(instruction.writes)) {
      if (typeof tensor !== "object") continue;
      if ((await session.read(tensor)).some((number) => !Number.isFinite(number))) return instruction.origin;
    }
  }
  return undefined;
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

function prefixed(prefix: string, settings: TrainerSettings): TrainerSettings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${prefix}.${name}`, value]));
}

function checkSettings(begun: TrainerSettings, now: TrainerSettings): void {
  const names = [...new Set([...Object.keys(begun), ...Object.keys(now)])];
  const changed = names.filter((name) => begun[name] !== now[name]);
  if (changed.length === 0) return;
  const each = changed.map(
    (name) => `${name} was ${begun[name] ?? "absent"} and is ${now[name] ?? "absent"}`,
  );
  throw new InputError(
    `The checkpoint is of a training with other settings: ${each.join("; ")}. Give it the ones that it began with.`,
  );
}
