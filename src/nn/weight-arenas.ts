/** Named weights in and out of an arena. */

import { InputError } from "../signal/errors.ts";
import type { WeightLayout } from "./compile/tensors.ts";
import type { Session } from "./engines/engine.ts";
import { isFloats } from "./number-options.ts";
import type { Tensor } from "./plan.ts";

export type WeightMap = ReadonlyMap<string, Float32Array>;

/** What an arena holds: all weights, or those that are learned (as in the gradients' and the optimiser's arenas). */
export type Held = "all" | "learned";

/** Throws an InputError that names every weight that is missing, unexpected, of another size, or not finite. */
export function checkWeights(layout: WeightLayout, map: WeightMap, held: Held, what: string): void {
  const wrong: string[] = [];
  const isHeld = (name: string) => {
    const place = layout.places.get(name);
    return place !== undefined && (held === "all" || place.weight.trainable);
  };
  for (const [name, { weight, floats }] of layout.places) {
    if (!isHeld(name)) continue;
    const data = map.get(name);
    if (!data) wrong.push(`${name} is missing`);
    else if (!isFloats(data)) wrong.push(`${name} must be a Float32Array`);
    else if (data.length !== floats) {
      wrong.push(`${name} needs ${floats} numbers ([${weight.shape.join(", ")}]), not ${data.length}`);
    } else if (!allFinite(data)) wrong.push(`${name} holds numbers that are NaN or infinite`);
  }
  for (const name of map.keys()) if (!isHeld(name)) wrong.push(`${name} is unexpected`);
  if (wrong.length > 0) throw new InputError(`${what} don't fit the network: ${wrong.join("; ")}.`);
}

export function allFinite(numbers: Float32Array): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false;
  return true;
}

export function writeWeights(
  session: Session,
  layout: WeightLayout,
  arena: Tensor,
  map: WeightMap,
  held: Held,
): void {
  for (const [name, { weight, offset }] of layout.places) {
    if (held === "all" || weight.trainable) session.write(arena, map.get(name)!, offset);
  }
}

export async function readWeights(
  session: Session,
  layout: WeightLayout,
  arena: Tensor,
  held: Held,
): Promise<Map<string, Float32Array>> {
  const all = await session.read(arena);
  const map = new Map<string, Float32Array>();
  for (const [name, { weight, offset, floats }] of layout.places) {
    if (held === "all" || weight.trainable) map.set(name, all.slice(offset, offset + floats));
  }
  return map;
}
