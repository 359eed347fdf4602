/**
 * What a signal looks like across the channels: how a row's power is shared out while the signal moves from one offset to another.
 *
 * A signal at a constant frequency puts the share R(u) of its power into a channel whose centre lies u Hz from it. Where it drifts
 * during a row, the channel gets the mean of R along the way, so an antiderivative C of R gives it in closed form:
 * (C(u1) - C(u0)) / (u1 - u0), for either direction of drift or of the axis (tone.ts, spread.ts).
 */

import { type ChannelResponse, spreadResponse } from "./spread.ts";
import { toneResponse } from "./tone.ts";

/**
 * Plain JSON. `tone`: a pure carrier seen through a Fourier transform without a window, R(u) = sinc(u / foff) ** 2. The others: signals
 * with a width of their own, whose power counts where it lies.
 */
export type FrequencyProfile = LineShape | { readonly shape: "lines"; readonly lines: readonly LinePart[] };

export type LineShape =
  | { readonly shape: "tone" }
  | { readonly shape: "box"; readonly widthHz: number }
  | { readonly shape: "gaussian"; readonly fwhmHz: number }
  /** Cut 64 widths out, which loses 0.5 % of it. */
  | { readonly shape: "lorentzian"; readonly fwhmHz: number }
  /** A Gaussian smeared by a Lorentzian, to 1.3 % of the peak: the weighted sum of both of Thompson, Cox and Hastings (1987). */
  | { readonly shape: "voigt"; readonly gaussianFwhmHz: number; readonly lorentzianFwhmHz: number };

/** One of several lines. Weights are shares of the whole, whatever they add up to. */
export interface LinePart {
  readonly offsetHz: number;
  readonly weight: number;
  readonly profile: LineShape;
}

/** A profile's parts as channels of this spacing see them. */
export interface ResponsePart {
  readonly offsetHz: number;
  /** Share of the whole power. */
  readonly weight: number;
  readonly response: ChannelResponse;
}

/** `foffHz`: from one channel to the next, of either sign. */
export function responseParts(profile: FrequencyProfile, foffHz: number): ResponsePart[] {
  return simpleParts(profile).map(({ offsetHz, weight, profile: part }) => ({
    offsetHz,
    weight,
    response: part.shape === "tone" ? toneResponse(foffHz) : spreadResponse(part, foffHz),
  }));
}

/** Full width at half maximum, of several lines from the first's to the last's half maximum; 0 for a tone. */
export function profileWidthHz(profile: FrequencyProfile): number {
  switch (profile.shape) {
    case "tone":
      return 0;
    case "box":
      return profile.widthHz;
    case "gaussian":
    case "lorentzian":
      return profile.fwhmHz;
    case "voigt":
      return pseudoVoigt(profile).fwhmHz;
    case "lines": {
      const ends = profile.lines.flatMap(({ offsetHz, profile: part }) => {
        const half = 0.5 * profileWidthHz(part);
        return [offsetHz - half, offsetHz + half];
      });
      return Math.max(...ends) - Math.min(...ends);
    }
  }
}

/** The highest power per Hz of a signal of power 1; of several lines, of the highest by itself. A tone is as wide as a channel. */
export function peakPerHz(profile: FrequencyProfile, channelHz: number): number {
  const peaks = simpleParts(profile).map(({ offsetHz, weight, profile: part }) => {
    if (part.shape === "tone") return { offsetHz, peak: weight / channelHz };
    if (part.shape === "box") return { offsetHz, peak: weight / part.widthHz };
    const shape = part.shape === "gaussian" ? Math.sqrt((4 * Math.LN2) / Math.PI) : 2 / Math.PI;
    return { offsetHz, peak: (weight * shape) / part.fwhmHz };
  });
  return Math.max(
    ...peaks.map(({ offsetHz }) =>
      peaks.reduce((sum, other) => sum + (other.offsetHz === offsetHz ? other.peak : 0), 0),
    ),
  );
}

type SimpleShape = Exclude<LineShape, { shape: "voigt" }>;

function simpleParts(
  profile: FrequencyProfile,
): { offsetHz: number; weight: number; profile: SimpleShape }[] {
  if (profile.shape === "lines") {
    const total = profile.lines.reduce((sum, { weight }) => sum + weight, 0);
    return profile.lines.flatMap(({ offsetHz, weight, profile: line }) =>
      simpleParts(line).map((part) => ({ ...part, offsetHz, weight: (part.weight * weight) / total })),
    );
  }
  if (profile.shape === "voigt") {
    const { fwhmHz, lorentzianShare } = pseudoVoigt(profile);
    return [
      { offsetHz: 0, weight: 1 - lorentzianShare, profile: { shape: "gaussian" as const, fwhmHz } },
      { offsetHz: 0, weight: lorentzianShare, profile: { shape: "lorentzian" as const, fwhmHz } },
    ].filter(({ weight }) => weight > 0);
  }
  return [{ offsetHz: 0, weight: 1, profile }];
}

/** Thompson, Cox and Hastings, J. Appl. Cryst. 20, 79 (1987). */
function pseudoVoigt({ gaussianFwhmHz: g, lorentzianFwhmHz: l }: Extract<LineShape, { shape: "voigt" }>): {
  fwhmHz: number;
  lorentzianShare: number;
} {
  const fwhmHz =
    (g ** 5 +
      2.69269 * g ** 4 * l +
      2.42843 * g ** 3 * l ** 2 +
      4.47163 * g ** 2 * l ** 3 +
      0.07842 * g * l ** 4 +
      l ** 5) **
    0.2;
  const ratio = l / fwhmHz;
  return { fwhmHz, lorentzianShare: 1.36603 * ratio - 0.47719 * ratio ** 2 + 0.11116 * ratio ** 3 };
}
