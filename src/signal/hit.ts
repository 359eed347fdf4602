/** What a search finds: hits in one scan, and events, the hits of one transmitter over a cadence. */

/** One drifting line in one scan. Its path is straight: `frequencyMHz` at the centre of the first row, then `driftHzPerS`. */
export interface Hit {
  /** The file that the scan was read from. */
  readonly file: string;
  /** Which scan of the cadence, from 0. */
  readonly scan: number;
  /** At the centre of the first row. */
  readonly frequencyMHz: number;
  /** At the middle of the scan. */
  readonly midFrequencyMHz: number;
  readonly driftHzPerS: number;
  /** One standard deviation. */
  readonly driftUncertaintyHzPerS: number;
  /** Summed power along the path, over the standard deviation that this sum has in noise. */
  readonly snr: number;
  /** Width of the box, moved along the path, that gives the largest S/N. */
  readonly widthHz: number;
  /** Full extent of the line about its path, as far as it stands out of the noise. */
  readonly bandwidthHz: number;
  /** Index of the coarse channel of `frequencyMHz`. */
  readonly coarseChannel: number;
  /** Index in the file of the channel of `frequencyMHz`. */
  readonly channel: number;
}

/** The standard filter's levels: 1 passes the limits, 2 is in no OFF scan, 3 is in every ON scan besides. */
export type EventLevel = 1 | 2 | 3;

/** Hits of ON scans that lie on one path. */
export interface CadenceEvent {
  /** At the centre of the first row of the first hit's scan. */
  readonly frequencyMHz: number;
  readonly driftHzPerS: number;
  /** The hits' S/N added in quadrature: the S/N of the sum over the ON scans. */
  readonly snr: number;
  readonly level: EventLevel;
  readonly hits: readonly Hit[];
  /** Where a detector was given: its probability that the surroundings of the path hold a needle, 0 to 1; NaN where it gives none. */
  readonly detectorScore?: number;
}

/** A hit of an ON scan that is no event's, and why. */
export interface RejectedHit {
  readonly hit: Hit;
  /** The highest level that it passed. 0: not even the limits. */
  readonly level: 0 | 1;
  readonly rule: "snr-limit" | "drift-limit" | "zero-drift" | "in-off-scan";
  /** One sentence for a person. */
  readonly reason: string;
  /** The hit of an OFF scan that lies on the same path, where the rule is `in-off-scan`. */
  readonly offHit?: Hit;
}
