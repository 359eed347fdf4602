/** The TypeScript on the pages compiles: a page's blocks make one program, in their order. */

import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const importLine = /^import \{ ([^}]+) \} from "([^"]+)";$/gm;

/** The page's blocks with their imports brought together: two blocks may import the same. */
function programOf(markdown: string): string | undefined {
  const blocks = [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, body]) => body!);
  if (blocks.length === 0) return undefined;
  const imports = new Set<string>();
  for (const [, names, from] of blocks.join("\n").matchAll(importLine))
    for (const name of names!.split(", ")) imports.add(`import { ${name} } from "${from}";`);
  return [...imports, ...blocks.map((body) => body.replace(importLine, ""))].join("\n");
}

test("the programs on the pages", () => {
  const folder = mkdtempSync(join(tmpdir(), "doc-types-"));
  try {
    const pages = globSync(["README.md", "docs/**/*.md"], { cwd: root }).sort();
    const files: string[] = [];
    for (const page of pages) {
      const program = programOf(readFileSync(join(root, page), "utf8"));
      if (program === undefined) continue;
      files.push(`${page.replaceAll("/", "-")}.ts`);
      writeFileSync(join(folder, files.at(-1)!), program);
    }
    expect(files).toContain("docs-training.md.ts");
    const compilerOptions = {
      noUnusedLocals: false,
      noUncheckedIndexedAccess: false,
      allowImportingTsExtensions: true,
      rewriteRelativeImportExtensions: false,
      typeRoots: [join(root, "node_modules/@types")],
      paths: { lodestone: [join(root, "src/index.ts")], "lodestone/browser": [join(root, "src/browser.ts")] },
    };
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const config = {
      extends: join(root, "tsconfig.json"),
      compilerOptions,
      include: [join(root, "src/**/*.d.ts")],
      files,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const compiler = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
    const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
