/**
 * Scores on disk, kept as they come: a run that was stopped goes on where it was, one with more cadences or another detector scores only
 * what is new. A line of JSON each, the first saying what they were measured on.
 */

import { type FileHandle, open, readFile } from "node:fs/promises";
import type { Task } from "./recall-kinds.ts";

/** S/N of the strongest event of level 3, and of level 2; 0 where there is none. */
export interface SearchScores {
  readonly level3: number;
  readonly level2: number;
}

/** What there is of a cadence. `detector` is a probability. */
export interface PartialScores {
  readonly search?: SearchScores;
  readonly detector?: number;
}

interface Line extends PartialScores {
  readonly cadence: string;
  /** The SHA-256 of the model whose score it is. */
  readonly model?: string;
}

export interface ScoresFile {
  find(task: Task): PartialScores;
  add(task: Task, scores: PartialScores): void;
  close(): Promise<void>;
}

/** `measuredOn` is what the scores depend on; `model` the digest of the detector's file. Without a path, scores are kept in memory alone. */
export async function openScores(
  path: string | undefined,
  measuredOn: object,
  model: string | undefined,
): Promise<ScoresFile> {
  const head = JSON.stringify(measuredOn);
  const found = new Map<string, PartialScores>();
  const take = ({ cadence, search, detector, model: of }: Line) =>
    found.set(cadence, {
      ...found.get(cadence),
      ...(search && { search }),
      ...(detector !== undefined && of === model && { detector }),
    });
  let file: FileHandle | undefined;
  if (path !== undefined) {
    const text = await readFile(path, "utf8").catch(() => "");
    // What a run that was killed had begun to write has no end of line.
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const [first, ...lines] = whole.split("\n").slice(0, -1);
    if (first !== undefined && first !== head) {
      throw new Error(`${path} was measured on ${first}, not on ${head}. Give another file.`);
    }
    for (const line of lines) take(JSON.parse(line) as Line);
    file = await open(path, "a");
    await file.truncate(Buffer.byteLength(whole));
    if (first === undefined) await file.appendFile(`${head}\n`);
  }
  let writing = Promise.resolve();
  return {
    find: (task) => found.get(nameOf(task)) ?? {},
    add(task, scores) {
      const line = { cadence: nameOf(task), ...scores, ...(scores.detector !== undefined && { model }) };
      take(line);
      writing = writing.then(() => file?.appendFile(`${JSON.stringify(line)}\n`));
    },
    async close() {
      await writing;
      await file?.close();
    },
  };
}

function nameOf({ number, needle }: Task): string {
  return needle ? `${needle.kind} ${needle.snrDb} dB ${number}` : `negative ${number}`;
}
