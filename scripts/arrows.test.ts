import { describe, expect, it } from "vitest";
import { findWrongArrows, readArrows } from "./arrows.ts";

function check(tree: Record<string, string>): string[] {
  return findWrongArrows(new Map(Object.entries(tree)), ["zod", "sharp", "h5wasm", "@scope/inside"]);
}

/** A tree that keeps all the rules; each test below breaks one. */
const sound = {
  "src/index.test.ts": 'import "./index.ts";',
  "src/index.ts": 'export * from "./signal/range.ts"; export * from "./formats/npy.node.ts";',
  "src/signal/range.ts": 'import { fail } from "./errors.ts";',
  "src/signal/errors.ts": "export const fail = 1;",
  "src/formats/npy.ts":
    'import { z } from "zod"; import "../signal/range.ts"; import type { Stats } from "node:fs";',
  "src/formats/npy.node.ts":
    'import { open } from "node:fs"; import "./npy.ts"; new URL("./worker.ts", import.meta.url);',
  "src/formats/worker.ts": 'import type {} from "./npy.ts"; import { a } from "@scope/inside/b";',
  "src/formats/npy.test.ts":
    'import "../simulate/noise.ts"; import "../../scripts/x.ts"; import "vitest"; import "node:fs";',
  "src/simulate/noise.ts": 'new URL("../../kernels/build/search.wasm", import.meta.url);',
  "src/report/html.ts": 'import "../formats/npy.node.ts"; import "../simulate/noise.ts"; import "node:fs";',
  "src/cli/main.ts": 'import "../report/html.ts"; await import("../formats/npy.ts");',
  "scripts/x.ts": 'import "../src/cli/main.ts"; import "vitest";',
};

function withFile(path: string, text: string): string[] {
  return check({ ...sound, [path]: text });
}

describe("findWrongArrows", () => {
  it("finds nothing in a sound tree", () => {
    expect(check(sound)).toEqual([]);
  });

  it.each([
    ["import", 'import "../cli/main.ts";'],
    ["export from", 'export * from "../cli/main.ts";'],
    ["named export from", 'export { a } from "../cli/main.ts";'],
    ["import()", 'const a = () => import("../cli/main.ts");'],
    ["import type", 'import type { A } from "../cli/main.ts";'],
    ["a type taken in place", 'let a: import("../cli/main.ts").A;'],
    ["a worker", 'new Worker(new URL("../cli/main.ts", import.meta.url));'],
  ])("sees an arrow that runs up: %s", (_what, text) => {
    expect(withFile("src/search/hits.ts", text)).toEqual([
      "src/search/hits.ts imports ../cli/main.ts: the arrow from search to cli runs up.",
    ]);
  });

  it("holds tests to the levels too, but lets them use the rooms beside", () => {
    expect(withFile("src/search/hits.test.ts", 'import "../cli/main.ts";')[0]).toContain("runs up");
    expect(withFile("src/search/hits.test.ts", 'import "../formats/npy.node.ts";')).toEqual([]);
  });

  it("sees rooms that stand side by side", () => {
    expect(withFile("src/search/hits.ts", 'import "../formats/npy.ts";')).toEqual([
      "src/search/hits.ts imports ../formats/npy.ts: search and formats stand side by side and must not know each other.",
    ]);
  });

  it("sees a room that nobody listed", () => {
    expect(withFile("src/attic/old.ts", 'import "../signal/range.ts";')[0]).toContain(
      "src/attic is not among the rooms",
    );
  });

  it.each([
    ["a module of Node", 'import { open } from "node:fs";'],
    ["a file for Node", 'import "./npy.node.ts";'],
    ["a file for Node, later", 'const later = () => import("./npy.node.ts");'],
    ["a file for Node as a worker", 'new Worker(new URL("./npy.node.ts", import.meta.url));'],
    ["names of types alone, which still loads the file", 'import { type A } from "./npy.node.ts";'],
    ["a package for Node", 'import sharp from "sharp";'],
    ["a part for Node of a package", 'import h5wasm from "h5wasm/node";'],
  ])("keeps Node out of files that must run in a browser: %s", (_what, text) => {
    const wrong = withFile("src/formats/fil.ts", text);
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toContain("must run in a browser");
    expect(withFile("src/formats/fil.node.ts", text)).toEqual([]);
    expect(withFile("src/cli/fil.ts", text.replaceAll("./npy", "../formats/npy"))).toEqual([]);
  });

  it("keeps tests and other folders out of the program", () => {
    expect(withFile("src/formats/fil.ts", 'import "./npy.test.ts";')[0]).toContain("must not need its tests");
    expect(withFile("src/formats/fil.ts", 'import "./testing/files.ts";')[0]).toContain(
      "must not need its tests",
    );
    expect(withFile("src/formats/fil.ts", 'import "../../scripts/x.ts";')[0]).toContain("outside src");
  });

  it("sees packages that an installed copy would lack, and signal with any", () => {
    expect(withFile("src/formats/fil.ts", 'import "fast-check";')[0]).toContain("not among the dependencies");
    expect(withFile("src/formats/fil.ts", 'import "@scope/other/b";')[0]).toContain(
      "@scope/other is not among",
    );
    expect(withFile("src/formats/fil.node.ts", 'import "fs";')[0]).toContain("write node:fs");
    expect(withFile("src/signal/range.ts", 'import "zod";')[0]).toContain("signal imports nothing");
  });

  it("sees a worker's file that is missing", () => {
    expect(withFile("src/formats/fil.ts", 'new URL("./gone.ts", import.meta.url);')[0]).toContain(
      "no such file",
    );
  });

  it("sees a circle of files, through types too, and tells its path", () => {
    const wrong = check({
      ...sound,
      "src/signal/errors.ts": 'import type { A } from "./axis.ts";',
      "src/signal/axis.ts": 'export * from "./range.ts";',
    });
    expect(wrong).toEqual([
      "src/signal/range.ts -> src/signal/errors.ts -> src/signal/axis.ts -> src/signal/range.ts: " +
        "files import each other in a circle.",
    ]);
  });
});

describe("readArrows", () => {
  it("is not misled by comments, strings and regular expressions", () => {
    const text = `
      // import "../cli/main.ts";
      const a = 'import "../cli/main.ts"', b = /["'\`]/, c = \`import "../cli/main.ts"\`;
      /* export * from "../cli/main.ts" */
      import x from "./x.ts";
    `;
    expect(readArrows("a.ts", text)).toEqual([{ from: "a.ts", specifier: "./x.ts", kind: "value" }]);
  });
});
