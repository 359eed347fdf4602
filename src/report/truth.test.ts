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
