/**
 * A training at a moment, as a safetensors file: `model/NAME`, `optimizer/m/NAME` and so on, `average/NAME`, and in the metadata the counts
 * and settings. What goes on from it gives the numbers that the training would have given without a stop.
 */

import { FileError } from "../signal/errors.ts";
import type { SafeTensors, WritableTensor } from "./safetensors.ts";
import type { Trainer, TrainerState } from "./trainer.ts";
import type { TrainerSettings } from "./trainer-settings.ts";

const KIND = "lodestone training checkpoint";

/** What `writeSafetensors` takes. `notes` is the caller's own: an epoch, the best score so far. */
export async function checkpointContent(
  trainer: Trainer,
  notes: Readonly<Record<string, unknown>> = {},
): Promise<{ tensors: Map<string, WritableTensor>; metadata: Record<string, string> }> {
  const state = await trainer.state();
  const { places } = trainer.plan.layout;
  const tensors = new Map<string, WritableTensor>();
  const put = (prefix: string, map: ReadonlyMap<string, Float32Array>) => {
    for (const [name, data] of map) {
      const { weight } = places.get(name.slice(name.indexOf("/") + 1)) ?? places.get(name)!;
      tensors.set(`${prefix}/${name}`, { shape: weight.shape, data });
    }
  };
  put("model", state.weights);
  put("optimizer", state.optimizer);
  if (state.average) put("average", state.average);
  const { batches, updates, seed, settings } = state;
  const metadata = {
    kind: KIND,
    state: JSON.stringify({ batches, updates, seed, settings }),
    notes: JSON.stringify(notes),
  };
  return { tensors, metadata };
}

/** The state that a checkpoint file holds, for `trainer.restore`, and the notes that were kept with it. */
export function readCheckpoint(
  { tensors, metadata }: SafeTensors,
  file: string,
): { state: TrainerState; notes: Record<string, unknown> } {
  if (metadata.kind !== KIND) {
    throw new FileError(
      file,
      "this isn't a checkpoint of a training. Weights alone are read by loadWeights.",
    );
  }
  const part = (prefix: string) => {
    const own = [...tensors].filter(([name]) => name.startsWith(`${prefix}/`));
    return new Map(own.map(([name, { data }]) => [name.slice(prefix.length + 1), data]));
  };
  const { batches, updates, seed, settings } = parse(metadata.state, file);
  const average = part("average");
  const state: TrainerState = {
    batches: Number(batches),
    updates: Number(updates),
    seed: Number(seed),
    settings: settings as TrainerSettings,
    weights: part("model"),
    optimizer: part("optimizer"),
    average: average.size > 0 ? average : undefined,
  };
  return { state, notes: parse(metadata.notes, file) };
}

function parse(text: string | undefined, file: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text ?? "");
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
  } catch {}
  throw new FileError(file, "its metadata can't be read. It was damaged; take an earlier checkpoint.");
}
