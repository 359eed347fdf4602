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

  const inPage = async (isolated: boolean, threads: number | undefined) => {
    const server = await serveSources({ isolated });
    servers.push(server);
    const page = await browser.newPage();
    await page.goto(server.address);
    const steps = await page.evaluate<FiveSteps>(stepsInPage(threads));
    await page.close();
    return steps;
  };

  test("give Node's numbers to the bit, with two workers", async () => {
    expect(await inPage(true, 2)).toEqual(await stepsInNode(2));
  });

  test("give Node's numbers on a page that may not share memory, in its own thread", async () => {
    expect(await inPage(false, undefined)).toEqual(await stepsInNode(1));
  });
});
