/**
 * Writes simulated cadences as a data set in the competition's layout, on several threads. Files appear whole; the tables, without which
 * a folder is no data set, come last. What was begun is gone on with.
 */

import { readdir, readFile, rm, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { encodeLabels } from "../formats/cadence-labels.ts";
import { makeFolder } from "../formats/make-folder.node.ts";
import { encodeNpyHeader } from "../formats/npy.ts";
import { encodeTruthCsv, type TruthRow } from "../formats/truth-csv.ts";
import { askWorker } from "../signal/ask-worker.node.ts";
import { grouped } from "../signal/describe.ts";
import { checkSpace } from "../signal/disk-space.node.ts";
import { FileError, UsageError } from "../signal/errors.ts";
import { VERSION } from "../signal/version.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { type SetMember, type SetSpec, setMembers } from "./simulated-set.ts";
import type { SetWorkerAnswer, SetWorkerData } from "./simulated-set-worker.node.ts";

export interface SimulatedSetOptions {
  /** As many as there are processors if not given. The files are the same for any number. */
  readonly threads?: number;
  /** Replaces a simulated set that is in the folder. Other folders are never touched. */
  readonly force?: boolean;
  /** Cadences that are done, of `train + test`. */
  readonly onProgress?: (done: number) => void;
  /** Aborted: the files that are being written are finished, and no more are begun. */
  readonly signal?: AbortSignal;
}

export interface SimulatedSet {
  readonly folder: string;
  readonly train: number;
  readonly trainPositives: number;
  readonly test: number;
  readonly testPositives: number;
  readonly seed: number;
  /** Cadences that were written now, and that were there from an earlier run. */
  readonly written: number;
  readonly kept: number;
  readonly seconds: number;
  /** Whether it was stopped before all was there: the same call goes on. */
  readonly interrupted: boolean;
}

/** What was asked for; written first. */
const RECORD = "simulation.json";
const TABLES = ["train_labels.csv", "sample_submission.csv", "test_labels.csv", "truth.csv"] as const;
/** Cadences that a thread is given at a time. */
const PART = 4;

/**
 * Writes `train/<h>/<id>.npy` and `train_labels.csv`, `test/<h>/<id>.npy` and `sample_submission.csv`, and beside them what a competition
 * keeps to itself: `test_labels.csv` and `truth.csv`. Throws a FileError where the folder holds something else, or can't be written.
 */
export async function writeSimulatedSet(
  folder: string,
  spec: SetSpec,
  options: SimulatedSetOptions = {},
): Promise<SimulatedSet> {
  const started = performance.now();
  const { threads = availableParallelism(), force = false, onProgress, signal } = options;
  if (spec.train + spec.test === 0) throw new UsageError("No cadences were asked for. Ask for one at least.");
  const { pattern, rows, channels } = spec.recipe.cadence;
  const shape = [pattern.length, rows, channels];
  const fileBytes =
    encodeNpyHeader("<f2", shape).length + 2 * shape.reduce((product, length) => product * length, 1);
  await prepareFolder(folder, spec, force);
  await checkSetSpace(folder, spec, fileBytes);
  const members = setMembers(spec);
  await makeFolders(folder, members);
  const { truth, done, kept } = await simulate(
    { out: folder, spec, fileBytes },
    members,
    threads,
    onProgress,
    signal,
  );
  const interrupted = done < members.length;
  if (!interrupted) await writeTables(folder, members, truth);
  const positives = (split: SetMember["split"]) =>
    members.filter((member) => member.split === split && member.label === 1).length;
  return {
    folder,
    train: spec.train,
    trainPositives: positives("train"),
    test: spec.test,
    testPositives: positives("test"),
    seed: spec.seed,
    written: done - kept,
    kept,
    seconds: (performance.now() - started) / 1000,
    interrupted,
  };
}

/** Makes the folder with its record, or checks that what it holds is the same set, begun earlier. */
async function prepareFolder(folder: string, spec: SetSpec, force: boolean): Promise<void> {
  await makeFolder(folder);
  const record = `${JSON.stringify({ kind: "simulated-cadences", version: VERSION, ...spec }, null, 2)}\n`;
  const path = join(folder, RECORD);
  const known = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (known === record) return removeTemporaries(folder);
  if (known === undefined && (await readdir(folder)).length > 0) {
    throw new FileError(
      folder,
      "there are files in this folder which are no simulated set. Choose another folder.",
    );
  }
  if (known !== undefined && !force) {
    throw new FileError(
      folder,
      `this folder holds another simulated set (${RECORD} tells which). Choose another folder, or pass --force to replace it.`,
    );
  }
  if (known !== undefined) {
    for (const name of [...TABLES, "train", "test", RECORD]) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
  await writeFileAtomically(path, (write) => write(record));
}

/** Of a run that was killed. */
async function removeTemporaries(folder: string): Promise<void> {
  for (const split of ["train", "test"]) {
    for (const digit of await readdir(join(folder, split)).catch(() => [])) {
      for (const name of await readdir(join(folder, split, digit)).catch(() => [])) {
        if (name.startsWith(".") && name.endsWith(".tmp")) await rm(join(folder, split, digit, name));
      }
    }
  }
}

/** Told before an hour's work. */
async function checkSetSpace(folder: string, { train, test }: SetSpec, fileBytes: number): Promise<void> {
  // A set that was begun has taken a part of it already.
  if (await stat(join(folder, "train")).catch(() => undefined)) return;
  const count = train + test;
  await checkSpace(folder, count * fileBytes, `${grouped(count)} cadences`).catch(async (error) => {
    await rm(join(folder, RECORD), { force: true });
    throw error;
  });
}

async function makeFolders(folder: string, members: readonly SetMember[]): Promise<void> {
  const wanted = new Set(members.map(({ split, id }) => `${split}/${id[0]}`));
  for (const one of wanted) await makeFolder(join(folder, one));
}

interface Simulated {
  /** In the order of the members. */
  readonly truth: readonly TruthRow[];
  readonly done: number;
  readonly kept: number;
}

async function simulate(
  data: SetWorkerData,
  members: readonly SetMember[],
  threads: number,
  onProgress: ((done: number) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<Simulated> {
  const parts = Array.from({ length: Math.ceil(members.length / PART) }, (_, i) =>
    members.slice(i * PART, (i + 1) * PART),
  );
  const answers: SetWorkerAnswer[] = new Array(parts.length);
  let next = 0;
  let done = 0;
  const work = async () => {
    const worker = new Worker(new URL("./simulated-set-worker.node.ts", import.meta.url), {
      workerData: data,
    });
    try {
      while (next < parts.length && !signal?.aborted) {
        const part = next++;
        const answer = await askWorker<SetWorkerAnswer>(worker, parts[part]!);
        if (answer.failure) throw describeFailure(answer.failure);
        answers[part] = answer;
        done += parts[part]!.length;
        onProgress?.(done);
      }
    } catch (error) {
      // The other threads begin nothing more.
      next = parts.length;
      throw error;
    } finally {
      await worker.terminate();
    }
  };
  const results = await Promise.allSettled(
    Array.from({ length: Math.min(threads, parts.length) }, () => work()),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  const finished = answers.filter((answer) => answer !== undefined);
  return {
    truth: finished.flatMap((answer) => answer.truth),
    done,
    kept: finished.reduce((sum, answer) => sum + answer.kept, 0),
  };
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full. Free some space and run the command again; it goes on where it stopped.",
  EDQUOT:
    "your disk quota is used up. Free some space and run the command again; it goes on where it stopped.",
  EACCES: "no permission to write here. Change the permissions, or choose another folder.",
  EROFS: "this is on a read-only file system. Choose another folder.",
  ENOENT: "its folder has vanished. Was it removed while the cadences were written?",
};

function describeFailure({ path, code }: { readonly path: string; readonly code: string }): FileError {
  return new FileError(path, PROBLEMS[code] ?? `it can't be written (${code}).`);
}

async function writeTables(
  folder: string,
  members: readonly SetMember[],
  truth: readonly TruthRow[],
): Promise<void> {
  const byId = (a: { readonly id: string }, b: { readonly id: string }) =>
    a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  const write = (name: (typeof TABLES)[number], text: string) =>
    writeFileAtomically(join(folder, name), (chunk) => chunk(text));
  const labels = (split: SetMember["split"], target: (member: SetMember) => number) => {
    const own = members.filter((member) => member.split === split).sort(byId);
    return own.length === 0
      ? undefined
      : encodeLabels(
          own.map(({ id }) => id),
          own.map(target),
        );
  };
  await write("truth.csv", encodeTruthCsv([...truth].sort(byId)));
  const test = labels("test", ({ label }) => label);
  if (test !== undefined) {
    await write("test_labels.csv", test);
    await write("sample_submission.csv", labels("test", () => 0.5)!);
  }
  const train = labels("train", ({ label }) => label);
  if (train !== undefined) await write("train_labels.csv", train);
}
