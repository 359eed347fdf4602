/** Smooth patches of a panel that are brighter or darker than the rest: products of a curve over rows and one over columns. */

import { addBump } from "./background-curves.ts";
import {
  chance,
  logUniformIn,
  pickKind,
  type Range,
  signOf,
  uniformIn,
  type Weights,
  wholeIn,
} from "./draw.ts";
import type { RandomStream } from "./random.ts";

export interface PatchRecipe {
  /** The share of cadences that have any. */
  readonly chance: number;
  readonly count: Range;
  /** Deviations over rows and over channels. */
  readonly rows: Range;
  readonly channels: Range;
  /** In standard deviations of the noise. */
  readonly height: Range;
  /** `wave` is a standing wave that moves: stripes across the whole cadence. */
  readonly kind: Weights<"blob" | "block" | "wave">;
}

/** `rows[row - rowStart] * columns[channel]` is added; rows count on from panel to panel. */
export interface Patch {
  readonly rowStart: number;
  readonly rows: Float64Array;
  readonly columns: Float64Array;
}

export function drawPatches(
  random: RandomStream,
  recipe: PatchRecipe,
  size: { readonly panels: number; readonly rows: number; readonly channels: number },
): Patch[] {
  if (!chance(random, recipe.chance)) return [];
  const rows = size.panels * size.rows;
  return Array.from({ length: wholeIn(random, recipe.count) }, () => {
    const height = (chance(random, 0.8) ? 1 : -1) * logUniformIn(random, recipe.height);
    const kind = pickKind(random, recipe.kind);
    if (kind === "wave") return drawWave(random, rows, size.channels, height);
    const patch = { rowStart: 0, rows: new Float64Array(rows), columns: new Float64Array(size.channels) };
    const shape = kind === "blob" ? addBump : addBlock;
    shape(patch.rows, random.uniform() * rows, logUniformIn(random, recipe.rows), height);
    shape(patch.columns, random.uniform() * size.channels, logUniformIn(random, recipe.channels), 1);
    return [cut(patch)];
  }).flat();
}

/** cos(a t + b f + c) as the two products that it is. */
function drawWave(random: RandomStream, rows: number, channels: number, height: number): Patch[] {
  const perRow = (signOf(random) * 2 * Math.PI * logUniformIn(random, [0.3, 40])) / rows;
  const perChannel = (2 * Math.PI * logUniformIn(random, [0.3, 30])) / channels;
  const phase = uniformIn(random, [0, 2 * Math.PI]);
  const make = (wave: (x: number) => number, sign: number): Patch => ({
    rowStart: 0,
    rows: Float64Array.from({ length: rows }, (_, t) => 0.5 * height * wave(perRow * t + phase)),
    columns: Float64Array.from({ length: channels }, (_, f) => sign * wave(perChannel * f)),
  });
  return [make(Math.cos, 1), make(Math.sin, -1)];
}

/** Flat with soft ends, `width` to either side of `at`. */
function addBlock(curve: Float64Array, at: number, width: number, height: number): void {
  const soft = Math.max(0.5, 0.15 * width);
  for (let i = 0; i < curve.length; i++) {
    const inside = (width - Math.abs(i - at)) / soft;
    if (inside > -12) curve[i]! += height / (1 + Math.exp(-inside));
  }
}

function cut({ rows, columns }: Patch): Patch {
  const first = Math.max(
    0,
    rows.findIndex((value) => value !== 0),
  );
  let stop = rows.length;
  while (stop > first && rows[stop - 1] === 0) stop--;
  return { rowStart: first, rows: rows.slice(first, stop), columns };
}
