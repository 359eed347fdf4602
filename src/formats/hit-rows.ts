/** Hit tables' rows and columns, shared by CSV and Parquet. docs/hit-tables.md tells what each column means. */

import type { ScanRole } from "../signal/cadence.ts";
import { FileError } from "../signal/errors.ts";
import type { EventLevel, Hit, RejectedHit } from "../signal/hit.ts";
import type { ProgramVersion, SearchParameters, SearchRecord } from "../signal/search-record.ts";

/** A hit with what the search made of it. */
export interface HitRow extends Hit {
  readonly role: ScanRole;
  /** Rank of the event that it belongs to, from 1. Null for hits of OFF scans and rejected ones. */
  readonly event: number | null;
  /** The event's level, or the highest that a rejected hit passed. Null for hits of OFF scans. */
  readonly level: EventLevel | 0 | null;
  /** Why it was rejected. */
  readonly rule: RejectedHit["rule"] | null;
}

/** A table that was read back. */
export interface HitTable {
  readonly program: ProgramVersion;
  readonly parameters: SearchParameters;
  readonly rows: HitRow[];
}

interface Column {
  readonly name: keyof HitRow;
  readonly kind: "text" | "whole" | "real";
  readonly optional: boolean;
}

export const HIT_COLUMNS: readonly Column[] = [
  { name: "file", kind: "text", optional: false },
  { name: "scan", kind: "whole", optional: false },
  { name: "role", kind: "text", optional: false },
  { name: "frequencyMHz", kind: "real", optional: false },
  { name: "midFrequencyMHz", kind: "real", optional: false },
  { name: "driftHzPerS", kind: "real", optional: false },
  { name: "driftUncertaintyHzPerS", kind: "real", optional: true },
  { name: "snr", kind: "real", optional: false },
  { name: "widthHz", kind: "real", optional: false },
  { name: "bandwidthHz", kind: "real", optional: false },
  { name: "coarseChannel", kind: "whole", optional: false },
  { name: "channel", kind: "whole", optional: false },
  { name: "event", kind: "whole", optional: true },
  { name: "level", kind: "whole", optional: true },
  { name: "rule", kind: "text", optional: true },
];

/** By scan, then by frequency: the same search writes the same file. */
export function compareHits(a: Hit, b: Hit): number {
  return (
    a.scan - b.scan ||
    a.frequencyMHz - b.frequencyMHz ||
    a.driftHzPerS - b.driftHzPerS ||
    a.channel - b.channel ||
    b.snr - a.snr
  );
}

/** Every hit of a record with its scan's role and what became of it, in the order of `compareHits`. */
export function hitRows(record: Pick<SearchRecord, "scans" | "hits" | "events" | "rejected">): HitRow[] {
  const fates = new Map<Hit, Pick<HitRow, "event" | "level" | "rule">>();
  record.events.forEach(({ hits, level }, i) => {
    for (const hit of hits) fates.set(hit, { event: i + 1, level, rule: null });
  });
  for (const { hit, level, rule } of record.rejected) fates.set(hit, { event: null, level, rule });
  const none = { event: null, level: null, rule: null };
  return record.hits
    .map((hit) => ({ ...plainHit(hit), role: record.scans[hit.scan]!.role, ...(fates.get(hit) ?? none) }))
    .sort(compareHits);
}

/** A hit's own fields, in a fixed order, whatever else the object carries. */
export function plainHit(hit: Hit): Hit {
  return {
    file: hit.file,
    scan: hit.scan,
    frequencyMHz: hit.frequencyMHz,
    midFrequencyMHz: hit.midFrequencyMHz,
    driftHzPerS: hit.driftHzPerS,
    driftUncertaintyHzPerS: hit.driftUncertaintyHzPerS,
    snr: hit.snr,
    widthHz: hit.widthHz,
    bandwidthHz: hit.bandwidthHz,
    coarseChannel: hit.coarseChannel,
    channel: hit.channel,
  };
}

/** A row from cells by column name; a missing uncertainty reads as NaN. Throws a FileError that names the cell. */
export function checkRow(file: string, where: string, cells: Readonly<Record<string, unknown>>): HitRow {
  const row: Record<string, unknown> = {};
  for (const { name, kind, optional } of HIT_COLUMNS) {
    const cell = cells[name];
    if (cell === null || cell === undefined) {
      if (!optional) throw new FileError(file, `${where}: ${name} is empty. It must have a value.`);
      row[name] = kind === "real" ? Number.NaN : null;
      continue;
    }
    const right =
      kind === "text"
        ? typeof cell === "string"
        : kind === "whole"
          ? Number.isInteger(cell)
          : Number.isFinite(cell);
    if (!right) {
      const wanted = { text: "text", whole: "a whole number", real: "a number" }[kind];
      throw new FileError(file, `${where}: ${name} is "${String(cell)}". It must be ${wanted}.`);
    }
    row[name] = cell;
  }
  if (row.role !== "ON" && row.role !== "OFF") {
    throw new FileError(file, `${where}: role is "${String(row.role)}". It must be ON or OFF.`);
  }
  return row as unknown as HitRow;
}
