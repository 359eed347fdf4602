import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { FileError, UsageError } from "../signal/errors.ts";
import { VERSION } from "../signal/version.ts";
import { parseNumber } from "./options.ts";
import { type CommandEntry, commandEntries, runProgram } from "./program.ts";

function entry(name: string, act: () => void): CommandEntry {
  return {
    name,
    summary: `does ${name}`,
    load: async () =>
      new Command(name)
        .description(`does ${name}`)
        .argument("<file>")
        .option("--snr <x>", "a limit", parseNumber({ above: 0 }))
        .action(act),
  };
}

async function run(args: string[], entries: readonly CommandEntry[]) {
  let out = "";
  let err = "";
  const exitCode = await runProgram(args, { out: (t) => (out += t), err: (t) => (err += t) }, entries);
  return { exitCode, out, err };
}

const works = entry("search", () => {});

describe("runProgram", () => {
  it("runs the command and gives 0", async () => {
    let ran = 0;
    const result = await run(
      ["search", "a.h5"],
      [entry("search", () => void ran++), entry("plot", () => {})],
    );
    expect(result).toEqual({ exitCode: 0, out: "", err: "" });
    expect(ran).toBe(1);
  });

  it("loads no command but the one asked for", async () => {
    const unloaded: CommandEntry = {
      name: "plot",
      summary: "does plot",
      load: () => Promise.reject(new Error("plot was loaded")),
    };
    expect((await run(["search", "a.h5"], [works, unloaded])).exitCode).toBe(0);
    const help = await run(["--help"], [works, unloaded]);
    expect(help.exitCode).toBe(0);
    expect(help.out).toContain("does plot");
  });

  it("prints the version, and the help of a command, on standard output", async () => {
    expect(await run(["--version"], [works])).toEqual({ exitCode: 0, out: `${VERSION}\n`, err: "" });
    for (const args of [
      ["help", "search"],
      ["search", "--help"],
    ]) {
      const help = await run(args, [works]);
      expect(help).toMatchObject({ exitCode: 0, err: "" });
      expect(help.out).toContain("--snr");
    }
  });

  it("takes no command, an unknown one, a wrong option and a wrong value as wrong usage, and says what is near", async () => {
    expect(await run([], [works])).toMatchObject({ exitCode: 2, out: "" });
    const command = await run(["serach", "a.h5"], [works]);
    expect(command).toMatchObject({ exitCode: 2, out: "" });
    expect(command.err).toContain("Did you mean search?");
    expect(await run(["help", "serach"], [works])).toEqual(await run(["serach"], [works]));
    const option = await run(["search", "a.h5", "--srn", "3"], [works]);
    expect(option).toMatchObject({ exitCode: 2, out: "" });
    expect(option.err).toContain("Did you mean --snr?");
    expect(option.err).toContain("lodestone search --help");
    const value = await run(["search", "a.h5", "--snr", "ten"], [works]);
    expect(value.exitCode).toBe(2);
    expect(value.err).toMatch(
      /^lodestone: option '--snr <x>' argument 'ten' is invalid\. Give a number, such as 1\./,
    );
    expect((await run(["search"], [works])).exitCode).toBe(2);
  });

  it("tells errors of input in one line, 1 for a file and 2 for usage", async () => {
    const file = entry("search", () => {
      throw new FileError("a.h5", "cut short.");
    });
    expect(await run(["search", "a.h5"], [file])).toEqual({
      exitCode: 1,
      out: "",
      err: "lodestone: a.h5: cut short.\n",
    });
    const usage = entry("search", () => {
      throw new UsageError("The range is empty.");
    });
    expect(await run(["search", "a.h5"], [usage])).toEqual({
      exitCode: 2,
      out: "",
      err: "lodestone: The range is empty.\n",
    });
    const full = entry("search", () => {
      throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write", path: "hits.csv" });
    });
    expect((await run(["search", "a.h5"], [full])).err).toBe(
      "lodestone: hits.csv: the disk is full (write: ENOSPC).\n",
    );
  });

  it("calls anything else a defect, with the stack", async () => {
    const broken = entry("search", () => {
      throw new TypeError("x is undefined");
    });
    const result = await run(["search", "a.h5"], [broken]);
    expect(result.exitCode).toBe(1);
    expect(result.err).toContain("defect of Lodestone");
    expect(result.err).toContain("program.test.ts");
  });
});

describe.each(commandEntries.map((e) => [e.name]))("the help of %s", (name) => {
  it("has an example that calls it", async () => {
    const help = await run([name, "--help"], commandEntries);
    expect(help).toMatchObject({ exitCode: 0, err: "" });
    expect(help.out).toMatch(/^Usage: lodestone /);
    expect(help.out).toContain(`$ lodestone ${name} `);
  });
});
