/**
 * The arrows between rooms: which file of the project may import which. Works on texts, so that its tests need no files.
 * Imports are taken from the syntax tree (Rolldown's parser, by way of Vitest), not by pattern.
 */

import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { parseAst } from "vitest/node";

/** A room may import rooms of lower levels, and itself. Rooms on one level do not know each other. */
export const roomLevels: Readonly<Record<string, number>> = {
  signal: 0,
  formats: 1,
  simulate: 1,
  search: 1,
  pictures: 1,
  nn: 1,
  learn: 2,
  detect: 3,
  report: 4,
  store: 5,
  jobs: 5,
  server: 6,
  cli: 7,
  /** `src/browser.ts` and `src/index.ts`, the package's entries. */
  browser: 8,
  index: 9,
};

/** Rooms that must run in a browser; their files for Node are called `*.node.ts`. */
export const browserRooms: ReadonlySet<string> = new Set([
  "signal",
  "formats",
  "simulate",
  "search",
  "pictures",
  "nn",
  "detect",
  "browser",
]);

/** Packages, or parts of them, that do not run in a browser. */
const nodePackages: ReadonlySet<string> = new Set(["sharp", "commander", "h5wasm/node", "onnxruntime-node"]);

export interface Arrow {
  /** The file that imports, as a path from the project's root with forward slashes. */
  readonly from: string;
  /** As it is written: `../signal/range.ts`, `node:fs`, `zod`. */
  readonly specifier: string;
  /** `type` vanishes before the program runs; `url` is `new URL("./worker.ts", import.meta.url)`. */
  readonly kind: "value" | "type" | "url";
}

interface SyntaxNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Every import, export from, import(), import type and module URL of a file. */
export function readArrows(path: string, text: string): Arrow[] {
  const arrows: Arrow[] = [];
  const add = (source: unknown, kind: Arrow["kind"]) => {
    const literal = source as SyntaxNode | null | undefined;
    if (literal?.type !== "Literal" || typeof literal.value !== "string") return;
    arrows.push({ from: path, specifier: literal.value, kind });
  };
  visit(parseAst(text, { lang: "ts" }) as unknown as SyntaxNode, (node) => {
    switch (node.type) {
      case "ImportDeclaration":
        return add(node.source, node.importKind === "type" ? "type" : "value");
      case "ExportNamedDeclaration":
      case "ExportAllDeclaration":
        return add(node.source, node.exportKind === "type" ? "type" : "value");
      case "ImportExpression":
        return add(node.source, "value");
      case "TSImportType":
        return add(node.source, "type");
      case "NewExpression":
        if ((node.callee as SyntaxNode).name === "URL") add((node.arguments as SyntaxNode[])[0], "url");
    }
  });
  return arrows.filter(({ kind, specifier }) => kind !== "url" || /^\..*\.ts$/.test(specifier));
}

/** Checks all files of a project (path to text). Gives a sentence for each wrong arrow; none means that all is well. */
export function findWrongArrows(
  files: ReadonlyMap<string, string>,
  dependencies: readonly string[],
): string[] {
  const arrows = [...files].flatMap(([path, text]) => readArrows(path, text));
  const wrong = arrows.flatMap((arrow) => {
    const target = targetOf(arrow);
    const problem =
      target === undefined ? wrongPackage(arrow, dependencies) : wrongFile(arrow, target, files.has(target));
    return problem === undefined ? [] : [`${arrow.from} imports ${arrow.specifier}: ${problem}.`];
  });
  return [...wrong, ...findCycles(arrows)];
}

/** The path of the imported file from the project's root; undefined for packages and Node's own modules. */
function targetOf({ from, specifier }: Arrow): string | undefined {
  return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : undefined;
}

function wrongFile({ from, kind }: Arrow, target: string, exists: boolean): string | undefined {
  const room = roomOf(from);
  const targetRoom = roomOf(target);
  if (kind === "url" && !exists) return "there is no such file";
  if (room === undefined) return undefined;
  if (isTest(target) && !isTest(from)) return "the program must not need its tests";
  if (targetRoom === undefined)
    return isTest(from) ? undefined : "the program must not need what is outside src";
  if (roomLevels[room] === undefined) return `src/${room} is not among the rooms of scripts/arrows.ts`;
  if (roomLevels[targetRoom] === undefined)
    return `src/${targetRoom} is not among the rooms of scripts/arrows.ts`;
  if (roomLevels[targetRoom]! > roomLevels[room]!) return `the arrow from ${room} to ${targetRoom} runs up`;
  if (targetRoom !== room && roomLevels[targetRoom] === roomLevels[room] && !isTest(from)) {
    return `${room} and ${targetRoom} stand side by side and must not know each other`;
  }
  if (kind !== "type" && mustRunInBrowser(from) && target.endsWith(".node.ts")) {
    return "this file must run in a browser; import it from a *.node.ts file";
  }
  return undefined;
}

function wrongPackage({ from, specifier, kind }: Arrow, dependencies: readonly string[]): string | undefined {
  const room = roomOf(from);
  if (room === undefined || isTest(from)) return undefined;
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const builtin = isBuiltin(specifier);
  if (builtin && !specifier.startsWith("node:")) return `write node:${specifier}`;
  if (!builtin && !dependencies.includes(name))
    return `${name} is not among the dependencies of package.json`;
  if (room === "signal" && !from.endsWith(".node.ts")) return "signal imports nothing";
  const needsNode = builtin || nodePackages.has(specifier) || nodePackages.has(name);
  if (kind !== "type" && needsNode && mustRunInBrowser(from)) {
    return "this file must run in a browser; move what needs Node to a *.node.ts file";
  }
  return undefined;
}

/** `src/signal/range.ts` stands in `signal`, `src/index.ts` in `index`; files outside src stand in no room. */
function roomOf(path: string): string | undefined {
  return path.startsWith("src/") ? path.split("/")[1]!.replace(/(\.test)?\.ts$/, "") : undefined;
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || path.split("/").includes("testing");
}

function mustRunInBrowser(path: string): boolean {
  return browserRooms.has(roomOf(path) ?? "") && !path.endsWith(".node.ts") && !isTest(path);
}

/** One sentence for each cycle of files. Types count too; a worker's URL does not. */
function findCycles(arrows: readonly Arrow[]): string[] {
  const targets = new Map<string, string[]>();
  for (const arrow of arrows) {
    const target = targetOf(arrow);
    if (target === undefined || arrow.kind === "url") continue;
    targets.set(arrow.from, [...(targets.get(arrow.from) ?? []), target]);
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const follow = (path: string) => {
    const at = trail.indexOf(path);
    if (at >= 0)
      cycles.push(`${[...trail.slice(at), path].join(" -> ")}: files import each other in a circle.`);
    if (at >= 0 || done.has(path)) return;
    trail.push(path);
    for (const target of targets.get(path) ?? []) follow(target);
    trail.pop();
    done.add(path);
  };
  for (const path of targets.keys()) follow(path);
  return cycles;
}

function visit(node: SyntaxNode, act: (node: SyntaxNode) => void): void {
  act(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === "object" && child !== null && "type" in child) visit(child as SyntaxNode, act);
    }
  }
}
