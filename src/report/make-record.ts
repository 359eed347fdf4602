/** A search's record out of its parts. */

import type { Cadence } from "../signal/cadence.ts";
import type { ProgramVersion, SearchParameters, SearchRecord } from "../signal/search-record.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";

export function makeSearchRecord(
  cadence: Cadence<SpectrogramSource>,
  { hits, events, rejected, notes }: Pick<SearchRecord, "hits" | "events" | "rejected" | "notes">,
  parameters: SearchParameters,
  program: ProgramVersion,
): SearchRecord {
  const scans = cadence.scans.map(({ role, pointing, source }) => {
    const { name, time, frequency, header } = source;
    return { file: name, role, pointing, time, frequency, header };
  });
  return { program, parameters, scans, hits, events, rejected, notes };
}
