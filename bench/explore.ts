/**
 * How fast a data set is explored, and in how much memory.
 *
 *     node bench/explore.ts [FOLDER] [--cadences 60000] [--files 2000] [--threads N]
 *
 * Without a folder it makes one: so many files of noise in the competition's shape, and links to them as the rest, so that the
 * disk needs to hold, and the page cache to keep, only the files.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodeLabels } from "../src/formats/cadence-labels.ts";
import { encodeCadence } from "../src/formats/cadence-npy.ts";
import { exploreCadences } from "../src/report/explore/explore.node.ts";
import { COMPETITION_SHAPE } from "../src/signal/panels.ts";
import { randomStream, streamKey } from "../src/simulate/random.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cadences: { type: "string", default: "60000" },
    files: { type: "string", default: "2000" },
    threads: { type: "string" },
    /** Makes the folder and nothing else: in a process of its own, whose memory isn't counted. */
    make: { type: "string" },
  },
});

function makeFolder(folder: string, cadences: number, files: number): void {
  const { panels, rows, channels } = COMPETITION_SHAPE;
  const data = new Float32Array(panels * rows * channels);
  const random = randomStream(streamKey(1));
  for (let i = 0; i < data.length; i++) data[i] = random.normal();
  const bytes = encodeCadence({ data, panels, rows, channels });
  const ids: string[] = [];
  for (let i = 0; i < cadences; i++) {
    const id = ((i * 2654435761) % 2 ** 32).toString(16).padStart(15, "0").split("").reverse().join("");
    const path = (one: string) => join(folder, "train", one[0]!, `${one}.npy`);
    mkdirSync(join(folder, "train", id[0]!), { recursive: true });
    if (i < files) {
      // Each file has a number of its own, so that no two are the same.
      new DataView(bytes.buffer).setUint32(200, i);
      writeFileSync(path(id), bytes);
    } else symlinkSync(path(ids[i % files]!), path(id));
    ids.push(id);
  }
  const targets = ids.map((_, i) => Number(i % 10 === 0));
  writeFileSync(join(folder, "train_labels.csv"), encodeLabels(ids, targets));
}

if (values.make !== undefined) {
  makeFolder(values.make, Number(values.cadences), Number(values.files));
  process.exit();
}
const given = positionals[0];
const folder = given ?? mkdtempSync(join(tmpdir(), "lodestone-explore-"));
try {
  if (given === undefined) {
    const made = spawnSync(process.execPath, [...process.argv.slice(1), "--make", folder], {
      stdio: "inherit",
    });
    if (made.status !== 0) throw new Error("The folder was not made.");
  }
  const threads = values.threads === undefined ? undefined : Number(values.threads);
  const startMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const record = await exploreCadences(folder, { threads });
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const cadences = record.splits.reduce((sum, split) => sum + split.cadences, 0);
  const bytes = record.splits.reduce((sum, split) => sum + split.bytes, 0);
  const row = [
    `${cadences.toLocaleString("en-US")} cadences`,
    `${(bytes / 1e9).toFixed(1)} GB`,
    `${seconds.toFixed(1)} s`,
    `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`,
    `${((cpu.user + cpu.system) / 1000 / cadences).toFixed(2)} ms of processor time a cadence`,
    `peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
  ];
  console.log(row.join("; "));
} finally {
  if (given === undefined) rmSync(folder, { recursive: true });
}
