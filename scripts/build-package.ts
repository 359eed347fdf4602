/** Compiles src/ to dist/ as the package ships it. Run by `npm run build`; the kernels are built by `npm run build:kernels`. */

import { spawnSync } from "node:child_process";
import { chmodSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = `${root}dist/`;

rmSync(dist, { recursive: true, force: true });
const compiler = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
const compiled = spawnSync(process.execPath, [compiler, "-p", "tsconfig.package.json"], {
  cwd: root,
  stdio: "inherit",
});
if (compiled.status !== 0) process.exit(1);

const scripts = globSync("**/*.js", { cwd: dist }).sort();
for (const path of scripts) {
  const text = readFileSync(dist + path, "utf8");
  const rewritten = rewriteModuleUrls(text);
  if (rewritten !== text) writeFileSync(dist + path, rewritten);
}
chmodSync(`${dist}cli/main.js`, 0o755);
console.log(`dist: ${scripts.length} modules.`);

/** The compiler rewrites imports of .ts files to .js; the URLs of workers it leaves. */
function rewriteModuleUrls(text: string): string {
  return text.replace(/(new URL\(\s*"\.[^"]+)\.ts("\s*,\s*import\.meta\.url\s*\))/g, "$1.js$2");
}
