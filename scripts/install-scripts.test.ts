/** What `npm ci` may run on a machine. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8")) as T;
}

// onnxruntime-node's script downloads files for CUDA, or fails where it can't. npm 11.19 and 12 ask package.json, older ones
// run what the lock file marks, so the mark is taken out there.
test("no package but `node` runs a script at installation, with any npm", () => {
  const { packages } = readJson<{ packages: Record<string, { hasInstallScript?: boolean }> }>(
    "package-lock.json",
  );
  const running = Object.keys(packages).filter((path) => packages[path]!.hasInstallScript);
  expect(running, "remove their hasInstallScript from package-lock.json").toEqual(["node_modules/node"]);
  const { allowScripts } = readJson<{ allowScripts: Record<string, boolean> }>("package.json");
  expect(allowScripts).toEqual({ node: true, "onnxruntime-node": false, protobufjs: false });
});
