import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError } from "./errors.ts";
import { removeOpenTemporaries, withTemporaryPath, writeFileAtomically } from "./write-file.node.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lodestone-write-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("chunks land in order under the final name, and nothing else is left", async () => {
  const path = join(folder, "out.bin");
  const returned = await writeFileAtomically(path, async (write) => {
    await write(new Uint8Array([1, 2, 3]));
    await write("né");
    await write(new Uint8Array(0));
    return 7;
  });
  expect(returned).toBe(7);
  expect([...readFileSync(path)]).toEqual([1, 2, 3, 0x6e, 0xc3, 0xa9]);
  expect(readdirSync(folder)).toEqual(["out.bin"]);
});

test("until the end the final name keeps what it held, and a hidden temporary stands in the same folder", async () => {
  const path = join(folder, "out.csv");
  writeFileSync(path, "before");
  await writeFileAtomically(path, async (write) => {
    await write("after");
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(folder).filter((name) => /^\.out\.csv\.[0-9a-f]{12}\.tmp$/.test(name))).toHaveLength(
      1,
    );
  });
  expect(readFileSync(path, "utf8")).toBe("after");
});

test("an error in the writer leaves the old file, removes the temporary and comes through unchanged", async () => {
  const path = join(folder, "out.csv");
  writeFileSync(path, "before");
  const failure = new RangeError("defect");
  const writing = writeFileAtomically(path, async (write) => {
    await write("half");
    throw failure;
  });
  await expect(writing).rejects.toBe(failure);
  expect(readdirSync(folder)).toEqual(["out.csv"]);
  expect(readFileSync(path, "utf8")).toBe("before");
});

test("an abort stops at the next chunk, or before the renaming, and leaves nothing", async () => {
  for (const chunksAfter of [0, 1]) {
    const controller = new AbortController();
    const writing = writeFileAtomically(
      join(folder, "out"),
      async (write) => {
        await write("a");
        controller.abort();
        for (let i = 0; i < chunksAfter; i++) await write("b");
      },
      { signal: controller.signal },
    );
    await expect(writing).rejects.toMatchObject({ name: "AbortError" });
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("a path for libraries: what they wrote there gets the name, also when they replace the file", async () => {
  const path = join(folder, "out.h5");
  await withTemporaryPath(path, async (temporary) => writeFileSync(temporary, "whole"));
  expect(readFileSync(path, "utf8")).toBe("whole");
  await expect(
    withTemporaryPath(path, async (temporary) => {
      writeFileSync(temporary, "half");
      throw new Error("stop");
    }),
  ).rejects.toThrow("stop");
  expect(readFileSync(path, "utf8")).toBe("whole");
  expect(readdirSync(folder)).toEqual(["out.h5"]);
});

test("a name of 255 bytes works", async () => {
  const path = join(folder, "n".repeat(255));
  await writeFileAtomically(path, (write) => write("x"));
  expect(readFileSync(path, "utf8")).toBe("x");
});

test("through a symbolic link the file behind it is replaced; its permissions stay", async () => {
  const real = join(folder, "real");
  writeFileSync(real, "before");
  chmodSync(real, 0o640);
  symlinkSync(real, join(folder, "link"));
  await writeFileAtomically(join(folder, "link"), (write) => write("after"));
  expect(readFileSync(real, "utf8")).toBe("after");
  expect(statSync(real).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder).sort()).toEqual(["link", "real"]);
});

test("what can't be written is a FileError that says why", async () => {
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "file"), "");
  const cases: [string, RegExp][] = [
    [join(folder, "missing", "out"), /folder doesn't exist/],
    [join(folder, "sub"), /this is a folder/],
    [join(folder, "file", "out"), /a file, not a folder/],
    [join(folder, "n".repeat(256)), /too long/],
    ["/dev/null", /device/],
  ];
  for (const [path, message] of cases) {
    const writing = writeFileAtomically(path, (write) => write("x"));
    await expect(writing, path).rejects.toThrow(FileError);
    await expect(writing, path).rejects.toThrow(message);
    await expect(writing, path).rejects.toThrow(path);
  }
});

test.skipIf(process.getuid?.() === 0)("a folder without permission", async () => {
  chmodSync(folder, 0o500);
  await expect(writeFileAtomically(join(folder, "out"), (write) => write("x"))).rejects.toThrow(
    /no permission/,
  );
  chmodSync(folder, 0o700);
});

test("a system error inside the writer is told as the disk's, with its cause", async () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    syscall: "write",
  });
  const writing = withTemporaryPath(join(folder, "out"), () => Promise.reject(full));
  await expect(writing).rejects.toThrow(/disk is full/);
  await expect(writing).rejects.toMatchObject({ cause: full });
  expect(readdirSync(folder)).toEqual([]);
});

test("an error about another file that the writer reads stays what it was", async () => {
  const missing = join(folder, "other");
  const writing = writeFileAtomically(join(folder, "out"), async (write) => write(await readFile(missing)));
  await expect(writing).rejects.toMatchObject({ code: "ENOENT", path: missing });
});

test("removeOpenTemporaries removes what is being written", async () => {
  const writing = writeFileAtomically(join(folder, "out"), async (write) => {
    await write("a");
    expect(readdirSync(folder)).toHaveLength(1);
    removeOpenTemporaries();
    expect(readdirSync(folder)).toEqual([]);
    throw new Error("stopped");
  });
  await expect(writing).rejects.toThrow("stopped");
});

test("a process that exits while it writes leaves nothing", async () => {
  const module = new URL("./write-file.node.ts", import.meta.url).href;
  const path = join(folder, "out");
  const script = `
    const { writeFileAtomically } = await import(${JSON.stringify(module)});
    const { readdirSync } = await import("node:fs");
    await writeFileAtomically(${JSON.stringify(path)}, async (write) => {
      await write("half");
      process.stdout.write(String(readdirSync(${JSON.stringify(folder)}).length));
      process.exit(3);
    });`;
  const child = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  await expect(child).rejects.toMatchObject({ code: 3, stdout: "1" });
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test("chunks go where they are told, and after the chunk before where they aren't", async () => {
  const path = join(folder, "placed");
  await writeFileAtomically(path, async (write) => {
    await write("....");
    await write("cd", 6);
    await write("ef");
    await write("ab", 4);
  });
  expect(readFileSync(path, "utf8")).toBe("....abcdef");
});
