/** The tables of a search, written into a folder: a .dat a scan, and all hits as CSV, Parquet and JSON. */

import { readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { datMeta, encodeDat } from "../formats/dat.ts";
import { encodeHitCsv } from "../formats/hit-csv.ts";
import { resultsJson } from "../formats/hit-json.ts";
import { encodeHitParquet } from "../formats/hit-parquet.ts";
import { makeFolder } from "../formats/make-folder.node.ts";
import { coarseChannels } from "../signal/coarse-channels.ts";
import { FileError } from "../signal/errors.ts";
import type { SearchRecord } from "../signal/search-record.ts";
import { writeFileAtomically } from "../signal/write-file.node.ts";

export interface WrittenTable {
  readonly name: string;
  readonly what: string;
}

interface Table extends WrittenTable {
  readonly content: string | Uint8Array;
}

/**
 * Makes the folder for the tables of a search of these files, before it runs. Throws a FileError where a .dat lies in it that another
 * program wrote under the name of one of its own: hits found elsewhere aren't overwritten.
 */
export async function prepareTableFolder(folder: string, files: readonly string[]): Promise<void> {
  await makeFolder(folder);
  for (const name of datNames(files)) {
    const path = join(folder, name);
    const start = await readFile(path, "utf8").catch(() => undefined);
    if (start !== undefined && !start.includes('"program":{"name":"lodestone"')) {
      throw new FileError(
        path,
        "it is there and another program wrote it; this search would replace it. Give --out another folder.",
      );
    }
  }
}

/** Writes the tables and tells which. The folder is made if need be; files of these names are replaced. */
export async function writeHitTables(folder: string, record: SearchRecord): Promise<WrittenTable[]> {
  await makeFolder(folder);
  const tables: Table[] = [
    {
      name: "results.json",
      what: "hits, events and rejected hits with reasons",
      content: resultsJson(record),
    },
    { name: "hits.csv", what: "all hits, for a spreadsheet", content: encodeHitCsv(record) },
    { name: "hits.parquet", what: "all hits, for programs", content: encodeHitParquet(record) },
    ...datTables(record),
  ];
  for (const { name, content } of tables) {
    await writeFileAtomically(join(folder, name), (write) => write(content));
  }
  return tables.map(({ name, what }) => ({ name, what }));
}

function datTables(record: SearchRecord): Table[] {
  const maxDriftHzPerS = Number(record.parameters.maxDriftHzPerS);
  const asked = record.parameters.channelsPerCoarse;
  const names = datNames(record.scans.map(({ file }) => file));
  let firstNumber = 1;
  return record.scans.map((scan, i) => {
    const { known, channelsPerCoarse } = coarseChannels(scan.frequency, {
      channelsPerCoarse: typeof asked === "number" ? asked : undefined,
    });
    const meta = datMeta(scan, record, {
      maxDriftHzPerS,
      channelsPerCoarse: known ? channelsPerCoarse : undefined,
    });
    const hits = record.hits.filter((hit) => hit.scan === i);
    const content = encodeDat(hits, { ...meta, firstNumber });
    firstNumber += hits.length;
    return { name: names[i]!, what: `hits of scan ${i + 1} as turboSETI writes them`, content };
  });
}

/** A name a scan, from its file's; no two the same. */
function datNames(files: readonly string[]): string[] {
  const names: string[] = [];
  for (const file of files) {
    const stem = basename(file, extname(file)).replace(/[^\w.+-]+/g, "_");
    let name = `${stem}.dat`;
    for (let i = 2; names.includes(name); i++) name = `${stem}-${i}.dat`;
    names.push(name);
  }
  return names;
}
