/** A report's folder: `report.html` and its pictures beside it. */

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../formats/make-folder.node.ts";
import type { Picture } from "../pictures/picture.ts";
import { encodePng } from "../pictures/png.node.ts";
import type { Cadence } from "../signal/cadence.ts";
import type { SearchRecord } from "../signal/search-record.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";
import { bandPicture, candidatePicture, eventPicture } from "./event-pictures.ts";
import { type SearchPageContent, searchPage } from "./search-page.ts";

export interface SearchReportOptions extends Pick<SearchPageContent, "truth" | "files"> {
  /** Events that get a picture, from the best down, and as many of a detector's candidates. Default 20. */
  readonly mostPictures?: number;
  /** Called with the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** Values of all scans together up to which a picture of the whole band is made: it reads all of them once more. */
const MOST_BAND_VALUES = 2 ** 28;
const NUMBERED_PICTURE = /^(event|candidate)-\d+\.png$/;

/**
 * Writes the report of a search into a folder, made if need be, and gives the path of its page. Event pictures of an earlier
 * report there are removed. `cadence` has the record's scans, still open. Throws a FileError
 * where something can't be written.
 */
export async function writeSearchReport(
  folder: string,
  record: SearchRecord,
  cadence: Cadence<SpectrogramSource>,
  options: SearchReportOptions = {},
): Promise<string> {
  const { mostPictures = 20, onProgress, truth, files } = options;
  await makeFolder(folder);
  const pictured = record.events.slice(0, mostPictures);
  const candidates = record.detector?.candidates.slice(0, mostPictures) ?? [];
  const values = cadence.scans.reduce(
    (sum, { source: { time, frequency } }) => sum + time.nsamples * frequency.nchans,
    0,
  );
  const withBand = cadence.scans.length > 0 && values <= MOST_BAND_VALUES;
  const steps = pictured.length + candidates.length + (withBand ? 1 : 0);
  const eventPictures: string[] = [];
  for (const [i, event] of pictured.entries()) {
    const name = `event-${i + 1}.png`;
    await writePicture(join(folder, name), await eventPicture(cadence, record, event, i + 1));
    eventPictures.push(name);
    onProgress?.((i + 1) / steps);
  }
  const candidatePictures: string[] = [];
  for (const [i, candidate] of candidates.entries()) {
    const name = `candidate-${i + 1}.png`;
    await writePicture(join(folder, name), await candidatePicture(cadence, candidate, i + 1));
    candidatePictures.push(name);
    onProgress?.((pictured.length + i + 1) / steps);
  }
  if (withBand) await writePicture(join(folder, BAND_PICTURE), await bandPicture(cadence, record));
  const band = withBand ? BAND_PICTURE : undefined;
  const content = { record, eventPictures, candidatePictures, truth, files, bandPicture: band };
  const page = join(folder, "report.html");
  await writeFileAtomically(page, (write) => write(searchPage(content)));
  const kept = new Set([...eventPictures, ...candidatePictures]);
  for (const name of await readdir(folder)) {
    if (NUMBERED_PICTURE.test(name) && !kept.has(name)) await rm(join(folder, name));
  }
  onProgress?.(1);
  return page;
}

const BAND_PICTURE = "band.png";

async function writePicture(path: string, picture: Picture): Promise<void> {
  const png = await encodePng(picture);
  await writeFileAtomically(path, (write) => write(png));
}
