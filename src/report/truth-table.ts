/** What was put into an observation, as a table: the columns of a data set's truth.csv (formats/truth-csv.ts) and some of its own. */

import { type CsvValue, encodeCsv } from "../formats/csv.ts";
import type { Truth } from "../simulate/observation.ts";

const COLUMNS = [
  "id",
  "label",
  "kind",
  "name",
  "shape",
  "profile",
  "time",
  "snr",
  "snrDb",
  "frequencyMHz",
  "driftHzPerS",
  "scans",
  "snrByScan",
  "path",
] as const;

/** One row a signal; `id` stands for the observation. S/N are by matched filter, of what lies in the scans and in the band. */
export function encodeObservationTruth(id: string, truth: readonly Truth[]): string {
  const label = truth.some(({ kind }) => kind === "needle") ? 1 : 0;
  const rows = truth.map(({ kind, label: name, frequencyMHz, driftHzPerS, snrByScan, signal }) => {
    const snr = Math.hypot(...snrByScan);
    const row: Record<(typeof COLUMNS)[number], CsvValue> = {
      id,
      label,
      kind,
      name,
      shape: signal.path.shape,
      profile: signal.profile.shape,
      time: signal.timeProfile.shape,
      snr,
      snrDb: 20 * Math.log10(Math.max(snr, 1e-12)),
      frequencyMHz,
      driftHzPerS,
      scans: snrByScan.map((one) => (one > 0 ? 1 : 0)).join(" "),
      snrByScan: snrByScan.map((one) => Number(one.toPrecision(6))).join(" "),
      path: JSON.stringify(signal),
    };
    return COLUMNS.map((column) => row[column]);
  });
  return encodeCsv(COLUMNS, rows);
}
