/**
 * Coarse channels: the pieces that the telescope's first filter bank cut the band into before each was cut into fine
 * channels. The middle fine channel of each is its DC channel, where the digitiser's offset leaves a false line.
 *
 * A file doesn't say how many it holds. The rule here is the field's (blimpy's `calc_n_coarse_chan`), told from the axis
 * alone and stricter where that guesses:
 * 1. Green Bank's coarse channels are 2.9296875 MHz wide (3000 MHz in 1024). Where a whole number of fine channels is that
 *    wide and the file is a whole number of those, they are its coarse channels: 2^20 in the fine product, 1024 in the
 *    middle one.
 * 2. Otherwise a whole number of 2^20 fine channels, the field's usual transform, is that many coarse channels.
 * 3. Otherwise the boundaries aren't known: the file is a cut-out, or no such product. It is one piece, or pieces of 2^20
 *    and a shorter last one where it is longer than that, and no DC channel is known. (blimpy says 64 here.)
 */

import { UsageError } from "./errors.ts";
import type { FrequencyAxis } from "./spectrogram.ts";

export const GREEN_BANK_COARSE_MHZ = 2.9296875;
export const USUAL_CHANNELS_PER_COARSE = 2 ** 20;

export interface CoarseChannels {
  readonly count: number;
  /** Fine channels in each; the last may be shorter where `known` is false. */
  readonly channelsPerCoarse: number;
  /** Whether the pieces are the telescope's coarse channels, so that their DC channels are known. */
  readonly known: boolean;
  /** Index in the file of the DC channel of coarse channel `i`, where it is known. */
  dcChannelOf(i: number): number | undefined;
  /** The channels of the file, half-open, that make coarse channel `i`. */
  rangeOf(i: number): { channelStart: number; channelStop: number };
}

/**
 * The coarse channels of an axis. `channelsPerCoarse` overrides the rule; it must divide the number of channels, else a
 * UsageError is thrown.
 */
export function coarseChannels(
  axis: FrequencyAxis,
  options: { readonly channelsPerCoarse?: number } = {},
): CoarseChannels {
  const { nchans } = axis;
  const asked = options.channelsPerCoarse;
  if (asked !== undefined) {
    if (!Number.isInteger(asked) || asked < 1 || nchans % asked !== 0) {
      throw new UsageError(
        `${asked} fine channels a coarse channel were asked for, of a file with ${nchans} channels. ` +
          "Give a whole number that divides them.",
      );
    }
    return describe(nchans, asked, true);
  }
  const greenBank = wholeNumber(GREEN_BANK_COARSE_MHZ / Math.abs(axis.foffMHz));
  if (greenBank !== undefined && greenBank > 1 && nchans % greenBank === 0)
    return describe(nchans, greenBank, true);
  if (nchans % USUAL_CHANNELS_PER_COARSE === 0) return describe(nchans, USUAL_CHANNELS_PER_COARSE, true);
  return describe(nchans, Math.min(nchans, USUAL_CHANNELS_PER_COARSE), false);
}

function describe(nchans: number, channelsPerCoarse: number, known: boolean): CoarseChannels {
  return {
    count: Math.ceil(nchans / channelsPerCoarse),
    channelsPerCoarse,
    known,
    dcChannelOf(i) {
      return known ? i * channelsPerCoarse + Math.floor(channelsPerCoarse / 2) : undefined;
    },
    rangeOf(i) {
      const channelStart = i * channelsPerCoarse;
      return { channelStart, channelStop: Math.min(nchans, channelStart + channelsPerCoarse) };
    },
  };
}

/** Headers carry `foff` to 7 digits at worst. */
function wholeNumber(ratio: number): number | undefined {
  const nearest = Math.round(ratio);
  return Math.abs(ratio - nearest) <= 1e-6 * nearest ? nearest : undefined;
}
