import { expect, it } from "vitest";
import { eventOf, hitOf, recordOf, smallObservation } from "./testing/small-record.ts";
import { compareWithTruth } from "./truth.ts";

const observation = smallObservation();
const [first, second, third, oscillator] = observation.truth as [
  (typeof observation.truth)[0],
  (typeof observation.truth)[0],
  (typeof observation.truth)[0],
  (typeof observation.truth)[0],
];
const hit = (truth: typeof first, scan: number, offHz = 0) => hitOf(observation, truth, scan, offHz);

it("tells needles found, rejected and missed, and what false events are", () => {
  const events = [
    eventOf([hit(oscillator, 0), hit(oscillator, 2)]),
    eventOf([hit(first, 0, 5), hit(first, 2, -5)]),
    eventOf([hit(third, 0, 700), hit(third, 2, 700)]),
  ];
  const rejected = [0, 2].map((scan) => ({
    hit: { ...hit(second, scan), snr: 40 + scan },
    level: 1 as const,
    rule: "in-off-scan" as const,
    reason: "It is there.",
  }));
  const found = compareWithTruth(recordOf(observation, events, rejected), observation);
  expect(found.events).toEqual([oscillator, first, undefined]);
  expect(found.falseEvents).toBe(2);
  expect(found.needles).toEqual([
    { needle: first, event: 1 },
    { needle: second, rejected: rejected[1] },
    { needle: third, rejected: undefined },
  ]);
});

it("does not take a line for another that crosses it, nor one of a scan that the line isn't in", () => {
  const crossing = { ...hit(first, 0), driftHzPerS: -1.1 };
  const inOffScan = eventOf([hit(first, 1)]);
  const record = recordOf(observation, [eventOf([crossing]), inOffScan], []);
  expect(compareWithTruth(record, observation).events).toEqual([undefined, undefined]);
});

it("tells what the detector's candidates are: a needle of which there is no event before others", () => {
  const about = ({ frequencyMHz }: typeof first, fromKHz: number, toKHz: number, score = 0.95) => {
    const [lowMHz, highMHz] = [frequencyMHz + fromKHz * 1e-3, frequencyMHz + toKHz * 1e-3];
    return { lowMHz, highMHz, best: { lowMHz, highMHz }, score, windows: 1, channelsPerPixel: 1 };
  };
  const record = recordOf(observation, [eventOf([hit(first, 0), hit(first, 2)])], []);
  const candidates = [
    // Over the first needle, which has an event, and the oscillator beside it: 4 and 2 kHz below 1420 MHz.
    about(first, -0.5, 3),
    about(oscillator, -0.5, 0.5),
    // From the second needle at 7 kHz to the third at 9.
    about(third, -1, 3),
    about(third, -1, 0.5),
    about(third, -9, -8),
  ];
  const detector = { model: "m", threshold: 0.9, windows: 9, bandWindows: 9, scales: [1], candidates };
  const found = compareWithTruth({ ...record, detector }, observation);
  expect(found.candidates).toEqual([first, oscillator, second, third, undefined]);
  expect(found.falseCandidates).toBe(2);
  expect(found.needles).toEqual([
    { needle: first, event: 0 },
    { needle: second, candidate: 2 },
    { needle: third, candidate: 2 },
  ]);
  expect(compareWithTruth(record, observation)).toMatchObject({ candidates: [], falseCandidates: 0 });
});
