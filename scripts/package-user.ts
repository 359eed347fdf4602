/** A program that uses the installed package, compiled against its types and run by try-package.ts. */

import {
  exampleObservation,
  type Hit,
  makeCadence,
  openSpectrograms,
  type SpectrogramSource,
  searchCadence,
  threadPool,
  UsageError,
  writeSpectrogram,
} from "lodestone";
import { makeCadence as sameInBrowser } from "lodestone/browser";

if (sameInBrowser !== makeCadence) throw new Error("the two entries hold two copies of one function");
try {
  makeCadence("AB", ["one.fil"]);
  throw new Error("a cadence of two took one scan");
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
}

const { cadence, truth } = exampleObservation(1, 32_768);
const sources: SpectrogramSource[] = [];
for (const [i, scan] of cadence.scans.entries()) {
  const file = `scan${i}${i % 2 === 0 ? ".h5" : ".fil"}`;
  await writeSpectrogram(file, scan.source);
  sources.push(...(await openSpectrograms(file)));
}
const pool = await threadPool();
const { hits, events } = await searchCadence(makeCadence(cadence.pattern, sources), pool);
await pool.close();
await Promise.all(sources.map((source) => source.close()));

const strongest: Hit | undefined = [...hits].sort((a, b) => b.snr - a.snr)[0];
const needles = truth.filter(({ kind }) => kind === "needle").length;
if (strongest === undefined || events.length === 0) throw new Error("the search found nothing");
console.log(
  `The import and the types work: ${hits.length} hits, ${events.length} events of ${needles} needles.`,
);
