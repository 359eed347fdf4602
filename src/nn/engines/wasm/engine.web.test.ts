/** The engine in a real browser: Debian's Chromium, where it is installed. */

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SourceServer, serveSources } from "../../testing/browser-server.node.ts";
import { type FiveSteps, fiveSteps } from "../../testing/five-steps.ts";
import { createEngine } from "./engine.node.ts";

const executablePath = "/usr/bin/chromium";

async function stepsInNode(threads: number): Promise<FiveSteps> {
  const engine = await createEngine({ threads });
  const steps = await fiveSteps(engine);
  await engine.close();
  return steps;
}

/** Runs in the page: text, so that the test's own bundler leaves its imports alone. */
const stepsInPage = (threads: number | undefined) => `(async () => {
  const { createEngine } = await import("/src/nn/engines/wasm/engine.web.ts");
  const { fiveSteps } = await import("/src/nn/testing/five-steps.ts");
  const engine = await createEngine({ threads: ${threads} });
  const steps = await fiveSteps(engine);
  await engine.close();
  return steps;
})()`;

/** The error that the steps end with. */
const messageInPage = (threads: number) => `${stepsInPage(threads)}.then(() => "none", String)`;

// Chromium comes from Debian's package `chromium`.
describe.skipIf(!existsSync(executablePath))("five training steps in Chromium", () => {
  let browser: Browser;
  const servers: SourceServer[] = [];
  beforeAll(async () => {
    const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", ...quiet] });
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all(servers.map((server) => server.close()));
  });

  const evaluate = async <T>(script: string, served: Parameters<typeof serveSources>[0]): Promise<T> => {
    const server = await serveSources(served);
    servers.push(server);
    const page = await browser.newPage();
    await page.goto(server.address);
    const result = await page.evaluate<T>(script);
    await page.close();
    return result;
  };
  const inPage = (isolated: boolean, threads: number | undefined) =>
    evaluate<FiveSteps>(stepsInPage(threads), { isolated });

  test("give Node's numbers to the bit, with two workers", async () => {
    expect(await inPage(true, 2)).toEqual(await stepsInNode(2));
  });

  test("give Node's numbers on a page that may not share memory, in its own thread", async () => {
    expect(await inPage(false, undefined)).toEqual(await stepsInNode(1));
  });

  test.each([0, 1.5, -1])("need a number of threads that makes sense, not %d", async (threads) => {
    const message = await evaluate<string>(messageInPage(threads), { isolated: true });
    expect(message).toBe(`UsageError: The engine needs 1 to 256 threads; ${threads} were asked for.`);
  });

  test("end in an error where a worker's script is missing", async () => {
    const message = await evaluate<string>(messageInPage(2), { isolated: true, missing: "thread.web.ts" });
    expect(message).toMatch(/^InputError: A worker could not load its script, .*thread\.web\.ts, .*close it/);
  });
});
