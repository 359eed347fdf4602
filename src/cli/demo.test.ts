import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DemoResult, demoJson, endText, runDemo } from "./demo.ts";
import { demoLearn, demoLearnText } from "./demo-learn.ts";
import { demoSearchText } from "./demo-search.ts";
import { inStages } from "./stages.ts";

let folder = "";
let result: DemoResult;
const shares: number[] = [];
const notes = new Set<string>();
const small = { train: 20, test: 12, trainingS: 1 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-demo-"));
  result = await runDemo({
    out: folder,
    seed: 1,
    ...small,
    onProgress: (share, note) => {
      shares.push(share);
      notes.add(note);
    },
  });
}, 240_000);
afterAll(() => rm(folder, { recursive: true }));

describe("the demonstration's search", () => {
  it("finds every needle that drifts evenly, where it was put, and nothing else", () => {
    const { needles, events, falseEvents } = demoJson(result);
    expect(falseEvents).toBe(0);
    expect(events).toHaveLength(6);
    const even = needles.filter(({ path, time }) => path === "linear" && time === "steady");
    expect(even).toHaveLength(6);
    for (const { frequencyMHz, driftHzPerS, snr, event } of even) {
      const found = events[event!]!;
      expect(Math.abs(found.frequencyMHz - frequencyMHz) * 1e6).toBeLessThan(4);
      expect(Math.abs(found.driftHzPerS - driftHzPerS)).toBeLessThan(0.01);
      // Three scans together, and at most 15 % lost in each.
      expect(found.snr / Math.sqrt(3)).toBeGreaterThan(0.85 * snr - 1);
      expect(found.snr / Math.sqrt(3)).toBeLessThan(snr + 3);
      expect(found.scans).toEqual([0, 2, 4]);
      expect(found.detectorScore).toBeGreaterThan(0.5);
    }
  });

  it("misses the others, which the detector finds", () => {
    const { needles, candidates } = demoJson(result);
    const others = needles.filter(({ event }) => event === null);
    expect(others.map(({ label }) => label)).toEqual(["S shape", "random walk", "pulses"]);
    for (const { label, candidate } of others) expect(candidates[candidate!]!.truth).toBe(label);
  });

  it("rejects interference for a reason that is told", () => {
    const { rejected } = result.search.record;
    expect(rejected.length).toBeGreaterThan(15);
    for (const { reason } of rejected) expect(reason).toMatch(/^[A-Z].{20,}\.$/);
  });

  it("shows the scores in the text, in the tables and on the page", async () => {
    const text = demoSearchText(result.search);
    expect(text).toContain("S/N  detector  what was put there");
    expect(text).toContain("Needles found by the drift search: 6 of 9. False events: 0.");
    expect(text).toContain("Needles found by the detector alone: 3.");
    expect(text).not.toContain("Missed");
    expect(text).toMatch(/ 0\.9\d\d {2}needle "S shape": sine, \d+\.\d{6} MHz, /);
    expect(text).toContain(`Report: ${join(folder, "report.html")}`);
    const { events, detector } = JSON.parse(await readFile(join(folder, "results.json"), "utf8"));
    expect(events[0].detectorScore).toBeGreaterThan(0.5);
    expect(detector.candidates.length).toBeGreaterThanOrEqual(3);
    const page = await readFile(join(folder, "report.html"), "utf8");
    expect(page).toContain("Of 9 needles, 6 were found by the drift search and 3 by the detector alone");
    expect(page).toContain(">Detector</th>");
    expect(page).toMatch(/<a href="#candidate-\d">candidate \d<\/a>, by the detector alone/);
  });

  it("names what was missed and what is false", () => {
    const { search } = result;
    const needles = search.truth.needles.map((one, i) => (i === 0 ? { needle: one.needle } : one));
    const events = search.truth.events.map((one, i) => (i === 1 ? undefined : one));
    const candidates = search.truth.candidates.map((one, i) => (i === 0 ? undefined : one));
    const truth = { needles, events, falseEvents: 1, candidates, falseCandidates: 1 };
    const text = demoSearchText({ ...search, truth });
    expect(text).toContain("Needles found by the drift search: 5 of 9. False events: 1.");
    expect(text).toMatch(/Missed: "slow" at \d+\.\d{6} MHz, no hit\./);
    expect(text).toContain("nothing: a false event");
    expect(text).toContain("nothing: a false candidate");
    expect(text).toContain("False candidates: 1.");
  });

  it("says why there are no scores where the detector could not be used", () => {
    const { detector: _, ...record } = result.search.record;
    const found = { ...result.search, record: { ...record, notes: ["The detector was left out."] } };
    const text = demoSearchText({ ...found, truth: { ...found.truth, candidates: [] } });
    expect(text).toContain("Note: The detector was left out.");
    expect(text).not.toContain("False candidates");
  });
});

describe("the demonstration's competition", () => {
  it("trains, predicts and evaluates on what it simulated", async () => {
    const { set, training, prediction, evaluation } = result.learned!;
    expect([set.train, set.trainPositives, set.test, set.testPositives]).toEqual([20, 5, 12, 3]);
    expect(training.interrupted).toBe(false);
    expect(training.record.recipe.weights).toBe("detector");
    expect(prediction.skipped).toBe(0);
    const submission = (await readFile(join(folder, "submission.csv"), "utf8")).trimEnd().split("\n");
    expect(submission[0]).toBe("id,target");
    expect(submission).toHaveLength(13);
    const { count, auc } = evaluation.record.evaluation;
    expect(count).toBe(12);
    expect(auc.value).toBeCloseTo(await aucByPairs(), 9);
    expect(evaluation.record.evaluation.needles).toBeDefined();
  });

  /** Share of the pairs of a positive and a negative in which the positive has the higher score. */
  async function aucByPairs(): Promise<number> {
    const table = async (name: string) => {
      const rows = (await readFile(join(folder, name), "utf8")).trimEnd().split("\n").slice(1);
      return new Map(rows.map((row) => [row.split(",")[0]!, Number(row.split(",")[1])]));
    };
    const scores = await table("submission.csv");
    const labels = await table(join("cadences", "test_labels.csv"));
    const scoresOf = (wanted: number) =>
      [...labels].filter(([, label]) => label === wanted).map(([id]) => scores.get(id)!);
    const pairs = scoresOf(1).flatMap((high) => scoresOf(0).map((low) => (high > low ? 1 : 0)));
    return pairs.reduce<number>((sum, one) => sum + one, 0) / pairs.length;
  }

  it("leaves everything in the folder, and nothing half-written", async () => {
    const names = await readdir(folder);
    const count = (end: string) => names.filter((name) => name.endsWith(end)).length;
    expect([count(".h5"), count(".dat")]).toEqual([6, 6]);
    const candidates = result.search.record.detector!.candidates.length;
    expect(count(".png")).toBe(7 + candidates);
    const rest = ["report.html", "results.json", "hits.csv", "hits.parquet"];
    const learned = ["cadences", "evaluation", "run", "submission.csv"];
    for (const name of [...rest, ...learned]) expect(names).toContain(name);
    expect(names).toHaveLength(6 + 6 + 7 + candidates + rest.length + learned.length);
    expect(await readdir(join(folder, "evaluation"))).toContain("evaluation.html");
    expect(await readdir(join(folder, "run"))).toEqual(["fold-0", "run.json"]);
  });

  it("ends with the figures, what to open, and how to go on", () => {
    const text = endText(result);
    expect(text).toContain(demoLearnText(result.learned!));
    expect(text).toContain("20 simulated cadences to train on, 5 with a needle; 12 to score, 3 with one");
    expect(text).toMatch(/ROC AUC [01]\.\d{3}, 95 % interval/);
    expect(text).toContain(`${join(folder, "evaluation", "evaluation.html")}  curves`);
    expect(text).toContain("lodestone train CADENCES --out run --minutes 10");
    expect(endText({ search: result.search })).not.toContain("train");
    expect(demoJson({ search: result.search }).learned).toBeNull();
    expect(demoJson(result).learned).toMatchObject({
      recipe: "default",
      test: { cadences: 12, positives: 3 },
    });
  });

  it("says how far it is", () => {
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeCloseTo(1, 9);
    expect([...notes]).toEqual([
      "writing the scans",
      "searching",
      "the detector",
      "drawing",
      "simulating cadences",
      "training",
      "predicting",
      "evaluating",
    ]);
  });

  it("takes the place of an earlier one, and is stopped in order", async () => {
    const stopper = new AbortController();
    const stopped = demoLearn({
      ...{ out: folder, seed: 1, ...small, trainingS: 60 },
      signal: stopper.signal,
      onProgress: (_, note) => note === "training" && stopper.abort("enough"),
    });
    await expect(stopped).rejects.toBe("enough");
    const record = JSON.parse(await readFile(join(folder, "run", "run.json"), "utf8"));
    expect(record.minutes).toBe(1);
    expect(await readdir(join(folder, "run"))).toEqual(["fold-0", "run.json"]);
    const left = await readdir(folder, { recursive: true });
    expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(left.filter((name) => name.endsWith("last.safetensors"))).toHaveLength(1);
  }, 120_000);
});

it("counts stages by the time that they take", () => {
  const seen: [number, string][] = [];
  const reached = inStages({ first: 1, second: 3 }, (share, note) => seen.push([share, note]));
  reached("first", 0.5);
  reached("first", 1);
  reached("second", 0.5);
  reached("second", 1);
  expect(seen).toEqual([
    [0.125, "first"],
    [0.25, "first"],
    [0.625, "second"],
    [1, "second"],
  ]);
});
