/** The tensors of a plan: those kept from run to run, laid out in arenas, and those that live within a run. */

import { InputError } from "../../signal/errors.ts";
import { type Graph, numel, type Shape, type Weight } from "../op.ts";
import type { Tensor } from "../plan.ts";

export interface TensorTable {
  readonly tensors: Tensor[];
  create(label: string, floats: number, kept: boolean): Tensor;
  part(parent: Tensor, offset: number, floats: number, label: string): Tensor;
  /** A number that the host writes. */
  scalar(name: string): Tensor;
  hostInput(name: string, shape: Shape): Tensor;
  readonly scalars: ReadonlyMap<string, Tensor>;
  readonly inputs: ReadonlyMap<string, { readonly tensor: Tensor; readonly shape: Shape }>;
}

const MAX_FLOATS = 2 ** 30 - 2 ** 16;

export function createTensorTable(): TensorTable {
  const tensors: Tensor[] = [];
  const scalars = new Map<string, Tensor>();
  const inputs = new Map<string, { tensor: Tensor; shape: Shape }>();
  const table: TensorTable = {
    tensors,
    scalars,
    inputs,
    create(label, floats, kept) {
      if (floats > MAX_FLOATS) {
        throw new InputError(
          `${label} would take ${floats} floats; a tensor holds ${MAX_FLOATS}. Use a smaller batch or input.`,
        );
      }
      const tensor = { id: tensors.length, label, floats, kept };
      tensors.push(tensor);
      return tensor;
    },
    part(parent, offset, floats, label) {
      const tensor = { id: tensors.length, label, floats, kept: parent.kept, parent, offset };
      tensors.push(tensor);
      return tensor;
    },
    scalar(name) {
      let tensor = scalars.get(name);
      if (!tensor) {
        tensor = table.create(name, 1, true);
        scalars.set(name, tensor);
      }
      return tensor;
    },
    hostInput(name, shape) {
      let entry = inputs.get(name);
      if (!entry) {
        const floats = numel(shape);
        entry = { tensor: table.create(name, floats, true), shape };
        inputs.set(name, entry);
      }
      return entry.tensor;
    },
  };
  return table;
}

/** Where each weight of a network lies in an arena: trainable ones first, each from a multiple of 16 floats (a cache line). */
export interface WeightLayout {
  readonly places: ReadonlyMap<
    string,
    { readonly weight: Weight; readonly offset: number; readonly floats: number }
  >;
  /** The part of the arena that is learned. */
  readonly trainableFloats: number;
  readonly floats: number;
}

export function layOutWeights(graph: Graph): WeightLayout {
  const places = new Map<string, { weight: Weight; offset: number; floats: number }>();
  let end = 0;
  const place = (trainable: boolean) => {
    for (const weight of graph.weights.values()) {
      if (weight.trainable !== trainable) continue;
      const floats = numel(weight.shape);
      places.set(weight.name, { weight, offset: end, floats });
      end += Math.ceil(floats / 16) * 16;
    }
    return end;
  };
  const trainableFloats = place(true);
  return { places, trainableFloats, floats: place(false) };
}
