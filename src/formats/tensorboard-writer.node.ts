/** Event files as they grow: TensorBoard reads them while a network trains. */

import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../signal/errors.ts";
import { makeFolder } from "./make-folder.node.ts";
import { encodeEventRecord, type GraphNode, type TensorBoardEvent } from "./tensorboard.ts";

export interface TensorBoardWriter {
  /** The event file. */
  readonly path: string;
  /** Names are tags, as `loss/train`: TensorBoard draws what stands before the first `/` together. Wall time is now if not given. */
  scalars(step: number, values: Readonly<Record<string, number>>, wallTimeS?: number): Promise<void>;
  /** What the Graphs tab shows; of several the last. */
  graph(nodes: readonly GraphNode[]): Promise<void>;
  /** Ends the file once all is written. Closing twice is closing once. */
  close(): Promise<void>;
}

export interface TensorBoardWriterOptions {
  /** The first step of a run that goes on: what files of this folder say of it and of later steps is forgotten. */
  readonly resumeAtStep?: number;
}

/**
 * Starts an event file, `events.out.tfevents.*`, in a folder, which is made if it isn't there. Each call writes at once, one after the
 * other, so a reader sees whole events. Throws a FileError where the file can't be written.
 */
export async function openTensorBoardWriter(
  folder: string,
  { resumeAtStep }: TensorBoardWriterOptions = {},
): Promise<TensorBoardWriter> {
  await makeFolder(folder);
  const path = join(folder, await nextName(folder));
  const handle = await open(path, "ax").catch((cause) => Promise.reject(unwritable(path, cause)));
  let last: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;
  const append = (event: TensorBoardEvent): Promise<void> => {
    const record = encodeEventRecord(event);
    const written = last.then(() => handle.appendFile(record));
    // A call that failed is told to its caller alone.
    last = written.catch(() => {});
    return written.catch((cause) => Promise.reject(unwritable(path, cause)));
  };
  const writer: TensorBoardWriter = {
    path,
    scalars: (step, values, wallTimeS = nowS()) => append({ kind: "scalars", step, wallTimeS, values }),
    graph: (nodes) => append({ kind: "graph", step: 0, wallTimeS: nowS(), nodes }),
    close() {
      closing ??= last.then(() => handle.close());
      return closing;
    },
  };
  try {
    await append({ kind: "file", step: 0, wallTimeS: nowS() });
    if (resumeAtStep !== undefined) await append({ kind: "start", step: resumeAtStep, wallTimeS: nowS() });
  } catch (error) {
    await writer.close().catch(() => {});
    throw error;
  }
  return writer;
}

const eventFile = /^events\.out\.tfevents\.(\d{1,15})\./;

/** TensorBoard reads a folder's files in the order of their names and never goes back, so the newest must come last. */
async function nextName(folder: string): Promise<string> {
  const before = (await readdir(folder)).map((name) => Number(eventFile.exec(name)?.[1] ?? 0));
  const second = before.reduce((next, earlier) => Math.max(next, earlier + 1), Math.floor(nowS()));
  return `events.out.tfevents.${String(second).padStart(10, "0")}.lodestone.${process.pid}`;
}

function nowS(): number {
  return Date.now() / 1000;
}

function unwritable(path: string, cause: NodeJS.ErrnoException): FileError {
  return new FileError(
    path,
    `the curves for TensorBoard can't be written (${cause.code ?? cause.message}).`,
    {
      cause,
    },
  );
}
