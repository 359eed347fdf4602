import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkUnlocked, withRunLock } from "./run-lock.node.ts";

let run = "";
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), "lodestone-lock-"));
});
afterEach(() => rm(run, { recursive: true }));

const lockedBy = (pid: number, host = hostname()) =>
  writeFile(join(run, "train.lock"), JSON.stringify({ pid, host }));

test("a folder is held by one at a time, and free again when that one has ended or failed", async () => {
  const result = await withRunLock(run, async () => {
    await expect(withRunLock(run, async () => 1)).rejects.toThrow(
      `another training is at work in this folder, process ${process.pid}. Wait until it ends`,
    );
    expect(await readdir(run)).toEqual(["train.lock"]);
    return 2;
  });
  expect(result).toBe(2);
  await expect(withRunLock(run, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(await readdir(run)).toEqual([]);
  expect(await withRunLock(run, async () => 3)).toBe(3);
});

test("a living process of this machine, or any of another, holds its lock", async () => {
  await lockedBy(process.ppid);
  await expect(checkUnlocked(run)).rejects.toThrow(`process ${process.ppid}. `);
  await expect(withRunLock(run, async () => 1)).rejects.toThrow("remove train.lock");
  await lockedBy(process.pid, "another-machine");
  await expect(checkUnlocked(run)).rejects.toThrow(`process ${process.pid} on another-machine`);
});

test("the lock of a process that is gone, one of this number before, and half a lock do not count", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  for (const leave of [
    () => lockedBy(pid),
    () => lockedBy(process.pid),
    () => writeFile(join(run, "train.lock"), '{"pid":'),
  ]) {
    await leave();
    expect(await withRunLock(run, async () => 4)).toBe(4);
  }
});

test("a folder that isn't there can't be locked, and is not", async () => {
  await expect(withRunLock(join(run, "none"), async () => 1)).rejects.toThrow("can't be locked (ENOENT)");
  await checkUnlocked(join(run, "none"));
});
