/** Fails where a file of the project imports what it must not: see arrows.ts. Run by `npm run arrows`. */

import { globSync, readFileSync } from "node:fs";
import { findWrongArrows } from "./arrows.ts";

const root = new URL("../", import.meta.url);
const folders = ["src", "scripts", "bench", "examples", "kernels"];

const paths = folders
  .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
  .map((path) => path.replaceAll("\\", "/"))
  // Sources of the WASM kernels are AssemblyScript and can't import what stands in src.
  .filter((path) => !path.startsWith("kernels/") || path.startsWith("kernels/build"))
  .sort();
const files = new Map(paths.map((path) => [path, readFileSync(new URL(path, root), "utf8")]));
const { dependencies, peerDependencies } = JSON.parse(
  readFileSync(new URL("package.json", root), "utf8"),
) as {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

const wrong = findWrongArrows(files, Object.keys({ ...dependencies, ...peerDependencies }));
for (const sentence of wrong) console.error(sentence);
console.log(
  `${files.size} files, ${wrong.length === 0 ? "every arrow runs down" : `${wrong.length} wrong arrows`}.`,
);
if (wrong.length > 0) process.exitCode = 1;
