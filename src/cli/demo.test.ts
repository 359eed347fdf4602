import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DemoResult, demoJson, demoText, runDemo } from "./demo.ts";

describe("the demonstration", () => {
  let folder = "";
  let result: DemoResult;
  const shares: number[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lodestone-demo-"));
    result = await runDemo({ out: folder, seed: 1, onProgress: (share) => shares.push(share) });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("finds every needle, where it was put, and nothing else", () => {
    const { needles, events, falseEvents } = demoJson(result);
    expect(falseEvents).toBe(0);
    expect(events).toHaveLength(6);
    for (const { frequencyMHz, driftHzPerS, snr, event } of needles) {
      const found = events[event!]!;
      expect(Math.abs(found.frequencyMHz - frequencyMHz) * 1e6).toBeLessThan(4);
      expect(Math.abs(found.driftHzPerS - driftHzPerS)).toBeLessThan(0.01);
      // Three scans together, and at most 15 % lost in each.
      expect(found.snr / Math.sqrt(3)).toBeGreaterThan(0.85 * snr - 1);
      expect(found.snr / Math.sqrt(3)).toBeLessThan(snr + 3);
      expect(found.scans).toEqual([0, 2, 4]);
    }
  });

  it("rejects interference for a reason that is told", () => {
    expect(result.record.rejected.length).toBeGreaterThan(15);
    for (const { reason } of result.record.rejected) expect(reason).toMatch(/^[A-Z].{20,}\.$/);
  });

  it("leaves the scans, the page and its pictures, and nothing half-written", async () => {
    const names = await readdir(folder);
    expect(names.filter((name) => name.endsWith(".h5"))).toHaveLength(6);
    expect(names.filter((name) => name.endsWith(".png"))).toHaveLength(7);
    expect(names.filter((name) => name.endsWith(".dat"))).toHaveLength(6);
    for (const name of ["report.html", "results.json", "hits.csv", "hits.parquet"]) {
      expect(names).toContain(name);
    }
    expect(names).toHaveLength(23);
  });

  it("says so in words, and how far it is", () => {
    const text = demoText(result);
    expect(text).toContain("Needles found: 6 of 6. False events: 0.");
    expect(text).toContain(`Report: ${join(folder, "report.html")}`);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it("names what was missed and what is false", () => {
    const { record, truth } = result;
    const needles = truth.needles.map((one, i) => (i === 0 ? { needle: one.needle } : one));
    const events = truth.events.map((one, i) => (i === 1 ? undefined : one));
    const text = demoText({ ...result, record, truth: { needles, events, falseEvents: 1 } });
    expect(text).toContain("Needles found: 5 of 6. False events: 1.");
    expect(text).toMatch(/Missed: "slow" at \d+\.\d{6} MHz, no hit\./);
    expect(text).toContain("nothing: a false event");
  });
});
