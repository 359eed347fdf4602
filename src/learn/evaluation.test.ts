import { describe, expect, it } from "vitest";
import type { TruthRow } from "../formats/truth-csv.ts";
import { randomStream, streamKey } from "../simulate/random.ts";
import { evaluateScores } from "./evaluation.ts";
import { visiblePoints } from "./evaluation-parts.ts";
import { bootstrapAuc } from "./metrics/bootstrap.ts";
import { rocAuc, rocCurve } from "./metrics/roc.ts";

function truthRow(id: string, changed: Partial<TruthRow> = {}): TruthRow {
  return {
    id,
    label: 1,
    kind: "needle",
    shape: "linear",
    profile: "tone",
    time: "steady",
    snr: 10,
    snrDb: 20,
    driftHzPerS: 0.1,
    scans: "1 0 1 0 1 0",
    path: "{}",
    ...changed,
  };
}

/** 40 positives of known kinds (strong lines, weak sines) among 200 negatives, of which some hold interference. */
function example() {
  const random = randomStream(streamKey(3));
  const ids = Array.from({ length: 240 }, (_, i) => `c${String(i).padStart(3, "0")}`);
  const targets = ids.map((_, i) => (i % 6 === 0 ? 1 : 0));
  const truth: TruthRow[] = [];
  const scores = ids.map((id, i) => {
    const noise = 0.1 * random.normal();
    let level = 0.3;
    if (targets[i] === 1 && i < 234) {
      const sine = i % 12 === 0;
      level = sine ? 0.5 : 0.7;
      truth.push(
        truthRow(id, {
          shape: sine ? "sine" : "linear",
          snrDb: sine ? 21 : 33.5,
          scans: sine ? "1 0 0 0 1 0" : "1 0 1 0 1 0",
        }),
      );
    } else if (i % 6 === 1) {
      level = 0.5;
      truth.push(truthRow(id, { label: 0, kind: "interference", time: "pulsed" }));
      truth.push(truthRow(id, { label: 0, kind: "interference", time: "pulsed", snrDb: 50 }));
      if (i % 12 === 1) {
        const path = '{"frequencyMHz":1,"path":{"shape":"linear"},"label":"carrier"}';
        truth.push(truthRow(id, { label: 0, kind: "interference", path }));
      }
    }
    return Math.min(1, Math.max(0, level + noise));
  });
  return { ids, targets, scores, truth };
}

describe("evaluateScores", () => {
  const scored = example();
  const { ids, targets, scores } = scored;
  const found = evaluateScores(scored, { seed: 4, resamples: 200 });

  it("gives each measure as it stands alone", () => {
    expect(found).toMatchObject({ count: 240, positives: 40, negatives: 200 });
    expect(found.auc).toEqual({
      value: rocAuc(targets, scores),
      ...bootstrapAuc(targets, scores, { seed: 4, resamples: 200 }),
    });
    expect(found.averagePrecision.low).toBeLessThan(found.averagePrecision.value);
    expect(found.recall.map(({ rate, support, allowed }) => [rate, support, allowed])).toEqual([
      [0.01, "few", 2],
      [0.001, "none", 0],
    ]);
    expect(found.recall[0]!.low).toBeLessThan(found.recall[0]!.recall);
    expect(found.recall[0]!.high).toBeGreaterThan(found.recall[0]!.recall);
    expect(found.calibration!.bins.reduce((sum, { count }) => sum + count, 0)).toBe(240);
    expect(evaluateScores(scored, { seed: 4, resamples: 200 })).toEqual(found);
  });

  it("tells needles by kind and strength, against all negatives", () => {
    const negatives = ids.map((_, i) => i).filter((i) => targets[i] === 0);
    const own = (shape: string) =>
      scored.truth
        .filter((row) => row.kind === "needle" && row.shape === shape)
        .map(({ id }) => ids.indexOf(id));
    const aucOf = (places: number[]) => {
      const all = [...places, ...negatives];
      return rocAuc(
        all.map((i) => targets[i]!),
        all.map((i) => scores[i]!),
      );
    };
    const { by, byPathAndStrength, unknown } = found.needles!;
    const groups = (what: string) => by.find((part) => part.what === what)!.groups;
    const wanted = ["linear", "sine"].map((shape) => ({
      name: shape,
      count: own(shape).length,
      auc: aucOf(own(shape)),
    }));
    expect(groups("path").map(({ name, count, auc }) => ({ name, count, auc }))).toEqual([
      { ...wanted[0]!, auc: expect.closeTo(wanted[0]!.auc, 13) },
      { ...wanted[1]!, auc: expect.closeTo(wanted[1]!.auc, 13) },
    ]);
    expect(groups("scans").map(({ name }) => name)).toEqual(["1 3 5", "1 5"]);
    expect(groups("strength").map(({ name, count }) => [name, count])).toEqual([
      ["20 to 22 dB", 20],
      ["32 to 34 dB", 19],
    ]);
    const [linear, sine] = byPathAndStrength.groups;
    expect(byPathAndStrength.strengths.length).toBe(7);
    expect(linear!.map((group) => group?.count ?? 0)).toEqual([0, 0, 0, 0, 0, 0, 19]);
    expect(sine!.map((group) => group?.count ?? 0)).toEqual([20, 0, 0, 0, 0, 0, 0]);
    const threshold = found.recall[0]!.threshold;
    const above = own("linear").filter((i) => scores[i]! >= threshold).length;
    expect(linear!.at(-1)!.recall[0]!.value).toBeCloseTo(above / 19, 14);
    expect(linear!.at(-1)!.recall[0]!.low).toBeLessThan(above / 19);
    expect(unknown).toBe(1);
    expect(found.notes.join(" ")).toContain("Of 1 of the 40 positives the truth table tells no needle");
  });

  it("takes the strongest needle of a cadence that has several", () => {
    const truth = [...scored.truth, truthRow(ids[0]!, { shape: "stepped", snrDb: 60 })];
    const { needles } = evaluateScores({ ...scored, truth }, { resamples: 2 });
    const counts = needles!.by[0]!.groups.map(({ name, count }) => [name, count]);
    expect(counts).toEqual([
      ["linear", 19],
      ["sine", 19],
      ["stepped", 1],
    ]);
    expect(needles!.unknown).toBe(1);
  });

  it("tells negatives by their interference, each cadence once a kind", () => {
    expect(found.interference!.map(({ name, count }) => [name, count])).toEqual([
      ["carrier", 20],
      ["linear, pulsed", 40],
      ["none", 160],
    ]);
    const [, pulsed, none] = found.interference!;
    expect(pulsed!.auc).toBeLessThan(none!.auc);
    const share = (40 * pulsed!.auc + 160 * none!.auc) / 200;
    expect(share).toBeCloseTo(found.auc.value, 13);
    expect(pulsed!.falseAlarmRate[0]!.value * 40 + none!.falseAlarmRate[0]!.value * 160).toBeCloseTo(
      found.recall[0]!.falseAlarms,
      12,
    );
  });

  it("lists the worst mistakes with what they hold", () => {
    const order = ids.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
    const negatives = order.filter((i) => targets[i] === 0);
    const worst = found.falseAlarms[0]!;
    expect(worst.id).toBe(ids[negatives[0]!]);
    expect(worst.holds).toEqual(scored.truth.filter(({ id }) => id === worst.id));
    expect(worst.holds.length).toBeGreaterThanOrEqual(2);
    const below = order.filter((i) => targets[i] === 1 && scores[i]! < worst.score).length;
    expect(worst.wrongSideOf).toBe(below / 40);
    expect(found.missed[0]!.id).toBe(ids[order.filter((i) => targets[i] === 1).at(-1)!]);
    expect(found.missed.every(({ wrongSideOf }) => wrongSideOf > 0)).toBe(true);
    const few = evaluateScores(scored, { resamples: 2, mostMistakes: 3 });
    expect([few.falseAlarms.length, few.missed.length]).toEqual([3, 3]);
  });

  it("says what figures can't be trusted", () => {
    expect(found.notes[0]).toBe(
      "Recall at a false-alarm rate of 0.01 rests on 2 of the 200 negatives here; 1,000 negatives or more would tell it well.",
    );
    expect(found.notes[1]).toMatch(
      /^Recall at a false-alarm rate of 0.001: the 200 negatives here are too few for one false alarm.*10,000 negatives/,
    );
    const apart = evaluateScores({ ids: ["a", "b"], targets: [0, 1], scores: [-2, 3] }, { resamples: 2 });
    expect(apart.notes.join("\n")).toMatch(/no width then, however few they are \(1 and 1\)/);
    expect(apart.notes.join("\n")).toContain("Scores run from -2 to 3, so they are no probabilities");
    expect(apart).toMatchObject({ calibration: null, falseAlarms: [], missed: [] });
    expect(apart.needles).toBeUndefined();
  });

  it("gives each fold's AUC, and none where a fold has one class", () => {
    const folds = ids.map((_, i) => (i < 6 ? 7 : i % 2));
    const { folds: results } = evaluateScores({ ...scored, folds }, { resamples: 2 });
    expect(results!.map(({ fold, count, positives }) => [fold, count, positives])).toEqual([
      [0, 117, 39],
      [1, 117, 0],
      [7, 6, 1],
    ]);
    expect(results![1]!.auc).toBeNull();
    const even = ids.map((_, i) => i).filter((i) => i >= 6 && i % 2 === 0);
    expect(results![0]!.auc).toBe(
      rocAuc(
        even.map((i) => targets[i]!),
        even.map((i) => scores[i]!),
      ),
    );
  });

  it("names the cadence that is wrong", () => {
    const wrong = (changed: object) => () =>
      evaluateScores({ ids: ["a", "b"], targets: [0, 1], scores: [0, 1], ...changed });
    expect(wrong({ targets: [0, 0.3] })).toThrow(
      "Cadence b: its label is 0.3; to evaluate scores, labels must be 0 or 1.",
    );
    expect(wrong({ scores: [Number.NaN, 1] })).toThrow("Cadence a: its score is NaN, not a finite number.");
    expect(wrong({ targets: [0, 0] })).toThrow("Targets: all 2 are 0.");
  });
});

describe("visiblePoints", () => {
  it("keeps a curve's shape on both kinds of axis with few points", () => {
    const random = randomStream(streamKey(8));
    const targets = Array.from({ length: 40_000 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const { falseAlarmRate, recall } = rocCurve(
      targets,
      targets.map((target) => random.normal() + 2 * target),
    );
    const points = visiblePoints(falseAlarmRate, recall);
    expect(points.length).toBeLessThan(1500);
    expect(points[0]).toEqual([0, 0]);
    expect(points.at(-1)).toEqual([1, 1]);
    let at = 0;
    for (let i = 0; i < falseAlarmRate.length; i++) {
      while (points[at + 1]![0] < falseAlarmRate[i]!) at++;
      const between = points.slice(at, at + 2).map(([, y]) => y);
      expect(recall[i]).toBeGreaterThanOrEqual(Math.min(...between) - 0.008);
    }
  });

  it("keeps corners", () => {
    expect(visiblePoints([0, 0, 0.5, 1], [0, 1, 1, 1])).toEqual([
      [0, 0],
      [0, 1],
      [0.5, 1],
      [1, 1],
    ]);
  });
});
