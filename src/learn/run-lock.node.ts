/** The lock of a run's folder, `train.lock`: one training at a time writes there. It names the process that holds it, so one that was killed leaves no lock. */

import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { FileError } from "../signal/errors.ts";

interface Holder {
  readonly pid: number;
  readonly host: string;
}

const own: Holder = { pid: process.pid, host: hostname() };
/** Locks that this process holds. Another with its number was left by a process before it. */
const held = new Set<string>();

/** Throws a FileError where a training is at work in the folder. */
export async function checkUnlocked(run: string): Promise<void> {
  const path = lockOf(run);
  if (held.has(path)) throw inUse(run, own);
  const holder = await readHolder(path);
  if (holder !== undefined && isAnotherAtWork(holder)) throw inUse(run, holder);
}

/** Runs `work` while the folder, which must be there, is locked. Throws a FileError where it is locked already. */
export async function withRunLock<T>(run: string, work: () => Promise<T>): Promise<T> {
  const path = lockOf(run);
  if (held.has(path)) throw inUse(run, own);
  held.add(path);
  try {
    await takeLock(run, path);
    try {
      return await work();
    } finally {
      await rm(path, { force: true });
    }
  } finally {
    held.delete(path);
  }
}

function lockOf(run: string): string {
  return join(resolve(run), "train.lock");
}

function inUse(run: string, { pid, host }: Holder): FileError {
  const where = host === own.host ? "" : ` on ${host}`;
  return new FileError(
    run,
    `another training is at work in this folder, process ${pid}${where}. Wait until it ends, or give another folder. ` +
      "If that process is no training, remove train.lock from the folder.",
  );
}

async function takeLock(run: string, path: string): Promise<void> {
  const write = () => writeFile(path, `${JSON.stringify(own)}\n`, { flag: "wx" });
  try {
    await write().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
      const holder = await readHolder(path);
      if (holder !== undefined && isAnotherAtWork(holder)) throw inUse(run, holder);
      await rm(path, { force: true });
      await write();
    });
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const problem = `the folder can't be locked (${code}). Check that it is there and may be written to.`;
    throw new FileError(run, problem, { cause });
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const { pid, host } = JSON.parse(await readFile(path, "utf8")) as Holder;
    return Number.isSafeInteger(pid) && pid > 0 && typeof host === "string" ? { pid, host } : undefined;
  } catch {
    // Not there, or cut short by a crash.
    return undefined;
  }
}

function isAnotherAtWork({ pid, host }: Holder): boolean {
  // Processes of other machines can't be asked.
  if (host !== own.host) return true;
  if (pid === own.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
