/**
 * Runs the examples of README.md and docs/: each page in a folder of its own that holds the files which the pages speak of,
 * see doc-files.ts. Run by `npm run doc-examples [PAGE...]`.
 */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DocExample, missingLine, readExamples } from "./doc-examples.ts";
import { writeDocFiles } from "./doc-files.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lodestone-docs-"));
const bin = join(folder, "bin");
const files = join(folder, "files");

function makeCommand(): void {
  mkdirSync(bin);
  const path = join(bin, "lodestone");
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "src/cli/main.ts")}" "$@"\n`);
  chmodSync(path, 0o755);
}

/** What is wrong with how an example ran; undefined where nothing is. */
function runExample({ script, exitCode, output }: DocExample, cwd: string): string | undefined {
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  const result = spawnSync("sh", ["-e", "-c", `exec 2>&1\n${script}`], {
    cwd,
    env,
    encoding: "utf8",
    timeout: 120_000,
  });
  const printed = result.stdout;
  if (result.status !== exitCode)
    return `exit code ${result.status}, not ${exitCode}. It printed:\n${printed}`;
  const missing = output === undefined ? undefined : missingLine(output, printed);
  return missing === undefined ? undefined : `no line "${missing}" in its place. It printed:\n${printed}`;
}

function runPage(page: string, index: number): { run: number; failed: number } {
  const examples = readExamples(readFileSync(join(root, page), "utf8"));
  if (examples.length === 0) return { run: 0, failed: 0 };
  const cwd = join(folder, `page-${index}`);
  cpSync(files, cwd, { recursive: true });
  let failed = 0;
  for (const example of examples) {
    const problem = runExample(example, cwd);
    if (problem !== undefined) {
      failed++;
      console.error(`${page}:${example.line}: ${problem}`);
    }
  }
  console.log(`${page}: ${examples.length} examples, ${failed} failed.`);
  return { run: examples.length, failed };
}

try {
  makeCommand();
  mkdirSync(files);
  await writeDocFiles(files);
  const pages =
    process.argv.length > 2 ? process.argv.slice(2) : globSync(["README.md", "docs/**/*.md"], { cwd: root });
  const results = pages.sort().map(runPage);
  if (results.every(({ run }) => run === 0)) throw new Error("No page has an example.");
  if (results.some(({ failed }) => failed > 0)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
