import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { encodeSigprocHeader } from "../formats/sigproc-encode.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lodestone-main-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of many gigabytes that takes no place on the disk: nothing but its header was ever written. */
function makeHugeFile(name: string): void {
  const time = { tstartMjd: 57_650.5, tsampS: 18.25, nsamples: 1024 };
  const frequency = { fch1MHz: 8421.5, foffMHz: -2.8e-6, nchans: 2 ** 22 };
  const header = encodeSigprocHeader({ time, frequency, header: {}, nifs: 1, nbits: 32 });
  writeFileSync(join(folder, name), header);
  truncateSync(join(folder, name), header.length + 4 * time.nsamples * frequency.nchans);
}

async function untilTemporary(child: ChildProcess): Promise<void> {
  while (child.exitCode === null && !readdirSync(folder).some((name) => name.endsWith(".tmp")))
    await sleep(20);
}

describe("the command's process", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends on %s with %i and removes what was half written", async (signal, exitCode) => {
    makeHugeFile("huge.fil");
    const child = spawn(process.execPath, [main, "convert", "huge.fil", "out.h5"], { cwd: folder });
    let err = "";
    child.stderr.on("data", (text) => {
      err += text;
    });
    await untilTemporary(child);
    child.kill(signal);
    const [code] = await once(child, "close");
    expect(err).toBe(`lodestone: stopped by ${signal}; what was half written has been removed.\n`);
    expect(code).toBe(exitCode);
    expect(readdirSync(folder)).toEqual(["huge.fil"]);
  });

  it("ends quietly where nobody reads on", () => {
    const script = '"$0" "$1" --help | true; echo "$PIPESTATUS"';
    const result = spawnSync("bash", ["-c", script, process.execPath, main], { encoding: "utf8" });
    expect(result).toMatchObject({ stdout: "0\n", stderr: "" });
  });

  it("gives the shell the exit code of a wrong call and of a file that can't be read", () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: "utf8" });
    expect(run("convert")).toMatchObject({ status: 2, stdout: "" });
    const missing = run("convert", "none.fil", "out.h5");
    expect(missing).toMatchObject({ status: 1, stdout: "" });
    expect(missing.stderr).toMatch(/^lodestone: none\.fil: [^\n]+\n$/);
  });
});
