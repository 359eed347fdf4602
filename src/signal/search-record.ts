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

export interface SearchRecord {
  readonly program: ProgramVersion;
  readonly parameters: SearchParameters;
  /** In the order of time; `Hit.scan` counts into it. */
  readonly scans: readonly ScanRecord[];
  /** Every hit of every scan, ON and OFF. */
  readonly hits: readonly Hit[];
  /** Best first. */
  readonly events: readonly CadenceEvent[];
  readonly rejected: readonly RejectedHit[];
  /** Hits that noise alone would make at this S/N, in all scans together. */
  readonly expectedFalseHits: number;
  /** What a reader of the results should know: sentences, such as that no start times were known. */
  readonly notes: readonly string[];
}
