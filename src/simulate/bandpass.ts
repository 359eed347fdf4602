/** The shape that the receiver gives the band: polyphase coarse channels, a slope, a ripple, the DC spike. */

import { sineIntegral } from "./special-functions.ts";

export interface BandpassSpec {
  /** Channels of one coarse channel, 0 at its lower index. Left out: no coarse channels, so no edges and no DC spike. */
  readonly channelsPerCoarse?: number;
  /** Length of the polyphase filter in coarse channel periods: the longer, the steeper the edges. Default 12. */
  readonly taps?: number;
  /** Gain of the last channel less that of the first, over the mean gain. */
  readonly slope?: number;
  /** A standing wave: 1 + amplitude * cos(2 pi (cycles * place + phase)), place from 0 to 1 over the band. */
  readonly ripple?: { readonly amplitude: number; readonly cycles: number; readonly phase?: number };
  /** Extra noise in the middle channel of each coarse channel, over the noise of its neighbours. */
  readonly dcSpike?: number;
}

export interface BandGain {
  /** What a line's power is multiplied by, 1 on average in the middle of a coarse channel. */
  readonly line: Float64Array;
  /** What the noise is multiplied by: the same, but for the DC spike. */
  readonly noise: Float64Array;
}

/** Gains of channels `channelStart` to `channelStop` of `nchans`. */
export function bandGain(
  spec: BandpassSpec,
  nchans: number,
  channelStart: number,
  channelStop: number,
): BandGain {
  const { channelsPerCoarse, taps = 12, slope = 0, ripple, dcSpike = 0 } = spec;
  const line = new Float64Array(channelStop - channelStart);
  const noise = new Float64Array(line.length);
  const shape = channelsPerCoarse === undefined ? undefined : coarseShape(taps);
  for (let i = 0; i < line.length; i++) {
    const channel = channelStart + i;
    const place = (channel + 0.5) / nchans;
    let gain = 1 + slope * (place - 0.5);
    if (ripple) {
      gain *= 1 + ripple.amplitude * Math.cos(2 * Math.PI * (ripple.cycles * place + (ripple.phase ?? 0)));
    }
    let spike = 1;
    if (shape && channelsPerCoarse) {
      const inCoarse = channel % channelsPerCoarse;
      const middle = Math.floor(channelsPerCoarse / 2);
      gain *= interpolate(shape, Math.abs(inCoarse - middle) / channelsPerCoarse);
      if (inCoarse === middle) spike += dcSpike;
    }
    line[i] = gain;
    noise[i] = gain * spike;
  }
  return { line, noise };
}

const SHAPE_STEPS = 2048;

/** Power response at offsets 0 to 1/2 of a coarse channel's width, what its two neighbours alias into it included. */
function coarseShape(taps: number): Float64Array {
  const shape = new Float64Array(SHAPE_STEPS + 1);
  for (let i = 0; i <= SHAPE_STEPS; i++) {
    const offset = (0.5 * i) / SHAPE_STEPS;
    shape[i] =
      filterAmplitude(offset, taps) ** 2 +
      filterAmplitude(offset - 1, taps) ** 2 +
      filterAmplitude(offset + 1, taps) ** 2;
  }
  const centre = shape[0]!;
  for (let i = 0; i <= SHAPE_STEPS; i++) shape[i]! /= centre;
  return shape;
}

function interpolate(shape: Float64Array, offset: number): number {
  const position = Math.min(2 * offset, 1) * SHAPE_STEPS;
  const cell = Math.min(Math.floor(position), SHAPE_STEPS - 1);
  return shape[cell]! + (shape[cell + 1]! - shape[cell]!) * (position - cell);
}

/**
 * The Fourier transform of the usual prototype filter, a sinc under a Hamming window of `taps` periods, at an offset in
 * coarse channel widths (the filter: Price, "Spectrometers and polyphase filterbanks in radio astronomy", 2016). Under a
 * rectangle it is a difference of two sine integrals; the window's cosine shifts that by one over its length.
 */
function filterAmplitude(offset: number, taps: number): number {
  return (
    0.54 * underRectangle(offset, taps) +
    0.23 * (underRectangle(offset + 1 / taps, taps) + underRectangle(offset - 1 / taps, taps))
  );
}

function underRectangle(offset: number, taps: number): number {
  const half = 0.5 * Math.PI * taps;
  return (sineIntegral(half * (1 + 2 * offset)) + sineIntegral(half * (1 - 2 * offset))) / Math.PI;
}
