/** The folder of a data set's report: the page, which holds its pictures, the pictures as files, the record, the problems. */

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { readCadence } from "../../formats/cadence-folder.node.ts";
import { encodeCsv } from "../../formats/csv.ts";
import { makeFolder } from "../../formats/make-folder.node.ts";
import { encodePng } from "../../pictures/png.node.ts";
import { writeFileAtomically } from "../../signal/write-file.node.ts";
import { dataPage } from "./data-page.ts";
import type { DataRecord, Sample } from "./data-record.ts";
import { samplePictures } from "./sample-pictures.ts";

export interface DataReportOptions {
  readonly signal?: AbortSignal;
  /** Called with the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

const PICTURE = /^(train|test|cadences)-(positive|between|negative|unlabelled)-\d+(-flat)?\.png$/;

/**
 * Writes `report.html`, `report.json`, `problems.csv` and two PNGs a sample into a folder, made if need be, and gives their names, the page first.
 * Pictures of an earlier report there are removed. Throws a FileError where something can't be read or written.
 */
export async function writeDataReport(
  folder: string,
  record: DataRecord,
  options: DataReportOptions = {},
): Promise<string[]> {
  const { signal, onProgress } = options;
  await makeFolder(folder);
  const write = (name: string, content: string | Uint8Array) =>
    writeFileAtomically(join(folder, name), (chunk) => chunk(content), { signal });
  const pictures = new Map<Sample, { plain: string; flat: string }>();
  const names: string[] = [];
  const samples = record.splits.flatMap(({ split, samples: own }) =>
    own.map((sample) => {
      const number = own.filter(({ label }) => label === sample.label).indexOf(sample) + 1;
      return { sample, stem: `${split}-${sample.label}-${number}` };
    }),
  );
  for (const [i, { sample, stem }] of samples.entries()) {
    signal?.throwIfAborted();
    const views = samplePictures(await readCadence(sample.path), sample);
    const [plain, flat] = [await encodePng(views.plain), await encodePng(views.flat)];
    await write(`${stem}.png`, plain);
    await write(`${stem}-flat.png`, flat);
    names.push(`${stem}.png`, `${stem}-flat.png`);
    pictures.set(sample, { plain: await dataAddress(plain), flat: await dataAddress(flat) });
    onProgress?.((i + 1) / samples.length);
  }
  const problems = record.splits.flatMap(({ split, problems: own }) =>
    own.map(({ kind, id, message }) => [split, kind, id, message]),
  );
  await write("problems.csv", encodeCsv(["split", "kind", "id", "message"], problems));
  await write("report.json", `${JSON.stringify(record, null, 2)}\n`);
  await write("report.html", dataPage({ record, pictures }));
  for (const name of await readdir(folder)) {
    if (PICTURE.test(name) && !names.includes(name)) await rm(join(folder, name));
  }
  return ["report.html", "report.json", "problems.csv", ...names];
}

/** WebP without loss, which takes some 6 in 10 of the PNG's bytes. */
async function dataAddress(png: Uint8Array): Promise<string> {
  const webp = await sharp(png).webp({ lossless: true }).toBuffer();
  return `data:image/webp;base64,${webp.toString("base64")}`;
}
