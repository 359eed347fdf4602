import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cadenceRoles } from "../signal/cadence.ts";
import type { Hit } from "../signal/hit.ts";
import { type CadenceEvents, findEvents, type ScanHits } from "./events.ts";

const CHANNEL_HZ = 2.7939677238464355;
const TSAMP_S = 18.253611008;
const ROWS = 16;
const SCAN_S = ROWS * TSAMP_S;
const FCH1_MHZ = 8421.386717353016;

/** A line that drifts steadily: its frequency at the time 0, in Hz above 8419 MHz. */
interface Transmitter {
  readonly atHz: number;
  readonly drift: number;
  readonly driftChange?: number;
  /** The scans that show it, from 0. */
  readonly scans: readonly number[];
  readonly snr?: number;
  readonly widthHz?: number;
  readonly bandwidthHz?: number;
  readonly error?: number;
}

/** Scans of five minutes with the gaps of a real cadence, or back to back without start times. */
function cadence(
  pattern: string,
  transmitters: readonly Transmitter[],
  options: { gapS?: number; unknown?: boolean } = {},
) {
  const step = SCAN_S + (options.gapS ?? 0);
  return cadenceRoles(pattern).map((role, scan): ScanHits => {
    const startS = scan * step;
    return {
      role,
      time: { tstartMjd: options.unknown ? 0 : 57650.78 + startS / 86_400, tsampS: TSAMP_S, nsamples: ROWS },
      frequency: { fch1MHz: FCH1_MHZ, foffMHz: -CHANNEL_HZ / 1e6, nchans: 1 << 20 },
      hits: transmitters.filter((t) => t.scans.includes(scan)).map((t) => hitOf(t, scan, startS)),
    };
  });
}

function hitOf(t: Transmitter, scan: number, startS: number): Hit {
  const change = t.driftChange ?? 0;
  const midS = startS + SCAN_S / 2;
  const drift = t.drift + change * midS;
  const midHz = t.atHz + t.drift * midS + (change * midS * midS) / 2;
  const frequencyMHz = 8419 + (midHz - drift * ((ROWS - 1) / 2) * TSAMP_S) / 1e6;
  const channel = Math.round((FCH1_MHZ - frequencyMHz) / (CHANNEL_HZ / 1e6));
  return {
    file: `scan${scan}.h5`,
    scan,
    frequencyMHz,
    midFrequencyMHz: 8419 + midHz / 1e6,
    driftHzPerS: drift,
    driftUncertaintyHzPerS: t.error ?? 0.002,
    snr: t.snr ?? 25,
    widthHz: t.widthHz ?? CHANNEL_HZ,
    bandwidthHz: t.bandwidthHz ?? 3 * CHANNEL_HZ,
    coarseChannel: 0,
    channel,
  };
}

const all = (pattern: string) => [...pattern].map((_, i) => i);
const ons = (pattern: string) => all(pattern).filter((i) => pattern[i] === "A");
const offs = (pattern: string) => all(pattern).filter((i) => pattern[i] !== "A");
const needle = (pattern: string, more: Partial<Transmitter> = {}): Transmitter => ({
  atHz: 0,
  drift: -0.3776,
  scans: ons(pattern),
  ...more,
});
const summary = ({ events }: CadenceEvents) => events.map((e) => [e.level, e.hits.length]);

describe("levels", () => {
  it.each(["ABABAB", "ABACAD", "AAB", "ABA", "BABA", "BACADA", "ABCABC", "AB"])(
    "%s: a needle in every ON scan",
    (pattern) => {
      const { events, rejected, notes } = findEvents(cadence(pattern, [needle(pattern)]));
      expect(events.map((e) => e.level)).toEqual([3]);
      expect(events[0]!.hits.map((h) => h.scan)).toEqual(ons(pattern));
      expect(rejected).toEqual([]);
      expect(notes).toEqual([]);
    },
  );

  it("a needle missing from one ON scan is one event of level 2, whichever it misses", () => {
    for (const scans of [
      [0, 2],
      [0, 4],
      [2, 4],
    ]) {
      expect(summary(findEvents(cadence("ABACAD", [needle("", { scans })])))).toEqual([[2, 2]]);
    }
  });

  it("without OFF scans events are of level 1, chained all the same", () => {
    expect(summary(findEvents(cadence("AAA", [needle("AAA")])))).toEqual([[1, 3]]);
    expect(summary(findEvents(cadence("A", [needle("A")])))).toEqual([[1, 1]]);
    expect(findEvents([])).toEqual({ events: [], rejected: [], notes: [] });
  });

  it("follows 9 Hz/s over five-minute scans, both signs, with gaps between scans", () => {
    for (const drift of [9, -9]) {
      const { events } = findEvents(
        cadence("ABACAD", [needle("ABACAD", { drift, widthHz: 165 })], { gapS: 41 }),
      );
      expect(summary({ events } as CadenceEvents)).toEqual([[3, 3]]);
      expect(events[0]!.driftHzPerS).toBeCloseTo(drift, 4);
    }
  });

  it("follows a needle whose drift changes as the Earth turns", () => {
    // 0.034 m/s^2 at the equator, at 8.4 GHz; its change is largest where the drift itself is 0.
    const driftChange = 2.5e-6 * (8.419e9 / 299_792_458);
    for (const drift of [0.95, 0.05, -0.06]) {
      const found = findEvents(cadence("ABACAD", [needle("ABACAD", { drift, driftChange })], { gapS: 30 }));
      expect(summary(found)).toEqual([[3, 3]]);
    }
  });
});

describe("what an event says", () => {
  it("frequency of the first row of its first hit, S/N in quadrature, hits in the order of time", () => {
    const scans = cadence("ABACAD", [needle("", { scans: [2, 4], snr: 30 })]);
    const [event] = findEvents(scans).events;
    expect(event!.frequencyMHz).toBe(scans[2]!.hits[0]!.frequencyMHz);
    expect(event!.snr).toBeCloseTo(30 * Math.SQRT2, 9);
    expect(event!.hits).toEqual([scans[2]!.hits[0], scans[4]!.hits[0]]);
  });

  it("a drift that is more precise than any one scan's", () => {
    const error = 0.01;
    const signs = [1, -1, 1];
    const scans = cadence("ABACAD", [needle("ABACAD", { error })]).map((scan) => ({
      ...scan,
      hits: scan.hits.map((hit) => ({ ...hit, driftHzPerS: hit.driftHzPerS + error * signs[hit.scan / 2]! })),
    }));
    const [event] = findEvents(scans).events;
    expect(event!.hits).toHaveLength(3);
    expect(Math.abs(event!.driftHzPerS + 0.3776)).toBeLessThan(error / 20);
  });

  it("level 3 comes first, then S/N", () => {
    const { events } = findEvents(
      cadence("ABACAD", [
        needle("", { scans: [0], snr: 500, atHz: 50_000 }),
        needle("ABACAD", { snr: 12, atHz: 90_000 }),
        needle("ABACAD", { snr: 40, atHz: 10_000 }),
      ]),
    );
    expect(events.map((e) => [e.level, Math.round(e.hits[0]!.snr)])).toEqual([
      [3, 40],
      [3, 12],
      [2, 500],
    ]);
  });
});

describe("level 1", () => {
  const one = (t: Partial<Transmitter>, limits: Parameters<typeof findEvents>[1]) =>
    findEvents(cadence("ABACAD", [needle("ABACAD", t)]), limits).rejected[0];

  it("S/N and drift limits", () => {
    expect(one({ snr: 9.99 }, { minSnr: 10 })).toMatchObject({ rule: "snr-limit", level: 0 });
    expect(one({ snr: 10 }, { minSnr: 10 })).toBeUndefined();
    expect(one({ drift: -4.1 }, { maxDriftHzPerS: 4 })).toMatchObject({
      rule: "drift-limit",
      reason: "Its drift of -4.1000 Hz/s is over the limit of 4.0000 Hz/s.",
    });
    expect(one({ drift: 4.0015 }, { maxDriftHzPerS: 4 })).toBeUndefined();
    expect(one({ drift: 0.2 }, { minDriftHzPerS: 0.3 })).toMatchObject({ rule: "drift-limit" });
  });

  it("zero drift: under half a channel over the scan, or two standard deviations", () => {
    const half = CHANNEL_HZ / 2 / ((ROWS - 1) * TSAMP_S);
    expect(one({ drift: 0 }, {})).toMatchObject({ rule: "zero-drift", level: 0 });
    expect(one({ drift: half * 0.99, error: 0 }, {})).toMatchObject({ rule: "zero-drift" });
    expect(one({ drift: -half * 1.01, error: 0 }, {})).toBeUndefined();
    expect(one({ drift: 0.019, error: 0.01 }, {})).toMatchObject({ rule: "zero-drift" });
    expect(one({ drift: 0.021, error: 0.01 }, {})).toBeUndefined();
    expect(one({ drift: 0 }, { keepZeroDrift: true })).toBeUndefined();
  });
});

describe("a drift that passes through zero", () => {
  const slow = { drift: -0.052, driftChange: 7e-5 };

  it("keeps the scan where it can't be told from zero, as the others drift", () => {
    const found = findEvents(cadence("ABACAD", [needle("ABACAD", slow)]));
    const drifts = found.events[0]!.hits.map((h) => Math.abs(h.driftHzPerS));
    expect(Math.min(...drifts)).toBeLessThan(0.005);
    expect(summary(found)).toEqual([[3, 3]]);
  });

  it("does not bring in a transmitter at rest that seems to drift in one scan", () => {
    const scans = cadence("ABACAD", [needle("ABACAD", { drift: 0 })]).map((scan) => ({
      ...scan,
      hits: scan.hits.map((hit) => ({ ...hit, driftHzPerS: hit.scan === 2 ? 0.006 : 0 })),
    }));
    const found = findEvents(scans);
    expect(summary(found)).toEqual([[2, 1]]);
    expect(found.rejected.map((r) => r.rule)).toEqual(["zero-drift", "zero-drift"]);
  });
});

describe("level 2: against OFF scans", () => {
  it("interference in every scan is rejected though it moved by many kHz between scans", () => {
    const { events, rejected } = findEvents(
      cadence("ABACAD", [needle("", { scans: all("ABACAD"), drift: 7.5, widthHz: 137 })], { gapS: 200 }),
    );
    expect(events).toEqual([]);
    expect(rejected.map((r) => [r.hit.scan, r.rule, r.level, r.offHit!.scan])).toEqual([
      [0, "in-off-scan", 1, 1],
      [2, "in-off-scan", 1, 1],
      [4, "in-off-scan", 1, 3],
    ]);
  });

  it("the sentence names the OFF scan, its file, MHz and Hz/s", () => {
    const { rejected } = findEvents(cadence("ABACAD", [needle("", { scans: all("ABACAD"), atHz: 297_028 })]));
    expect(rejected[0]!.reason).toBe(
      "Carried on at -0.3776 Hz/s for 292 s it meets a line in OFF scan 2 of 6 (scan1.h5) within 0.0 Hz: " +
        "8419.296863 MHz at mid-scan, -0.3776 Hz/s, S/N 25.0.",
    );
  });

  it("one OFF scan is enough, the last one and a faint one too", () => {
    for (const off of offs("ABACAD")) {
      const faint = needle("", { scans: [off], snr: 5.5 });
      expect(findEvents(cadence("ABACAD", [needle("ABACAD"), faint]), { minSnr: 10 }).events).toEqual([]);
    }
  });

  it("a needle that crosses unrelated OFF lines, one in the middle of each OFF scan, survives", () => {
    const crossing = offs("ABACAD").flatMap((off) =>
      [0, 0.4, -1.2].map((drift) => {
        const midS = (off + 0.5) * SCAN_S;
        return needle("", { scans: [off], drift, atHz: (-0.3776 - drift) * midS });
      }),
    );
    const { events, rejected } = findEvents(cadence("ABACAD", [needle("ABACAD"), ...crossing]));
    expect(events.map((e) => e.level)).toEqual([3]);
    expect(rejected).toEqual([]);
  });

  it("OFF lines at the needle's own frequency but on another path leave it be, where frequency alone would reject it", () => {
    const still = needle("", { scans: offs("ABACAD"), drift: 0, atHz: (-0.3776 * SCAN_S) / 2, snr: 300 });
    expect(summary(findEvents(cadence("ABACAD", [needle("ABACAD"), still])))).toEqual([[3, 3]]);
  });

  it("an OFF line that runs beside it 500 Hz away leaves it be", () => {
    for (const atHz of [500, -500]) {
      const beside = needle("", { scans: offs("ABACAD"), atHz });
      expect(summary(findEvents(cadence("ABACAD", [needle("ABACAD"), beside])))).toEqual([[3, 3]]);
    }
  });

  it("an oscillator whose drift wanders from scan to scan is one transmitter, and in the OFF scans", () => {
    const wandering = needle("", { scans: all("ABACAD"), drift: 0.4, driftChange: 1e-4 });
    expect(findEvents(cadence("ABACAD", [wandering])).events).toEqual([]);
  });

  it("where OFF scans show most of a chain, the rest is rejected with it", () => {
    // Followed from scan 5 the line is 40 Hz off its path: too far from OFF scan 4, near enough to join the ON hit of scan 3.
    const scans = cadence("ABACAD", [
      needle("", { scans: [0, 1, 2, 3], drift: 0.5 }),
      needle("", { scans: [4], drift: 0.5, atHz: 40 }),
    ]);
    const { events, rejected } = findEvents(scans.slice(2));
    expect(events).toEqual([]);
    expect(rejected.map((r) => [r.hit.scan, r.offHit!.scan])).toEqual([
      [2, 3],
      [4, 3],
    ]);
    expect(rejected[1]!.reason).toContain(
      "scan 1 of 4 (scan2.h5), which was rejected: Carried on at 0.5000 Hz/s",
    );
  });

  it("narrow hits inside a wide OFF line are covered whatever their drift; outside, crossing or far stronger ones are not", () => {
    const wide = needle("", {
      scans: [1],
      drift: 0,
      atHz: 0,
      snr: 20,
      widthHz: 2000,
      bandwidthHz: 5000,
      error: 0.001,
    });
    const inside = needle("", { scans: [0], drift: 1.5, atHz: 1000 });
    const outside = needle("", { scans: [0], drift: 1.5, atHz: 3000 });
    const entering = needle("", { scans: [0], drift: 8, atHz: 1000 });
    const strong = needle("", { scans: [0], drift: 1.5, atHz: 1000, snr: 400 });
    const verdict = (t: Transmitter) => findEvents(cadence("AB", [t, wide])).rejected.map((r) => r.rule);
    expect(verdict(inside)).toEqual(["in-off-scan"]);
    expect(verdict(outside)).toEqual([]);
    expect(verdict(entering)).toEqual([]);
    expect(verdict(strong)).toEqual([]);
  });

  it("a wide ON line is rejected for an OFF line within it, unless that is far weaker", () => {
    const wide = needle("", { scans: [0], drift: 0.3, snr: 60, widthHz: 2000, bandwidthHz: 5000 });
    const piece = (snr: number, atHz: number) => needle("", { scans: [1], drift: -2, atHz, snr });
    const verdict = (t: Transmitter) => findEvents(cadence("AB", [wide, t])).rejected.map((r) => r.reason);
    expect(verdict(piece(7, 1500))).toEqual([
      expect.stringMatching(
        /^A line in OFF scan 2 of 2 \(scan1\.h5\) lies within its bandwidth: 8419\.\d{6} MHz/,
      ),
    ]);
    expect(verdict(piece(5, 1500))).toEqual([]);
    expect(verdict(piece(7, 4500))).toEqual([]);
  });
});

describe("level 3: chains", () => {
  it("one transmitter is one event, however many lines run beside it", () => {
    const comb = Array.from({ length: 40 }, (_, k) =>
      needle("ABACAD", { atHz: k * 100, drift: -0.3776 + 0.001 * (k % 3) }),
    );
    const { events, rejected } = findEvents(cadence("ABACAD", comb));
    expect(events).toHaveLength(40);
    expect(rejected).toEqual([]);
    for (const { level, hits } of events) {
      expect(level).toBe(3);
      expect(new Set(hits.map((h) => h.driftHzPerS.toFixed(6))).size).toBe(1);
    }
  });

  it("a hit within the drift's reach but not on the path is another event", () => {
    // Reach of the standard filter from the first scan to the last: 2 |drift| * obs length, 220 Hz here.
    const stray = needle("", { scans: [2, 4], atHz: 215 });
    expect(summary(findEvents(cadence("ABACAD", [needle("", { scans: [0] }), stray])))).toEqual([
      [2, 2],
      [2, 1],
    ]);
  });
});

describe("start times", () => {
  it("unknown: back to back in the order given, with a note", () => {
    const found = findEvents(cadence("ABACAD", [needle("ABACAD", { drift: 2 })], { unknown: true }));
    expect(summary(found)).toEqual([[3, 3]]);
    expect(found.notes).toEqual([
      expect.stringMatching(/^6 of 6 scans have no start time, so .* back|follow each other/),
    ]);
  });

  it("all the same: likewise", () => {
    const scans = cadence("ABA", [needle("ABA", { drift: 2 })]).map((s) => ({
      ...s,
      time: { ...s.time, tstartMjd: 57650 },
    }));
    const found = findEvents(scans);
    expect(summary(found)).toEqual([[3, 2]]);
    expect(found.notes[0]).toContain("All 3 scans have the same start time");
  });

  it("out of order: real times are used and a note says so", () => {
    const scans = cadence("ABACAD", [needle("ABACAD", { drift: 2 })]);
    const found = findEvents([scans[4]!, scans[1]!, scans[2]!, scans[3]!, scans[0]!, scans[5]!]);
    expect(summary(found)).toEqual([[3, 3]]);
    expect(found.notes).toHaveLength(2);
    expect(found.events[0]!.hits.map((h) => h.scan)).toEqual([0, 2, 4]);
  });
});

/** The rules of docs/events.md over all pairs, with each path followed from both ends. */
function oracleMiss(
  a: Hit,
  b: Hit,
  scans: readonly ScanHits[],
  ia: number,
  ib: number,
  changes = true,
): number | undefined {
  const mid = (i: number) => (scans[i]!.time.tstartMjd - scans[0]!.time.tstartMjd) * 86_400 + SCAN_S / 2;
  const dt = mid(ib) - mid(ia);
  const forward = (b.midFrequencyMHz - a.midFrequencyMHz) * 1e6 - a.driftHzPerS * dt;
  const backward = (a.midFrequencyMHz - b.midFrequencyMHz) * 1e6 + b.driftHzPerS * dt;
  const own = (h: Hit) => Math.max(CHANNEL_HZ, h.widthHz - Math.abs(h.driftHzPerS) * TSAMP_S);
  const width = Math.min(own(a), own(b));
  const errors = 3 * Math.sqrt(a.driftUncertaintyHzPerS ** 2 + b.driftUncertaintyHzPerS ** 2);
  const measured = errors + width / ((ROWS - 1) * TSAMP_S);
  const slow = Math.min(Math.abs(a.driftHzPerS), Math.abs(b.driftHzPerS));
  const most =
    1e-4 + (1e-5 * Math.min(a.midFrequencyMHz, b.midFrequencyMHz) * 1e6) / 299_792_458 + slow / 7200;
  const change = changes ? most : 0;
  const driftsApart = Math.abs(forward + backward) / Math.abs(dt);
  const apart = Math.abs(forward - backward) / 2;
  if (driftsApart > measured + change * Math.abs(dt)) return undefined;
  if (apart > width + 2 * CHANNEL_HZ + (measured * Math.abs(dt)) / 2 + (change * dt * dt) / 4)
    return undefined;
  return Math.max(Math.abs(forward), Math.abs(backward));
}

interface Seen {
  readonly hit: Hit;
  readonly i: number;
}

/** Every ON hit that an OFF hit shares a path with, and the chains that joining the closest pair again and again gives. */
function oracle(scans: readonly ScanHits[]) {
  const role = (want: string) =>
    scans.flatMap((s, i) => (s.role === want ? s.hits.map((hit) => ({ hit, i })) : []));
  const on = role("ON");
  const still = new Set<Hit>();
  for (const { hit } of on) {
    const slowest = Math.max(CHANNEL_HZ / 2 / ((ROWS - 1) * TSAMP_S), 2 * hit.driftUncertaintyHzPerS);
    if (Math.abs(hit.driftHzPerS) < slowest) still.add(hit);
  }
  const off = role("OFF");
  const seenOff = new Set<Hit>();
  const isSteady = (x: Seen, among: readonly Seen[]) =>
    among.some((y) => y.i !== x.i && oracleMiss(x.hit, y.hit, scans, x.i, y.i, false) !== undefined);
  for (const a of on) {
    for (const b of off) {
      const changes = !isSteady(a, on) && !isSteady(b, off);
      if (oracleMiss(a.hit, b.hit, scans, a.i, b.i, changes) !== undefined) seenOff.add(a.hit);
    }
  }
  const order = scans.flatMap((s, i) => (s.role === "ON" ? [i] : []));
  const miss = (a: Seen, b: Seen) => (a.i === b.i ? undefined : oracleMiss(a.hit, b.hit, scans, a.i, b.i));
  let chains = on.map((x) => [x]);
  for (;;) {
    let best = [Number.POSITIVE_INFINITY, 0];
    let pair: [number, number] | undefined;
    for (let p = 0; p < chains.length; p++) {
      for (let q = p + 1; q < chains.length; q++) {
        for (const a of chains[p]!) {
          for (const b of chains[q]!) {
            const key = [Math.abs(order.indexOf(a.i) - order.indexOf(b.i)), miss(a, b) ?? 0];
            const better = key[0]! < best[0]! || (key[0] === best[0] && key[1]! < best[1]!);
            if (better && chains[p]!.every((x) => chains[q]!.every((y) => miss(x, y) !== undefined))) {
              [best, pair] = [key, [p, q]];
            }
          }
        }
      }
    }
    if (!pair) break;
    const [p, q] = pair;
    chains = [...chains.filter((_, k) => k !== p && k !== q), [...chains[p]!, ...chains[q]!]];
  }
  const share = (chain: readonly Seen[], marked: ReadonlySet<Hit>) =>
    chain.filter((x) => marked.has(x.hit)).length / chain.length;
  return chains
    .map((chain) => (share(chain, still) < 0.5 ? chain : chain.filter((x) => !still.has(x.hit))))
    .filter((chain) => chain.length > 0 && share(chain, seenOff) < 0.5)
    .map((chain) => chain.map((x) => x.hit).filter((hit) => !seenOff.has(hit)));
}

const setOf = (chains: readonly (readonly Hit[])[]) =>
  chains
    .map((hits) =>
      hits
        .map((h) => `${h.file} ${h.midFrequencyMHz}`)
        .sort()
        .join(", "),
    )
    .sort();

/** A hit with errors of measurement, each its own, so that no two pairs of hits miss each other by the same. */
function measure(hit: Hit, k: number): Hit {
  const random = dice(1 + k + 100 * hit.scan);
  return {
    ...hit,
    midFrequencyMHz: hit.midFrequencyMHz + (random() - 0.5) / 1e6,
    driftHzPerS: hit.driftHzPerS + (random() - 0.5) / 1000,
  };
}

/** Numbers in [0, 1) that are always the same (mulberry32). */
function dice(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("against brute force", () => {
  const transmitter = fc.record({
    atHz: fc.double({ min: -1000, max: 1000, noNaN: true }),
    drift: fc.oneof(fc.constantFrom(0, -0.5, -0.4), fc.double({ min: -0.6, max: 0.6, noNaN: true })),
    driftChange: fc.double({ min: -4e-4, max: 4e-4, noNaN: true }),
    scans: fc.subarray([0, 1, 2, 3, 4, 5], { minLength: 1 }),
    onOnly: fc.constantFrom(true, true, true, false),
    snr: fc.double({ min: 5, max: 100, noNaN: true }),
    widthHz: fc.constantFrom(CHANNEL_HZ, 3 * CHANNEL_HZ, 30 * CHANNEL_HZ),
    error: fc.constantFrom(0.001, 0.003, 0.02),
  });

  it("same hits rejected, same chains", () => {
    let events = 0;
    let rejections = 0;
    fc.assert(
      fc.property(
        fc.array(transmitter, { minLength: 3, maxLength: 14 }),
        fc.constantFrom("ABACAD", "ABABAB", "AABCAA", "BACADA"),
        fc.double({ min: 0, max: 120, noNaN: true }),
        (transmitters, pattern, gapS) => {
          const scans = cadence(
            pattern,
            transmitters.map((t) => ({
              ...t,
              scans: t.scans.filter((i) => !t.onOnly || pattern[i] === "A"),
            })),
            { gapS },
          );
          const measured = scans.map((scan) => ({ ...scan, hits: scan.hits.map(measure) }));
          const found = findEvents(measured);
          expect(setOf(found.events.map((e) => e.hits))).toEqual(setOf(oracle(measured)));
          events += found.events.length;
          rejections += found.rejected.filter((r) => r.rule === "in-off-scan").length;
        },
      ),
      { seed: 20_160_716, numRuns: 500 },
    );
    expect(events).toBeGreaterThan(500);
    expect(rejections).toBeGreaterThan(500);
  });

  it("each ON hit is in one event or rejected once, and the order of the hits given changes nothing", () => {
    fc.assert(
      fc.property(fc.array(transmitter, { maxLength: 30 }), (transmitters) => {
        const scans = cadence("ABACAD", transmitters);
        const { events, rejected } = findEvents(scans, { minSnr: 10, maxDriftHzPerS: 0.45 });
        const seen = [...events.flatMap((e) => e.hits), ...rejected.map((r) => r.hit)];
        const given = scans.filter((s) => s.role === "ON").flatMap((s) => s.hits);
        expect(new Set(seen)).toEqual(new Set(given));
        expect(seen).toHaveLength(given.length);
        const backwards = scans.map((s) => ({ ...s, hits: [...s.hits].reverse() }));
        const again = findEvents(backwards, { minSnr: 10, maxDriftHzPerS: 0.45 });
        expect(setOf(again.events.map((e) => e.hits))).toEqual(setOf(events.map((e) => e.hits)));
      }),
      { seed: 8419, numRuns: 200 },
    );
  });
});

describe("size", () => {
  it("30,000 hits a scan, some of them wide, in far less time than all pairs of them would take", () => {
    const random = dice(1);
    const transmitters = Array.from(
      { length: 30_000 },
      (_, k): Transmitter => ({
        atHz: random() * 2.9e6,
        drift: (random() - 0.5) * 8,
        scans: k % 2 ? all("ABACAD") : ons("ABACAD"),
        widthHz: k % 1000 === 0 ? 20_000 : CHANNEL_HZ * (1 + 4 * random()),
        bandwidthHz: k % 1000 === 0 ? 40_000 : 20,
      }),
    );
    const scans = cadence("ABACAD", transmitters);
    // Of the processor, so that what else the machine does is left out.
    const before = process.threadCpuUsage();
    const { events, rejected } = findEvents(scans);
    expect(process.threadCpuUsage(before).user / 1e6).toBeLessThan(20);
    expect(events.length).toBeGreaterThan(10_000);
    expect(rejected.length).toBeGreaterThan(45_000);
  });
});
