/** Scores the cadences of a data set by trained networks, through ONNX Runtime. */

import { availableParallelism } from "node:os";
import type { CadenceSet } from "../formats/cadence-folder.node.ts";
import { FileError, InputError } from "../signal/errors.ts";
import type { PanelShape } from "../signal/panels.ts";
import { inputShape } from "./inputs/input-spec.ts";
import { openLoader } from "./loader.node.ts";
import type { CadenceTrouble, ExampleJob } from "./loader-messages.ts";
import type { Recipe } from "./recipe.ts";
import { openScoringModel, type ScoringModel } from "./scoring-models.node.ts";
import { type View, viewsOf } from "./views.ts";

export interface ScoreOptions {
  /** Views that are averaged; each model's own choice if not given. */
  readonly flips?: Recipe["flips"] | undefined;
  /** Images that ONNX Runtime is given at once; 4 if not given. */
  readonly batch?: number | undefined;
  /** All of the machine's if not given. */
  readonly threads?: number | undefined;
  /** Told how much is done, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /** Told of each cadence that could not be scored (`skipped`), and of each that holds values which aren't finite. */
  readonly onProblem?: ((trouble: CadenceTrouble) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Each open EfficientNet-B0 takes 40 MB an image of 6 x 273 x 256, and larger batches save no time. */
const BATCH = 4;
/** Batches that are made while one is scored: enough that many threads have work. */
const MOST_AHEAD = 8;

/**
 * The probability that a cadence holds a needle, by place: the mean over models (paths of .onnx files) and views. One that can't be
 * read gets the mean of all others. Cadences are read and prepared on threads of their own while others are scored. Throws an InputError
 * where a model can't be used or is for other cadences, or where no cadence can be read.
 */
export async function scoreCadences(
  models: readonly string[],
  set: Pick<CadenceSet, "name" | "ids" | "shape" | "pathOf">,
  options: ScoreOptions = {},
): Promise<Float64Array> {
  if (models.length === 0) throw new InputError("No model was given to score with.");
  const { batch = BATCH, threads = availableParallelism(), onProgress, signal } = options;
  const opened: ScoringModel[] = [];
  try {
    for (const path of models) opened.push(await openScoringModel(path, threads));
    for (const model of opened) checkFits(model, set);
    const groups = groupAlike(opened, options.flips);
    const sums = new Float64Array(set.ids.length);
    const skipped = new Map<number, CadenceTrouble>();
    const told = new Set<number>();
    for (const [done, group] of groups.entries()) {
      await scoreGroup(
        group,
        set,
        { batch, threads, signal },
        {
          add(place, probability) {
            sums[place]! += probability / opened.length;
          },
          trouble(trouble) {
            if (trouble.skipped) skipped.set(trouble.place, trouble);
            if (!told.has(trouble.place)) options.onProblem?.(trouble);
            told.add(trouble.place);
          },
          progress: (fraction) => onProgress?.((done + fraction) / groups.length),
        },
      );
    }
    return fillSkipped(set, sums, skipped);
  } finally {
    await Promise.all(opened.map(({ session }) => session.close()));
  }
}

interface Group {
  /** Prepared for alike. */
  readonly models: readonly ScoringModel[];
  readonly views: readonly View[];
}

interface GroupEvents {
  add(place: number, probability: number): void;
  trouble(trouble: CadenceTrouble): void;
  progress(fraction: number): void;
}

async function scoreGroup(
  { models, views }: Group,
  set: Pick<CadenceSet, "ids" | "pathOf">,
  { batch, threads, signal }: { batch: number; threads: number; signal: AbortSignal | undefined },
  events: GroupEvents,
): Promise<void> {
  const { input, shape } = models[0]!;
  const { channels, height, width } = inputShape(input, shape);
  const imageFloats = channels * height * width;
  const atOnce = Math.max(1, Math.floor(batch / views.length));
  const loader = openLoader({ input, augment: {}, shape }, threads);
  try {
    const stream = loader.open({
      examples: (number) => jobsFrom(number * atOnce, atOnce, set, views),
      batchSize: atOnce * views.length,
      imageFloats,
      ahead: Math.max(2, Math.min(threads, MOST_AHEAD)),
    });
    for (let loaded = await stream.next(); loaded; loaded = await stream.next()) {
      signal?.throwIfAborted();
      for (const trouble of loaded.problems) events.trouble(trouble);
      const unread = new Set(loaded.problems.filter(({ skipped }) => skipped).map(({ place }) => place));
      for (const { path, session } of models) {
        const { data: logits } = await session.score(loaded.images);
        for (const { index, source } of loaded.examples) {
          const { place } = source;
          if (unread.has(place)) continue;
          const probability = 1 / (1 + Math.exp(-logits[index]!));
          if (Number.isNaN(probability)) {
            const message = `${source.path}: ${path} gives no number for it.`;
            events.trouble({ place, skipped: true, message });
          } else events.add(place, probability / views.length);
        }
      }
      events.progress(Math.min(1, ((loaded.number + 1) * atOnce) / set.ids.length));
    }
  } finally {
    await loader.close();
  }
}

/** Every view of the cadences from a place on; undefined past the last. */
function jobsFrom(
  first: number,
  count: number,
  { ids, pathOf }: Pick<CadenceSet, "ids" | "pathOf">,
  views: readonly View[],
): readonly ExampleJob[] | undefined {
  if (first >= ids.length) return undefined;
  const places = Array.from({ length: Math.min(count, ids.length - first) }, (_, i) => first + i);
  return places.flatMap((place, i) => {
    const source = { path: pathOf(place), label: 0, place };
    return views.map((view, v) => ({ index: i * views.length + v, source, view, shareDone: 0 }));
  });
}

/** Models that are given the same images are scored together, so that these are made once. */
function groupAlike(models: readonly ScoringModel[], flips: Recipe["flips"] | undefined): Group[] {
  const groups = new Map<string, { models: ScoringModel[]; views: readonly View[] }>();
  for (const model of models) {
    const wanted = flips ?? model.flips;
    const key = JSON.stringify([model.input, wanted]);
    const group = groups.get(key) ?? { models: [], views: viewsOf(wanted) };
    group.models.push(model);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function fillSkipped(
  { name, ids }: Pick<CadenceSet, "name" | "ids">,
  scores: Float64Array,
  skipped: ReadonlyMap<number, CadenceTrouble>,
): Float64Array {
  const scored = ids.length - skipped.size;
  if (scored === 0) {
    const first = skipped.values().next().value?.message ?? "It has none.";
    throw new FileError(name, `none of its ${ids.length} cadences could be scored. ${first}`);
  }
  let sum = 0;
  for (const [place, score] of scores.entries()) if (!skipped.has(place)) sum += score;
  for (const place of skipped.keys()) scores[place] = sum / scored;
  return scores;
}

function checkFits(model: ScoringModel, { name, shape }: Pick<CadenceSet, "name" | "shape">): void {
  const sizes = ({ panels, rows, channels }: PanelShape) => `${panels} x ${rows} x ${channels}`;
  if (sizes(model.shape) === sizes(shape)) return;
  throw new FileError(
    model.path,
    `it is for cadences of ${sizes(model.shape)}; those of ${name} are ${sizes(shape)}. Give a model that was trained on such cadences.`,
  );
}
