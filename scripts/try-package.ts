/**
 * Packs the package, installs it in an empty folder as a stranger would, and uses it there: the command, an import, the types, the engine.
 * Runs with the Node that stands first on the path outside of this project, so that the oldest one in use is tried.
 * Run by `npm run try-package`.
 */

import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { builds } from "../kernels/builds.ts";

const programs = {
  user: "scripts/package-user.ts",
  trainer: "scripts/package-trainer.ts",
  example: "examples/train-efficientnet.ts",
} as const;
const root = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lodestone-package-"));
const outerPath = process.env
  .PATH!.split(delimiter)
  .filter((part) => !part.includes("node_modules"))
  .join(delimiter);
// What npm told this script of the project, such as its prefix, must not reach the installed package's npm.
const outerEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(config_(local_prefix|prefix)|package_|lifecycle_)|INIT_CWD$)/i.test(name),
  ),
);

function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  console.log(`$ ${command} ${args.join(" ")}`);
  try {
    return execFileSync(command, args, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      ...options,
    });
  } catch (error) {
    console.log((error as { stdout?: string }).stdout ?? "");
    throw error;
  }
}

/** Runs a command as the stranger: in the empty folder, without this project's programs on the path. */
function runOutside(command: string, ...args: string[]): string {
  return run(command, args, { env: { ...outerEnvironment, PATH: outerPath } });
}

function installOutside(what: string): void {
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  runOutside("npm", "install", ...quiet, what);
}

function expectThat(condition: boolean, sentence: string): void {
  if (!condition) throw new Error(`The package is wrong: ${sentence}`);
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

function packTarball(): Packed {
  const output = run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
  const parsed = JSON.parse(output.slice(output.search(/^[[{]/m))) as Packed[] | Record<string, Packed>;
  return Object.values(parsed)[0]!;
}

function checkContents({ files }: Packed): void {
  const paths = files.map(({ path }) => path);
  const wanted = [
    "LICENSE",
    "README.md",
    "package.json",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/browser.js",
    "dist/cli/main.js",
  ];
  const missing = wanted.filter((path) => !paths.includes(path));
  expectThat(missing.length === 0, `it lacks ${missing.join(", ")}.`);
  const kernels = paths.filter((path) => path.startsWith("kernels/")).sort();
  const built = builds.map(({ name }) => `kernels/build/${name}.wasm`).sort();
  expectThat(kernels.join() === built.join(), `its kernels are ${kernels.join(", ")}.`);
  const strange = paths.filter(
    (path) => /\.test\.|(^|\/)testing\//.test(path) || (path.endsWith(".ts") && !path.endsWith(".d.ts")),
  );
  expectThat(strange.length === 0, `it holds ${strange.join(", ")}, which is for developers.`);
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

function checkInstalled(): void {
  const { devDependencies } = readJson<{ devDependencies: object }>(join(root, "package.json"));
  const strange = Object.keys(devDependencies).filter((name) =>
    existsSync(join(folder, "node_modules", name)),
  );
  expectThat(strange.length === 0, `installing it brings ${strange.join(", ")}, which is for developers.`);
  const { packages } = readJson<{ packages: Record<string, { hasInstallScript?: boolean }> }>(
    join(folder, "node_modules/.package-lock.json"),
  );
  const running = Object.keys(packages).filter((path) => packages[path]!.hasInstallScript);
  expectThat(running.length === 0, `installing it runs scripts of ${running.join(", ")}.`);
  const command = join(folder, "node_modules/.bin/lodestone");
  expectThat((statSync(command).mode & 0o111) !== 0, "its command is not executable.");
}

function useCommand(): void {
  const { version } = readJson<{ version: string }>(join(root, "package.json"));
  expectThat(
    runOutside("npx", "lodestone", "--version").trim() === version,
    `the command's version is not ${version}.`,
  );
  runOutside("npx", "lodestone", "plot", "scan0.h5", "--output", "scan.png");
  expectThat(statSync(join(folder, "scan.png")).size > 1000, "its picture is empty.");
  runOutside("npx", "lodestone", "convert", "scan1.fil", "scan1.npy", "--t-stop", "60");
  const search = [
    "search",
    "scan0.h5",
    "scan1.fil",
    "scan2.h5",
    "--cadence",
    "ABA",
    "--out",
    "report",
    "--json",
  ];
  const { hits } = JSON.parse(runOutside("npx", "lodestone", ...search)) as { hits: unknown[] };
  expectThat(hits.length > 0, "its search finds nothing.");
  expectThat(existsSync(join(folder, "report/report.html")), "its search writes no report.");
  const info = runOutside("npx", "lodestone", "info", "scan0.h5", "scan1.npy");
  expectThat(info.includes("32,768 channels"), "info does not tell the shape of a file.");
}

/** Compiles programs that use the package, the examples among them. */
function compilePrograms(): void {
  for (const [name, source] of Object.entries(programs))
    copyFileSync(join(root, source), join(folder, `${name}.ts`));
  const compilerOptions = {
    target: "es2023",
    module: "nodenext",
    strict: true,
    types: [],
    lib: ["es2023", "dom"],
  };
  const files = Object.keys(programs).map((name) => `${name}.ts`);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  run(process.execPath, [
    fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json"))),
    "-p",
    ".",
  ]);
}

function runProgram(name: keyof typeof programs, expected: string): void {
  const told = runOutside("node", `${name}.js`).trim();
  console.log(told);
  expectThat(told.includes(expected), `${name}.ts does not print "${expected}".`);
}

try {
  const packed = packTarball();
  checkContents(packed);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "stranger", private: true, type: "module" }),
  );
  console.log(`Node ${runOutside("node", "--version").trim()} outside of the project.`);
  installOutside(`./${packed.filename}`);
  checkInstalled();
  compilePrograms();
  runProgram("user", "The import and the types work");
  runProgram("trainer", "scoring asks for onnxruntime-node");
  useCommand();
  // As docs/dependencies.md says: its script would fetch files for CUDA.
  outerEnvironment.ONNXRUNTIME_NODE_INSTALL = "skip";
  installOutside("onnxruntime-node");
  runProgram("trainer", "ONNX Runtime gives the engine's scores");
  runProgram("example", "target 1: logit");
  console.log(`The package works: ${packed.files.length} files, ${(packed.size / 1024).toFixed(0)} KiB.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
