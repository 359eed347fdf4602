import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError } from "../signal/errors.ts";
import { makeFolder } from "./make-folder.node.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lodestone-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a folder is made with those around it, and left where it is there", async () => {
  const deep = join(folder, "a b", "nächte", "c");
  await makeFolder(deep);
  writeFileSync(join(deep, "kept"), "");
  await makeFolder(deep);
  await makeFolder(`${deep}/`);
  expect(existsSync(join(deep, "kept"))).toBe(true);
});

test("what is no folder and can't become one is refused in a sentence", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  for (const [path, sentence] of [
    [file, "this is a file, and a folder is wanted"],
    [join(file, "below"), "a part of this path is a file"],
    [join(folder, "x".repeat(300)), "too long"],
    ["", '"": this names no folder'],
  ] as const) {
    await expect(makeFolder(path)).rejects.toThrow(FileError);
    await expect(makeFolder(path)).rejects.toThrow(sentence);
  }
});

test.runIf(process.platform === "linux")(
  "a folder that the system doesn't let anyone make is refused",
  async () => {
    await expect(makeFolder("/proc/lodestone/report")).rejects.toThrow(FileError);
  },
);
