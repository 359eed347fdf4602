/** The results of a search as one JSON object: what `lodestone search --json` prints. docs/hit-tables.md tells each field. */

import type { ScanRole } from "../signal/cadence.ts";
import type { Hit, RejectedHit } from "../signal/hit.ts";
import type {
  DetectorRecord,
  ProgramVersion,
  SearchParameters,
  SearchRecord,
} from "../signal/search-record.ts";
import { compareHits, plainHit } from "./hit-rows.ts";

export interface JsonHit extends Hit {
  readonly role: ScanRole;
}

/** Events hold their hits whole, so that each can be read by itself. */
export interface JsonEvent {
  readonly frequencyMHz: number;
  readonly driftHzPerS: number;
  readonly snr: number;
  readonly level: 1 | 2 | 3;
  /** Where a detector was given; NaN, null in the text, where it gave no number. */
  readonly detectorScore?: number;
  readonly hits: readonly JsonHit[];
}

export interface JsonRejected extends JsonHit {
  readonly rule: RejectedHit["rule"];
  readonly level: 0 | 1;
  readonly reason: string;
  readonly offHit: JsonHit | null;
}

export interface JsonScan {
  readonly file: string;
  readonly role: ScanRole;
  readonly pointing: string;
  readonly sourceName: string | null;
  readonly tstartMjd: number;
  readonly tsampS: number;
  readonly nsamples: number;
  readonly fch1MHz: number;
  readonly foffMHz: number;
  readonly nchans: number;
}

export interface SearchResults {
  readonly program: ProgramVersion;
  readonly parameters: SearchParameters;
  readonly scans: readonly JsonScan[];
  /** By scan, then by frequency. */
  readonly hits: readonly JsonHit[];
  /** Best first. */
  readonly events: readonly JsonEvent[];
  /** By scan, then by frequency. */
  readonly rejected: readonly JsonRejected[];
  /** Where one was given. */
  readonly detector?: DetectorRecord;
  /** Hits that noise alone would make, in all scans together. */
  readonly expectedFalseHits: number;
  readonly notes: readonly string[];
}

export function searchResults(record: SearchRecord): SearchResults {
  const roleOf = (hit: Hit): JsonHit => ({ ...plainHit(hit), role: record.scans[hit.scan]!.role });
  return {
    program: { name: record.program.name, version: record.program.version },
    parameters: record.parameters,
    scans: record.scans.map(({ file, role, pointing, header, time, frequency }) => ({
      file,
      role,
      pointing,
      sourceName: header.source_name ?? null,
      tstartMjd: time.tstartMjd,
      tsampS: time.tsampS,
      nsamples: time.nsamples,
      fch1MHz: frequency.fch1MHz,
      foffMHz: frequency.foffMHz,
      nchans: frequency.nchans,
    })),
    hits: [...record.hits].sort(compareHits).map(roleOf),
    events: record.events.map(({ frequencyMHz, driftHzPerS, snr, level, detectorScore, hits }) => ({
      frequencyMHz,
      driftHzPerS,
      snr,
      level,
      ...(detectorScore === undefined ? {} : { detectorScore }),
      hits: hits.map(roleOf),
    })),
    rejected: [...record.rejected]
      .sort((a, b) => compareHits(a.hit, b.hit))
      .map(({ hit, rule, level, reason, offHit }) => ({
        ...roleOf(hit),
        rule,
        level,
        reason,
        offHit: offHit ? roleOf(offHit) : null,
      })),
    ...(record.detector === undefined ? {} : { detector: record.detector }),
    expectedFalseHits: record.expectedFalseHits,
    notes: record.notes,
  };
}

/** The results as JSON text, one hit, event or rejected hit a line. A number that isn't finite is null. */
export function resultsJson(record: SearchRecord): string {
  const results = searchResults(record);
  const fields = Object.entries(results).map(([name, value]) => {
    const lines = Array.isArray(value) && value.length > 0;
    const text = lines
      ? `[\n    ${value.map((item) => JSON.stringify(item)).join(",\n    ")}\n  ]`
      : JSON.stringify(value);
    return `  ${JSON.stringify(name)}: ${text}`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
}
