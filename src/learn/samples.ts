/** Which cadence is trained on when. Everything is a function of the seed and of how many samples came before. */

import { randomStream, type StreamKey, streamKey } from "../simulate/random.ts";
import type { Recipe } from "./recipe.ts";

export interface Sample {
  /** In the data set. */
  readonly place: number;
  /** Names the example that is made of it; no two samples of a training have the same. */
  readonly key: StreamKey;
  /** The cadence that is mixed in, if one is. */
  readonly partner: number;
}

export interface SamplerOptions {
  /** The places that are trained on. */
  readonly places: Int32Array;
  /** 0 to 1, by place in the data set. */
  readonly labels: ArrayLike<number>;
  readonly sampling: Recipe["sampling"];
  readonly seed: number;
}

/** What numbers are drawn for. */
const streams = { order: 0, example: 1, partner: 2 } as const;

/**
 * The sample of any number, counted from 0 over the whole training. In natural sampling each place comes once an epoch, in an order drawn
 * anew for each; with a share of positives, positives and negatives come in two such rows of their own, dealt evenly.
 */
export function createSampler({
  places,
  labels,
  sampling,
  seed,
}: SamplerOptions): (number: number) => Sample {
  const isPositive = (place: number) => labels[place]! >= 0.5;
  const rows =
    sampling === "natural"
      ? [shuffledRow(places, seed, 0)]
      : [
          shuffledRow(
            places.filter((place) => !isPositive(place)),
            seed,
            1,
          ),
          shuffledRow(places.filter(isPositive), seed, 2),
        ];
  const share =
    sampling === "natural" || rows.some(({ length }) => length === 0) ? undefined : sampling.positives;
  const pick = (number: number) => {
    if (share === undefined) return (rows.find(({ length }) => length > 0) ?? rows[0]!).at(number);
    const before = Math.floor(number * share);
    const positive = Math.floor((number + 1) * share) > before;
    return positive ? rows[1]!.at(before) : rows[0]!.at(number - before);
  };
  const partnerOf = (key: StreamKey) => {
    const random = randomStream(streamKey(key[0] >>> 0, key[1] >>> 0, streams.partner));
    const row =
      share === undefined || random.uniform() >= share ? rows.find(({ length }) => length > 0)! : rows[1]!;
    return row.places[Math.floor(random.uniform() * row.length)]!;
  };
  return (number) => {
    const { place, cycle } = pick(number);
    const key = streamKey(seed, streams.example, cycle, place);
    return { place, key, partner: partnerOf(key) };
  };
}

/** Places in an order that is drawn anew in every cycle. Only the last cycles asked for are kept. */
function shuffledRow(places: Int32Array, seed: number, row: number) {
  const orders = new Map<number, Int32Array>();
  const orderOf = (cycle: number) => {
    let order = orders.get(cycle);
    if (!order) {
      order = shuffled(places, streamKey(seed, streams.order, row, cycle));
      orders.set(cycle, order);
      orders.delete(cycle - 2);
    }
    return order;
  };
  return {
    places,
    length: places.length,
    at(number: number) {
      const cycle = Math.floor(number / places.length);
      return { cycle, place: orderOf(cycle)[number - cycle * places.length]! };
    },
  };
}

/** Fisher and Yates. */
function shuffled(places: Int32Array, key: StreamKey): Int32Array {
  const random = randomStream(key);
  const order = places.slice();
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** As many of the places as asked for, drawn by the seed with the shares of positives and negatives kept, in their order. */
export function limitPlaces(
  places: Int32Array,
  labels: ArrayLike<number>,
  limit: number,
  seed: number,
): Int32Array {
  if (limit >= places.length) return places;
  const positives = places.filter((place) => labels[place]! >= 0.5);
  const negatives = places.filter((place) => !(labels[place]! >= 0.5));
  const fewest = positives.length > 0 && negatives.length > 0 ? 1 : 0;
  const wanted = Math.round((limit * positives.length) / places.length);
  const chosenPositives = Math.max(Math.min(wanted, limit - fewest), Math.min(fewest, limit));
  const chosen = [
    ...shuffled(positives, streamKey(seed, streams.order, 3)).subarray(0, chosenPositives),
    ...shuffled(negatives, streamKey(seed, streams.order, 4)).subarray(0, limit - chosenPositives),
  ];
  return Int32Array.from(chosen).sort();
}
