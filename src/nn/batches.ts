/** Batches as people give them, into an engine's memory. */

import { InputError } from "../signal/errors.ts";
import type { TrainingPlan } from "./compile/training.ts";
import type { Session } from "./engines/engine.ts";
import { isFloats } from "./number-options.ts";
import type { Shape } from "./op.ts";
import { root, type Tensor } from "./plan.ts";

/** The graph's inputs by name, in PyTorch's order. Must stay as they are until the call that they were given to has settled. */
export type Batch = Readonly<Record<string, Float32Array>>;

export interface BatchWriter {
  /** Writes a whole batch. Throws an InputError that names an input that is missing, or of another size or type. */
  whole(batch: Batch): void;
  /** Writes a batch of as many images as the network takes, or fewer: the rest become zeros. Gives their number. */
  upTo(batch: Batch): number;
}

/** For the inputs that a program of the plan reads. `images` is how many the network takes at a time. */
export function batchWriter(
  session: Session,
  plan: TrainingPlan,
  program: string,
  images: number,
): BatchWriter {
  const reads = plan.programs[program]!.flatMap((instruction) => Object.values(instruction.reads));
  const read = new Set(reads.filter((argument) => typeof argument === "object").map(root));
  const inputs = [...plan.inputs].filter(([, { tensor }]) => read.has(tensor));

  const whole = (batch: Batch, name: string, tensor: Tensor, shape: Shape) => {
    const data = batch?.[name];
    if (!isFloats(data) || data.length !== tensor.floats) {
      throw new InputError(`${name} needs ${tensor.floats} numbers ([${shape.join(", ")}]); ${given(data)}.`);
    }
    session.write(tensor, data);
  };
  return {
    whole(batch) {
      for (const [name, { tensor, shape }] of inputs) whole(batch, name, tensor, shape);
    },
    upTo(batch) {
      let first: { readonly name: string; readonly count: number } | undefined;
      for (const [name, { tensor, shape }] of inputs) {
        if (shape[0] !== images) {
          whole(batch, name, tensor, shape);
          continue;
        }
        const data = batch?.[name];
        const each = tensor.floats / images;
        const count = isFloats(data) ? data.length / each : 0;
        if (!isFloats(data) || !Number.isInteger(count) || count < 1 || count > images) {
          const range = images === 1 ? "1" : `1 to ${images}`;
          throw new InputError(
            `${name} needs ${range} times ${each} numbers ([${shape.slice(1).join(", ")}] each); ${given(data)}.`,
          );
        }
        first ??= { name, count };
        if (count !== first.count) {
          throw new InputError(
            `The batch has ${first.count} of ${first.name} and ${count} of ${name}; give as many.`,
          );
        }
        session.write(tensor, data);
        if (count < images) session.write(tensor, new Float32Array(tensor.floats - data.length), data.length);
      }
      return first?.count ?? images;
    },
  };
}

function given(data: unknown): string {
  if (data === undefined || data === null) return "none were given";
  if (isFloats(data)) return `${data.length} were given`;
  const kind = Object.prototype.toString.call(data).slice("[object ".length, -1);
  return `they must be in a Float32Array, and are of type ${kind}`;
}
