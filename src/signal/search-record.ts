/** All that one search was given and found: what tables, reports and pictures are made from. */

import type { ScanRole } from "./cadence.ts";
import type { CadenceEvent, Hit, RejectedHit } from "./hit.ts";
import type { FrequencyAxis, ObservationHeader, TimeAxis } from "./spectrogram.ts";

export interface ProgramVersion {
  readonly name: string;
  readonly version: string;
}

/** What the search was asked to do, by name with the unit in the name, such as `maxDriftHzPerS`. */
export type SearchParameters = Readonly<Record<string, string | number | boolean | null>>;

/** One scan that was searched. */
export interface ScanRecord {
  /** As in `Hit.file`. */
  readonly file: string;
  readonly role: ScanRole;
  /** The letter of the pointing, as in `Scan.pointing`. */
  readonly pointing: string;
  readonly time: TimeAxis;
  readonly frequency: FrequencyAxis;
  readonly header: ObservationHeader;
}

/** Frequencies that a detector takes for a needle's and that no event explains. */
export interface DetectorCandidate {
  /** Outer edges of all its windows. */
  readonly lowMHz: number;
  readonly highMHz: number;
  /** The highest probability of its windows, 0 to 1. */
  readonly score: number;
  /** The window of that score. */
  readonly best: { readonly lowMHz: number; readonly highMHz: number };
  /** How many windows were merged. */
  readonly windows: number;
  /** Channels that were averaged to a pixel of the detector's. */
  readonly channelsPerPixel: number;
}

/** What a detector was and what it found beside the drift search. Its scores of events stand in the events. */
export interface DetectorRecord {
  /** The file, or the name of the one in the box. */
  readonly model: string;
  /** Score from which a window counts. */
  readonly threshold: number;
  /** Windows over the band that were scored: none, where the detector was asked for its word on events alone. */
  readonly windows: number;
  /** Windows over the band that there are. */
  readonly bandWindows: number;
  /** Channels averaged to a pixel, one number a pass over the band. */
  readonly scales: readonly number[];
  /** Best first. */
  readonly candidates: readonly DetectorCandidate[];
}

export interface SearchRecord {
  readonly program: ProgramVersion;
  readonly parameters: SearchParameters;
  /** In the order of time; `Hit.scan` counts into it. */
  readonly scans: readonly ScanRecord[];
  /** Every hit of every scan, ON and OFF. */
  readonly hits: readonly Hit[];
  /** Best first: by level; where there is a detector, those that it takes for a needle's before others; then by S/N. */
  readonly events: readonly CadenceEvent[];
  readonly rejected: readonly RejectedHit[];
  /** Hits that noise alone would make at this S/N, in all scans together. */
  readonly expectedFalseHits: number;
  /** What a reader of the results should know: sentences, such as that no start times were known. */
  readonly notes: readonly string[];
  /** Where a detector was given. */
  readonly detector?: DetectorRecord;
}
