import { expect, test } from "vitest";
import { coarseChannels } from "./coarse-channels.ts";
import { UsageError } from "./errors.ts";

const FINE_MHZ = -2.7939677238464355e-6;
const axis = (nchans: number, foffMHz = FINE_MHZ) => ({ fch1MHz: 8421.38671875, foffMHz, nchans });

test("Green Bank's fine product has 2^20 channels a coarse channel, DC in the middle of each", () => {
  const coarse = coarseChannels(axis(3 * 2 ** 20));
  expect([coarse.count, coarse.channelsPerCoarse, coarse.known]).toEqual([3, 2 ** 20, true]);
  expect(coarse.dcChannelOf(0)).toBe(524_288);
  expect(coarse.dcChannelOf(2)).toBe(2 * 1_048_576 + 524_288);
  expect(coarse.rangeOf(1)).toEqual({ channelStart: 1_048_576, channelStop: 2_097_152 });
});

test("the early product of 1,032,192 channels and the middle one of 1024 are told by their width", () => {
  expect(coarseChannels(axis(64 * 1_032_192, -2.9296875 / 1_032_192)).count).toBe(64);
  const middle = coarseChannels(axis(65_536, 2.9296875 / 1024));
  expect([middle.count, middle.channelsPerCoarse, middle.dcChannelOf(63)]).toEqual([
    64,
    1024,
    63 * 1024 + 512,
  ]);
});

test("a product twice as fine is one coarse channel of 2^21, not two", () => {
  expect(coarseChannels(axis(2 ** 21, FINE_MHZ / 2)).channelsPerCoarse).toBe(2 ** 21);
});

test("other telescopes: a whole number of 2^20 channels is that many coarse channels", () => {
  expect(coarseChannels(axis(2 ** 22, 1e-6)).count).toBe(4);
});

test("foff as headers of seven digits carry it still tells the product", () => {
  expect(coarseChannels(axis(2 ** 20, -2.793968e-6)).channelsPerCoarse).toBe(2 ** 20);
});

test("a cut-out has no known DC channel, and a long one comes in pieces", () => {
  const small = coarseChannels(axis(117));
  expect([small.count, small.channelsPerCoarse, small.known, small.dcChannelOf(0)]).toEqual([
    1,
    117,
    false,
    undefined,
  ]);
  const long = coarseChannels(axis(2 ** 20 + 5));
  expect(long.count).toBe(2);
  expect(long.rangeOf(1)).toEqual({ channelStart: 2 ** 20, channelStop: 2 ** 20 + 5 });
  expect(long.dcChannelOf(0)).toBeUndefined();
});

test("an asked number overrides the rule, and must divide the channels", () => {
  expect(coarseChannels(axis(4096), { channelsPerCoarse: 1024 }).dcChannelOf(3)).toBe(3 * 1024 + 512);
  for (const channelsPerCoarse of [1000, 0, -4, 1.5, 8192, Number.NaN]) {
    expect(() => coarseChannels(axis(4096), { channelsPerCoarse })).toThrow(UsageError);
  }
});
