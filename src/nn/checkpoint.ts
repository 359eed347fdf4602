/**
 * A training at a moment, as a safetensors file: `model/NAME`, `optimizer/m/NAME` and so on, `average/NAME`, and in the metadata the counts
 * and settings. What goes on from it gives the numbers that the training would have given without a stop.
 */

import { FileError } from "../signal/errors.ts";
import type { SafeTensors, WritableTensor } from "./safetensors.ts";
import type { Trainer } from "./trainer.ts";
import { type Counts, problemOfCounts, type TrainerState } from "./trainer-state.ts";

const KIND = "lodestone training checkpoint";
const DAMAGED = "It was damaged, or made by another program; take an earlier checkpoint.";

const parts = ["model", "optimizer", "average"] as const;

/** What `writeSafetensors` takes. `notes` is the caller's own, plain values: an epoch, the best score so far. */
export async function checkpointContent(
  trainer: Trainer,
  notes: Readonly<Record<string, unknown>> = {},
): Promise<{ tensors: Map<string, WritableTensor>; metadata: Record<string, string> }> {
  const { weights, optimizer, average, ...counts } = await trainer.state();
  const { places } = trainer.plan.layout;
  const tensors = new Map<string, WritableTensor>();
  const put = (part: (typeof parts)[number], map: ReadonlyMap<string, Float32Array>) => {
    for (const [name, data] of map) {
      const weight = part === "optimizer" ? name.slice(name.indexOf("/") + 1) : name;
      tensors.set(`${part}/${name}`, { shape: places.get(weight)!.weight.shape, data });
    }
  };
  put("model", weights);
  put("optimizer", optimizer);
  if (average) put("average", average);
  const metadata = {
    kind: KIND,
    state: JSON.stringify(counts satisfies Counts),
    notes: JSON.stringify(notes),
  };
  return { tensors, metadata };
}

/**
 * The state that a checkpoint holds, for `trainer.restore`, and the notes that were kept with it, out of what `readSafetensors` or
 * `decodeSafetensors` gives. Throws a FileError that names the file, `file`, where it is no checkpoint or was damaged.
 */
export function readCheckpoint(
  { tensors, metadata }: SafeTensors,
  file = "the checkpoint",
): { state: TrainerState; notes: Record<string, unknown> } {
  if (metadata.kind !== KIND) {
    throw new FileError(
      file,
      "this isn't a checkpoint of a training. Weights alone are read by loadWeights.",
    );
  }
  const own = (prefix: string) =>
    new Map<string, Float32Array>(
      [...tensors]
        .filter(([name]) => name.startsWith(`${prefix}/`))
        .map(([name, { data }]) => [name.slice(prefix.length + 1), data]),
    );
  const unexpected = [...tensors.keys()].filter((name) => !parts.some((part) => name.startsWith(`${part}/`)));
  if (unexpected.length > 0) {
    throw new FileError(file, `a checkpoint has no ${unexpected.join(", ")}. ${DAMAGED}`);
  }
  const counts = parse(metadata.state, file);
  const problem = problemOfCounts(counts);
  if (problem) throw new FileError(file, `${problem}. ${DAMAGED}`);
  const { batches, updates, accumulated, seed, settings } = counts as unknown as Counts;
  const average = own("average");
  const state: TrainerState = {
    ...{ batches, updates, accumulated, seed, settings },
    weights: own("model"),
    optimizer: own("optimizer"),
    average: average.size > 0 ? average : undefined,
  };
  return { state, notes: parse(metadata.notes, file) };
}

function parse(text: string | undefined, file: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text ?? "");
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
  } catch {}
  throw new FileError(file, `its metadata can't be read. ${DAMAGED}`);
}
