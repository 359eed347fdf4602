/** A thread that simulates cadences and writes their files. */

import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { encodeCadence } from "../formats/cadence-npy.ts";
import type { TruthRow } from "../formats/truth-csv.ts";
import { cadenceTruth, planCadence, renderCadence } from "../simulate/cadences.ts";
import { memberPath, type SetMember, type SetSpec, truthRows } from "./simulated-set.ts";

export interface SetWorkerData {
  readonly out: string;
  readonly spec: SetSpec;
  /** Of a cadence's file. */
  readonly fileBytes: number;
}

export interface SetWorkerAnswer {
  readonly truth: readonly TruthRow[];
  /** How many files were there already, whole. */
  readonly kept: number;
  readonly failure?: { readonly path: string; readonly code: string };
}

const { out, spec, fileBytes } = workerData as SetWorkerData;
let power: Float32Array | undefined;
let bytes: Uint8Array | undefined;

parentPort!.on("message", (members: readonly SetMember[]) => {
  const truth: TruthRow[] = [];
  let kept = 0;
  for (const member of members) {
    const plan = planCadence(spec.recipe, spec.seed, member.index, { positive: member.label === 1 });
    truth.push(...truthRows(member, cadenceTruth(plan)));
    const path = join(out, memberPath(member));
    if (isWhole(path)) {
      kept++;
      continue;
    }
    const panels = renderCadence(plan, power);
    power = panels.data;
    bytes = encodeCadence(panels, bytes);
    try {
      writeWhole(path, bytes);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      parentPort!.postMessage({ truth, kept, failure: { path, code } } satisfies SetWorkerAnswer);
      return;
    }
  }
  parentPort!.postMessage({ truth, kept } satisfies SetWorkerAnswer);
});

function isWhole(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === fileBytes;
}

/** The name is given when all is written. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const unnamed = join(dirname(path), `.${basename(path)}.tmp`);
  try {
    writeFileSync(unnamed, bytes);
    renameSync(unnamed, path);
  } catch (error) {
    rmSync(unnamed, { force: true });
    throw error;
  }
}
