/** Search records for the tests of hit tables: any hits, and the events and rejections that go with them. */

import fc from "fast-check";
import type { CadenceEvent, Hit, RejectedHit } from "../../signal/hit.ts";
import type { SearchRecord } from "../../signal/search-record.ts";

export function makeHit(more: Partial<Hit> = {}): Hit {
  return {
    file: "night 1/on-1.h5",
    scan: 0,
    frequencyMHz: 8419.297028123,
    midFrequencyMHz: 8419.296976,
    driftHzPerS: -0.3776,
    driftUncertaintyHzPerS: 0.0021,
    snr: 245.7,
    widthHz: 5.5879,
    bandwidthHz: 13.97,
    coarseChannel: 0,
    channel: 747_929,
    ...more,
  };
}

/** Hits of ON scans take turns: in an event, rejected, neither. */
export function makeRecord(hits: readonly Hit[], pattern = "ABACAD"): SearchRecord {
  const roles = [...pattern].map((letter) => (letter === "A" ? ("ON" as const) : ("OFF" as const)));
  const on = hits.filter((hit) => roles[hit.scan] === "ON");
  const off = hits.find((hit) => roles[hit.scan] === "OFF");
  const events = on
    .filter((_, i) => i % 3 === 0)
    .map(
      (hit): CadenceEvent => ({
        frequencyMHz: hit.frequencyMHz,
        driftHzPerS: hit.driftHzPerS,
        snr: hit.snr,
        level: 2,
        hits: [hit],
      }),
    );
  const rejected = on
    .filter((_, i) => i % 3 === 1)
    .map(
      (hit): RejectedHit => ({
        hit,
        level: 1,
        rule: "in-off-scan",
        reason: 'On a line, "its" path.',
        offHit: off,
      }),
    );
  return {
    program: { name: "lodestone", version: "0.1.0" },
    parameters: {
      maxDriftHzPerS: 4,
      snr: 10,
      keepZeroDrift: false,
      mask: null,
      "odd: name": 'a "quoted", #value\n',
    },
    scans: roles.map((role, i) => ({
      file: `scan${i}.h5`,
      role,
      pointing: pattern[i]!,
      time: { tstartMjd: 57650.78 + i / 288, tsampS: 18.253611008, nsamples: 16 },
      frequency: { fch1MHz: 8421.386717353016, foffMHz: -2.7939677238464355e-6, nchans: 1 << 20 },
      header: { source_name: role === "ON" ? "Voyager1" : `Off${i}`, src_raj: 17.16777333, src_dej: 12.183 },
    })),
    hits,
    events,
    rejected,
    expectedFalseHits: 0.25,
    notes: ["A note."],
  };
}

// Without -0, which text and JSON write as 0.
const real = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
const whole = fc.integer({ min: 0, max: 2 ** 31 - 1 });

export const anyHit: fc.Arbitrary<Hit> = fc.record({
  file: fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom('a,"b".h5', "#1.h5", "two\r\nlines", " ", ""),
  ),
  scan: fc.integer({ min: 0, max: 5 }),
  frequencyMHz: real,
  midFrequencyMHz: real,
  driftHzPerS: real,
  driftUncertaintyHzPerS: fc.oneof(real, fc.constant(Number.NaN)),
  snr: real,
  widthHz: real,
  bandwidthHz: real,
  coarseChannel: whole,
  channel: whole,
});
