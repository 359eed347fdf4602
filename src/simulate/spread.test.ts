import { describe, expect, it } from "vitest";
import { sineIntegral } from "./special-functions.ts";
import { type ChannelResponse, spreadResponse } from "./spread.ts";
import { toneResponse } from "./tone.ts";

const CHANNELS = 200;
const sweeps = [0, 1e-3, -0.3, 1, -7, 30];

/** Shares of channels -200 to 200, one Hz wide, of a signal that goes from an offset to another. */
function shares(response: ChannelResponse, fromHz: number, toHz: number): Float64Array {
  const into = new Float64Array(2 * CHANNELS + 1);
  response.add(into, -CHANNELS, -CHANNELS, CHANNELS, fromHz, toHz, 1);
  return into;
}

/** The largest difference from (C(u0) - C(u1)) / sweep, or R(u) where there is no sweep, in channels within the reach. */
function worstError(
  response: ChannelResponse,
  fromHz: number,
  sweepHz: number,
  { share, cumulative }: { share: (u: number) => number; cumulative: (u: number) => number },
): number {
  const found = shares(response, fromHz, fromHz + sweepHz);
  let worst = 0;
  for (let channel = -CHANNELS; channel <= CHANNELS; channel++) {
    const u = channel - fromHz;
    if (Math.abs(u) > response.reachHz - Math.abs(sweepHz)) continue;
    const expected = sweepHz === 0 ? share(u) : (cumulative(u) - cumulative(u - sweepHz)) / sweepHz;
    worst = Math.max(worst, Math.abs(expected - found[channel + CHANNELS]!));
  }
  return worst;
}

describe("responses against their closed forms", () => {
  it.each([0.01, 0.1, 0.5, 1, 3, 10, 40, 120])("a Lorentzian %d channels wide, its wings too", (fwhmHz) => {
    const half = 0.5 * fwhmHz;
    const below = (u: number) => 0.5 + Math.atan(u / half) / Math.PI;
    const integral = (u: number) =>
      0.5 * u + (half / Math.PI) * ((u / half) * Math.atan(u / half) - 0.5 * Math.log(1 + (u / half) ** 2));
    const exact = {
      share: (u: number) => below(u + 0.5) - below(u - 0.5),
      cumulative: (u: number) => integral(u + 0.5) - integral(u - 0.5),
    };
    for (const sweep of sweeps) {
      expect(worstError(spreadResponse({ shape: "lorentzian", fwhmHz }, 1), 0.37, sweep, exact)).toBeLessThan(
        5e-6,
      );
    }
  });

  it("a tone, near and far", () => {
    const share = (x: number) => (x === 0 ? 1 : (Math.sin(Math.PI * x) / (Math.PI * x)) ** 2);
    const cumulative = (x: number) =>
      x === 0 ? 0 : (sineIntegral(2 * Math.PI * x) - Math.sin(Math.PI * x) ** 2 / (Math.PI * x)) / Math.PI;
    for (const fromHz of [0, 0.37, 0.5, -3.999]) {
      for (const sweep of [...sweeps, 5e-4, 0.01]) {
        expect(worstError(toneResponse(1), fromHz, sweep, { share, cumulative })).toBeLessThan(5e-7);
      }
    }
  });
});
