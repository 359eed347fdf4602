import { describe, expect, it } from "vitest";
import { missingLine, readExamples } from "./doc-examples.ts";

describe("readExamples", () => {
  it("takes the marked blocks, each with its exit code and the output after it", () => {
    const page = [
      "# Page",
      "```sh",
      "not run",
      "```",
      "```sh example",
      "lodestone info scan.h5",
      "ls",
      "```",
      "",
      "```text output",
      "scan.h5",
      "...",
      "```",
      "",
      "```sh example exit=2",
      "lodestone info",
      "```",
      "Words between.",
      "```text output",
      "belongs to none",
      "```",
    ];
    expect(readExamples(page.join("\n"))).toEqual([
      { line: 5, script: "lodestone info scan.h5\nls", exitCode: 0, output: ["scan.h5", "..."] },
      { line: 15, script: "lodestone info", exitCode: 2 },
    ]);
  });
});

describe("missingLine", () => {
  const printed = "head\nrows  16\nchannels  1,024 (wide)\ntail\n";

  it("finds lines in their order", () => {
    expect(missingLine(["rows  16", "channels  1,024 (wide)"], printed)).toBeUndefined();
    expect(missingLine(["head", "...", "tail"], printed)).toBeUndefined();
    expect(missingLine(["channels  ... (...)"], printed)).toBeUndefined();
  });

  it("names the line that is not there, or not in its place", () => {
    expect(missingLine(["rows  17"], printed)).toBe("rows  17");
    expect(missingLine(["head", "tail"], printed)).toBe("tail");
    expect(missingLine(["tail", "...", "head"], printed)).toBe("head");
    expect(missingLine(["rows"], printed)).toBe("rows");
    expect(missingLine(["channels  1.024 (wide)"], printed)).toBe("channels  1.024 (wide)");
  });
});
