/** A page that a bundler has packed, with Vite, which vitest brings: the kernels and the workers come along. */

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fiveSteps } from "../../testing/five-steps.ts";
import { createEngine } from "./engine.node.ts";

const executablePath = "/usr/bin/chromium";
const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const page = `
  import { createEngine } from ${JSON.stringify(pathOf("../../../browser.ts"))};
  import { fiveSteps } from ${JSON.stringify(pathOf("../../testing/five-steps.ts"))};
  const withEngine = async (options, use) => {
    const engine = await createEngine(options);
    const result = await use(engine);
    await engine.close();
    return result;
  };
  globalThis.steps = (options) => withEngine(options, fiveSteps);
  globalThis.threads = (options) => withEngine(options, ({ threads }) => threads).catch(({ message }) => message);
`;

test("the package names its kernels, for those that put them elsewhere", () => {
  const { resolve } = createRequire(import.meta.url);
  for (const name of ["nn.wasm", "nn-plain.wasm"])
    expect(resolve(`lodestone/kernels/${name}`)).toBe(pathOf(`../../../../kernels/build/${name}`));
});

let folder: string;
let built: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundle-"));
  built = join(folder, "dist");
  await writeFile(join(folder, "index.html"), '<script type="module" src="/page.js"></script>');
  await writeFile(join(folder, "page.js"), page);
  await build({ root: folder, configFile: false, logLevel: "error", build: { outDir: built } });
});
afterAll(() => rm(folder, { recursive: true }));

test("holds both builds of the kernels, byte for byte, and the worker", async () => {
  const assets = await readdir(join(built, "assets"));
  for (const build of ["nn", "nn-plain"]) {
    const [name] = assets.filter((asset) => new RegExp(`^${build}-.{8}\\.wasm$`).test(asset));
    const kernels = await readFile(pathOf(`../../../../kernels/build/${build}.wasm`));
    expect((await readFile(join(built, "assets", name!))).equals(kernels)).toBe(true);
  }
  expect(assets.filter((asset) => /^thread\.web-.*\.js$/.test(asset))).toHaveLength(1);
});

const types: Readonly<Record<string, string>> = { ".js": "text/javascript", ".html": "text/html" };

async function serveBuilt(): Promise<Server> {
  const server = createServer(async ({ url = "/" }, response) => {
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    const path = join(built, url === "/" ? "index.html" : url);
    response.setHeader("Content-Type", types[extname(path)] ?? "application/octet-stream");
    await readFile(path).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

// Chromium comes from Debian's package `chromium`.
const inChromium = test.skipIf(!existsSync(executablePath));
inChromium(
  "trains as Node does, with kernels from another folder, and on one thread where a page can't wait for workers",
  async () => {
    await mkdir(join(built, "own"));
    for (const name of ["nn.wasm", "nn-plain.wasm"])
      await writeFile(join(built, "own", name), await readFile(pathOf(`../../../../kernels/build/${name}`)));
    const engine = await createEngine({ threads: 2 });
    const expected = await fiveSteps(engine);
    await engine.close();

    const server = await serveBuilt();
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      expect(await page.evaluate("steps({ threads: 2 })")).toEqual(expected);
      expect(await page.evaluate('threads({ threads: 2, kernels: "own" })')).toBe(2);
      const nowhere = await page.evaluate('threads({ kernels: "nowhere/" })');
      expect(nowhere).toMatch(/kernels are not at http:.*\/nowhere\/nn\.wasm \(HTTP status 404\)/);
      await page.evaluate("delete Atomics.waitAsync");
      expect(await page.evaluate("threads({})")).toBe(1);
      expect(await page.evaluate("threads({ threads: 2 })")).toMatch(/lacks Atomics\.waitAsync/);
    } finally {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  },
);
