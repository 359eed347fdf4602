import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError } from "../signal/errors.ts";
import { openFileSource } from "./byte-source.node.ts";
import { blobSource, bytesSource, readInto } from "./byte-source.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lodestone-read-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 251);

test("a file, an array and a blob give the same bytes from any place", async () => {
  const path = join(folder, "data");
  writeFileSync(path, bytes);
  for (const source of [
    await openFileSource(path),
    bytesSource("data", bytes),
    blobSource("data", new Blob([bytes])),
  ]) {
    expect(source.size).toBe(1000);
    expect(await source.read(0, 1000)).toEqual(bytes);
    expect(await source.read(313, 40)).toEqual(bytes.subarray(313, 353));
    expect(await source.read(1000, 0)).toEqual(new Uint8Array(0));
    const target = new Uint8Array(new SharedArrayBuffer(64), 8, 16);
    await readInto(source, 984, target);
    expect([...target]).toEqual([...bytes.subarray(984)]);
    await source.close();
    await source.close();
  }
});

test("places past 4 GB are read", async () => {
  const path = join(folder, "sparse");
  const size = 5 * 2 ** 30 + 3;
  const handle = await open(path, "w");
  await handle.write(new Uint8Array([1, 2, 3]), 0, 3, size - 3);
  await handle.close();
  const source = await openFileSource(path);
  expect(source.size).toBe(size);
  expect([...(await source.read(size - 4, 4))]).toEqual([0, 1, 2, 3]);
  await source.close();
});

test("a file that was cut since it was opened is told, one that grew is read as it was", async () => {
  const path = join(folder, "data");
  writeFileSync(path, bytes);
  const source = await openFileSource(path);
  appendFileSync(path, "more");
  expect(source.size).toBe(1000);
  truncateSync(path, 900);
  await expect(source.read(880, 40)).rejects.toThrow(FileError);
  await expect(source.read(880, 40)).rejects.toThrow(/1,000 bytes .* ends at byte 900 now/);
  await source.close();
});

test("what is not a readable file is a FileError that says why, at once", async () => {
  writeFileSync(join(folder, "file"), "");
  execFileSync("mkfifo", [join(folder, "pipe")]);
  symlinkSync("loop", join(folder, "loop"));
  const cases: [string, RegExp][] = [
    ["missing", /no such file/],
    ["file/inside", /a file, not a folder/],
    [".", /this is a folder/],
    ["pipe", /a pipe, a device/],
    ["loop", /circle of symbolic links/],
    ["n".repeat(256), /longer than names can be/],
    ["zero\0byte", /zero byte/],
  ];
  for (const [name, message] of cases) {
    const path = `${folder}/${name}`;
    await expect(openFileSource(path), name).rejects.toThrow(FileError);
    await expect(openFileSource(path), name).rejects.toThrow(message);
    await expect(openFileSource(path), name).rejects.toMatchObject({ file: path });
  }
  await expect(openFileSource("/dev/null")).rejects.toThrow(/a device/);
});

test.skipIf(process.getuid?.() === 0)("a file without permission", async () => {
  const path = join(folder, "secret");
  writeFileSync(path, "x");
  chmodSync(path, 0);
  await expect(openFileSource(path)).rejects.toThrow(/no permission/);
});
