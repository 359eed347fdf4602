/** The training of one fold's network, from its start or its last checkpoint to its end. */

import { access } from "node:fs/promises";
import { join } from "node:path";
import type { CadenceSet } from "../formats/cadence-folder.node.ts";
import { encodeCsv } from "../formats/csv.ts";
import { makeFolder } from "../formats/make-folder.node.ts";
import { openTensorBoardWriter } from "../formats/tensorboard-writer.node.ts";
import { checkpointContent, readCheckpoint } from "../nn/checkpoint.ts";
import type { Engine } from "../nn/engines/engine.ts";
import { writeOnnx } from "../nn/onnx/onnx.node.ts";
import { readSafetensors, writeSafetensors } from "../nn/safetensors.node.ts";
import { customSchedule } from "../nn/schedules.ts";
import { createTrainer } from "../nn/trainer.ts";
import { checkpointTensors } from "../nn/weights.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { streamKey } from "../simulate/random.ts";
import type { Loader } from "./loader.node.ts";
import type { CadenceTrouble, ExampleJob } from "./loader-messages.ts";
import { networkNodes } from "./network-graph.ts";
import { type ProgressPlan, planSteps, rateFactor, shareDone, totalSteps } from "./progress-plan.ts";
import { buildNetwork, makeOptimizer } from "./recipe-network.ts";
import { type HistoryEntry, type RunRecord, runFiles, writeHistory } from "./run-folder.node.ts";
import { createSampler, limitPlaces } from "./samples.ts";
import { startWeights, type WeightsFile } from "./start-weights.node.ts";
import { createTimePlanner, type ValidationPlan } from "./time-plan.ts";
import { type Validation, validate } from "./validation.node.ts";

/** Batches that are made while one is trained on. */
const AHEAD = 2;
/** Steps that a plan starts with until the speed is known: so many that the first few are a small part of it. */
const UNKNOWN_STEPS = 10_000;

export interface FoldTask {
  readonly record: RunRecord;
  readonly fold: number;
  /** The fold's own. */
  readonly folder: string;
  readonly set: CadenceSet;
  readonly labels: ArrayLike<number>;
  readonly trained: Int32Array;
  readonly heldOut: Int32Array;
  readonly weights: WeightsFile | undefined;
  readonly engine: Engine;
  readonly loader: Loader;
  /** Seconds that the fold may take, counted from its very start; undefined: the recipe's epochs. */
  readonly budgetS: number | undefined;
  readonly checkpointEveryS: number;
  readonly signal: AbortSignal | undefined;
  onProgress(progress: FoldProgress): void;
  onEpoch(entry: HistoryEntry): void;
}

export interface FoldProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly imagesPerS: number;
  /** Of the last validation. */
  readonly auc: number | null;
  readonly elapsedS: number;
  /** Of this fold; NaN until it is known. */
  readonly leftS: number;
  /** Share of a validation that is done, while one is made. */
  readonly validated: number | undefined;
}

export interface FoldResult {
  readonly fold: number;
  readonly history: readonly HistoryEntry[];
  /** What was wrong with cadences, one for each. */
  readonly problems: readonly CadenceTrouble[];
  /** Whether it was stopped before its end. */
  readonly interrupted: boolean;
}

/** What a checkpoint keeps beside the trainer's state. */
interface FoldNotes {
  readonly plan: ProgressPlan;
  readonly validations: ValidationPlan | null;
  readonly history: readonly HistoryEntry[];
  /** Since the last line of the history. */
  readonly since: Sums;
  /** Whether the validation after the last step is still to be made. */
  readonly unvalidated: boolean;
  readonly elapsedS: number;
}

interface Sums {
  steps: number;
  loss: number;
  trainedS: number;
  waitedS: number;
}

export async function trainFold(task: FoldTask): Promise<FoldResult> {
  const { record, fold, folder, set, labels, trained, heldOut, engine, loader } = task;
  const { recipe } = record;
  const { batch } = recipe;
  const startedMs = performance.now();
  await makeFolder(folder);
  const pathOf = (file: keyof typeof runFiles) => join(folder, runFiles[file]);
  const checkpoint = await readLast(pathOf("last"));
  const notes = checkpoint?.notes as unknown as FoldNotes | undefined;
  const elapsedS = () => (notes?.elapsedS ?? 0) + (performance.now() - startedMs) / 1000;

  const history: HistoryEntry[] = [...(notes?.history ?? [])];
  const since: Sums = { ...(notes?.since ?? noSums()) };
  const problems = new Map<number, CadenceTrouble>();
  let unvalidated = notes?.unvalidated ?? false;
  let plan =
    notes?.plan ??
    planSteps(
      task.budgetS !== undefined ? UNKNOWN_STEPS : Math.ceil((recipe.epochs * trained.length) / batch),
    );
  if (history.at(-1)?.done) {
    await writeHistory(folder, history);
    return { fold, history, problems: [], interrupted: false };
  }

  const positives = trained.filter((place) => labels[place]! >= 0.5).length;
  const balance = positives > 0 ? (trained.length - positives) / positives : 1;
  const network = buildNetwork(recipe, set.shape, balance);
  const { model, built, parts, imageFloats, constants, places } = network;
  const seed = streamKey(record.seed, fold)[0] >>> 0;
  const sampleOf = createSampler({ places: trained, labels, sampling: recipe.sampling, seed });
  const firstStep = checkpoint?.state.batches ?? 0;
  const source = (place: number) => ({ path: set.pathOf(place), label: labels[place]!, place });
  const stream = loader.open({
    batchSize: batch,
    imageFloats,
    from: firstStep,
    ahead: AHEAD,
    ...(places && { places }),
    examples(number) {
      if (task.budgetS === undefined && number >= totalSteps(plan)) return undefined;
      const share = shareDone(plan, number);
      return Array.from({ length: batch }, (_, index): ExampleJob => {
        const { place, key, partner } = sampleOf(number * batch + index);
        return { index, source: source(place), partner: source(partner), key, shareDone: share };
      });
    },
  });
  const { learningRate } = recipe.optimizer;
  const trainer = createTrainer(parts, engine, {
    weights: await startWeights(model, built, task.weights, seed),
    optimizer: makeOptimizer(recipe.optimizer),
    schedule: customSchedule({ ...recipe.schedule, learningRate }, (step) => {
      return learningRate * rateFactor(recipe.schedule, shareDone(plan, step + 0.5));
    }),
    ...(recipe.clipNorm !== undefined && { clipNorm: recipe.clipNorm }),
    ...(recipe.emaDecay !== undefined && { emaDecay: recipe.emaDecay }),
    seed,
  });
  if (checkpoint) await trainer.restore(checkpoint.state);
  const planner =
    task.budgetS !== undefined
      ? createTimePlanner({
          ...{ budgetS: task.budgetS, batch, ahead: AHEAD },
          ...{ trained: trained.length, heldOut: heldOut.length },
          ...{ validations: notes?.validations ?? undefined, validated: history.length },
        })
      : undefined;
  const tensorBoard = await openTensorBoardWriter(folder, checkpoint ? { resumeAtStep: firstStep } : {});
  if (!checkpoint) await tensorBoard.graph(networkNodes(built.logits));

  const epochAt = (step: number) => (step * batch) / trained.length;
  const validationDue = (step: number) => {
    if (step >= totalSteps(plan)) return true;
    const crossed = (at: (step: number) => number) => Math.floor(at(step)) > Math.floor(at(step - 1));
    if (!planner) return crossed(epochAt);
    const count = planner.validations?.count;
    return count !== undefined && crossed((step) => shareDone(plan, step) * count);
  };
  const saveLast = async () => {
    const content = await checkpointContent(trainer, {
      ...{
        plan,
        validations: planner?.validations ?? null,
        history,
        since,
        unvalidated,
        elapsedS: elapsedS(),
      },
    } satisfies FoldNotes);
    await writeSafetensors(pathOf("last"), content.tensors, { metadata: content.metadata });
    await writeHistory(folder, history);
  };
  const saveBest = async ({ places, scores }: Validation, step: number) => {
    const weights = await trainer.weights();
    const tensors = checkpointTensors(built.graph, weights, { batchesTracked: step });
    await writeSafetensors(pathOf("best"), tensors, {
      metadata: { model: JSON.stringify(model.config), step: String(step) },
    });
    const preprocessing = { input: recipe.input, shape: set.shape, flips: recipe.flips };
    const metadata = { modelName: model.name, preprocessing, classNames: ["needle"] };
    await writeOnnx(pathOf("model"), { output: built.logits, weights, metadata });
    if (places.length === 0) return;
    const rows = places.map((place, i) => [set.ids[place]!, labels[place]!, scores[i]!]);
    await writeFileAtomically(pathOf("validation"), (write) =>
      write(encodeCsv(["id", "target", "score"], rows)),
    );
  };
  const note = (found: readonly CadenceTrouble[]) => {
    for (const problem of found) problems.set(problem.place, problem);
  };

  let savedMs = performance.now();
  let meanLoss = Number.NaN;
  let validationS: number | undefined;
  let learningRateNow = Number.NaN;
  const progress = (validated?: number) => {
    const step = trainer.batches;
    const steps = totalSteps(plan);
    const validations = planner ? (planner.validations?.count ?? 1) : Math.ceil(epochAt(steps));
    const scoringS = Math.max(1, validations - history.length) * (validationS ?? 0);
    const leftS = (steps - step) * (since.trainedS / since.steps) + scoringS;
    task.onProgress({
      ...{ step, steps, epoch: epochAt(step), epochs: epochAt(steps), loss: meanLoss, validated },
      ...{ learningRate: learningRateNow, auc: history.at(-1)?.auc ?? null, elapsedS: elapsedS() },
      imagesPerS: (since.steps * batch) / since.trainedS,
      leftS: planner && !planner.validations ? Number.NaN : leftS,
    });
  };
  const trainStep = async () => {
    const startedMs = performance.now();
    const waitedMs = stream.waitedMs;
    const loaded = (await stream.next())!;
    note(loaded.problems);
    const waitedS = (stream.waitedMs - waitedMs) / 1000;
    const found = loaded.places;
    const report = await trainer.step({
      ...{ image: loaded.images, targets: loaded.targets, ...constants },
      ...(found && { placeTargets: found.targets, placesKnown: found.known }),
    });
    const tookS = (performance.now() - startedMs) / 1000;
    since.steps++;
    since.loss += report.loss;
    since.trainedS += tookS;
    since.waitedS += waitedS;
    learningRateNow = report.learningRate;
    meanLoss = Number.isNaN(meanLoss) ? report.loss : 0.95 * meanLoss + 0.05 * report.loss;
    if (planner?.asksForScoring) planner.scoringTook(await secondsToScore(loaded.images));
    if (planner) plan = planner.afterStep(trainer.batches, tookS, elapsedS(), plan);
    if (trainer.batches % 10 === 0) {
      const scalars = { "loss/train": report.loss, "training/learning-rate": report.learningRate };
      await tensorBoard.scalars(trainer.batches, scalars);
    }
  };
  /** The second time, when code is compiled. */
  const secondsToScore = async (image: Float32Array) => {
    await trainer.evaluate({ image });
    const startedMs = performance.now();
    await trainer.evaluate({ image });
    return (performance.now() - startedMs) / 1000;
  };
  const stopped = () => task.signal?.aborted === true && !history.at(-1)?.done;
  try {
    for (;;) {
      if (unvalidated && !stopped()) {
        const startedMs = performance.now();
        const line = await score(trainer.batches);
        if (line) {
          unvalidated = false;
          await save();
          validationS = (performance.now() - startedMs) / 1000;
          planner?.afterValidation(validationS);
          task.onEpoch(line);
        }
      }
      if (stopped()) {
        await save();
        break;
      }
      if (trainer.batches >= totalSteps(plan)) break;
      await trainStep();
      progress();
      unvalidated = validationDue(trainer.batches);
      if (performance.now() - savedMs > 1000 * task.checkpointEveryS) await save();
    }
  } finally {
    await Promise.all([tensorBoard.close(), stream.close()]);
  }
  return { fold, history, problems: [...problems.values()], interrupted: stopped() };

  async function save() {
    await saveLast();
    savedMs = performance.now();
  }

  /** Validates, keeps what is best so far and adds a line to the history; undefined where it was stopped. */
  async function score(step: number): Promise<HistoryEntry | undefined> {
    const startedMs = performance.now();
    const places = limitPlaces(heldOut, labels, planner?.validations?.places ?? heldOut.length, seed);
    const options = { trainer, loader, set, labels, places, batch, imageFloats };
    const validation = await validate({ ...options, signal: task.signal, onProgress: progress });
    if (!validation) return undefined;
    note(validation.problems);
    const { auc, loss } = validation;
    const quality = qualityOf({ auc, validationLoss: loss, step });
    const best = history.every((entry) => !entry.best || qualityOf(entry) <= quality);
    if (best) await saveBest(validation, step);
    const line: HistoryEntry = {
      ...{ epoch: epochAt(step), step, share: shareDone(plan, step), loss: since.loss / since.steps },
      ...{ learningRate: learningRate * rateFactor(recipe.schedule, shareDone(plan, step - 0.5)) },
      ...{ validationLoss: loss, auc, validated: validation.places.length, best },
      imagesPerS: (since.steps * batch) / since.trainedS,
      waitedShare: since.waitedS / since.trainedS,
      validationS: (performance.now() - startedMs) / 1000,
      elapsedS: elapsedS(),
      done: step >= totalSteps(plan),
    };
    history.push(line);
    Object.assign(since, noSums());
    await tensorBoard.scalars(step, {
      "training/images-per-second": line.imagesPerS,
      "training/waited-share": line.waitedShare,
      ...(loss !== null && { "loss/validation": loss }),
      ...(auc !== null && { "auc/validation": auc }),
    });
    return line;
  }
}

/** What makes one moment of a training better than another: the AUC, else the loss; without a validation the last is best. */
function qualityOf({
  auc,
  validationLoss,
  step,
}: Pick<HistoryEntry, "auc" | "validationLoss" | "step">): number {
  return auc ?? (validationLoss === null ? step : -validationLoss);
}

function noSums(): Sums {
  return { steps: 0, loss: 0, trainedS: 0, waitedS: 0 };
}

async function readLast(path: string) {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  return there ? readCheckpoint(await readSafetensors(path), path) : undefined;
}
