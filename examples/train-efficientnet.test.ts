import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const fileOf = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Stopped once the loss has come down: `npm run try-package` runs the example to its end. */
test("the example runs in a clone, unbuilt, and its loss falls", async () => {
  const folder = await mkdtemp(join(tmpdir(), "example-"));
  const args = ["--import", fileOf("scripts/from-sources.ts"), fileOf("examples/train-efficientnet.ts")];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const losses: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    losses.push(Number(/^step \d+: loss (\d+\.\d+)$/.exec(line)?.[1]));
    if (!(losses.at(-1)! >= 0.15)) break;
  }
  child.kill("SIGKILL");
  await ended;
  await rm(folder, { recursive: true });
  expect(losses.length).toBeGreaterThan(1);
  expect(losses[0]).toBeGreaterThan(0.2);
  expect(losses.at(-1)).toBeLessThan(0.15);
});

test("the example is short, and run by the script that the pages name", async () => {
  const { scripts } = JSON.parse(await readFile(fileOf("package.json"), "utf8"));
  expect(scripts.example).toBe("node --import ./scripts/from-sources.ts examples/train-efficientnet.ts");
  const lines = (await readFile(fileOf("examples/train-efficientnet.ts"), "utf8")).trimEnd().split("\n");
  expect(lines.length).toBeLessThan(40);
});
