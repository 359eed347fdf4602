import { describe, expect, it } from "vitest";
import { bandGain } from "./bandpass.ts";

/** Power response of a Hamming-windowed sinc filter, sampled 64 times a period and summed as a Fourier series. */
function responseBySum(offset: number, taps: number): number {
  const perPeriod = 64;
  const half = (taps * perPeriod) / 2;
  let amplitude = 0;
  for (let n = -half; n <= half; n++) {
    const t = n / perPeriod;
    const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
    const window = 0.54 + 0.46 * Math.cos((2 * Math.PI * t) / taps);
    amplitude += (sinc * window * Math.cos(2 * Math.PI * offset * t)) / perPeriod;
  }
  return amplitude ** 2;
}

const withAliases = (offset: number, taps: number) =>
  responseBySum(offset, taps) + responseBySum(offset - 1, taps) + responseBySum(offset + 1, taps);

describe("bandGain", () => {
  it.each([4, 12])("has the edges of a polyphase filter of %i taps", (taps) => {
    const n = 256;
    const { line } = bandGain({ channelsPerCoarse: n, taps }, 2 * n, 0, 2 * n);
    for (const channel of [0, 3, 10, 64, 128, 250, 255, 256, 259]) {
      const offset = ((channel % n) - n / 2) / n;
      expect(line[channel]).toBeCloseTo(withAliases(offset, taps) / withAliases(0, taps), 4);
    }
    expect(Math.abs(line[0]! - 0.5)).toBeLessThan(0.01);
    expect(Math.max(...line)).toBeLessThan(1.02);
  });

  it("puts the DC spike in the middle channel of each coarse channel, in the noise alone", () => {
    const spec = { channelsPerCoarse: 64 };
    const plain = bandGain(spec, 192, 0, 192);
    const spiked = bandGain({ ...spec, dcSpike: 9 }, 192, 0, 192);
    expect(spiked.line).toEqual(plain.line);
    spiked.noise.forEach((gain, channel) => {
      expect(gain / plain.noise[channel]!).toBeCloseTo(channel % 64 === 32 ? 10 : 1, 12);
    });
  });

  it("slopes and ripples over the band", () => {
    const { noise } = bandGain({ slope: 0.2, ripple: { amplitude: 0.05, cycles: 2 } }, 1000, 0, 1000);
    expect(noise[0]! / 1.05).toBeCloseTo(0.9, 3);
    expect(noise[500]! / 1.05).toBeCloseTo(1, 3);
    expect(noise[750]! / 0.95).toBeCloseTo(1.05, 3);
  });

  it("gives a piece what the whole has there", () => {
    const spec = {
      channelsPerCoarse: 128,
      slope: 0.3,
      ripple: { amplitude: 0.1, cycles: 3, phase: 0.2 },
      dcSpike: 2,
    };
    const whole = bandGain(spec, 512, 0, 512);
    const piece = bandGain(spec, 512, 100, 300);
    expect(piece.line).toEqual(whole.line.slice(100, 300));
    expect(piece.noise).toEqual(whole.noise.slice(100, 300));
  });
});
