/**
 * A thread that looks through cadences: reads each file once, and takes its hashes and the summary of its values. Reads are
 * synchronous; that threads wait for the disk in turn keeps both busy.
 */

import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { describeReadError } from "../../formats/byte-source.node.ts";
import { type CadenceProblem, checkShape } from "../../formats/cadence-folder.node.ts";
import { checkCadenceBytes, decodeCadence, decodeCadenceHeader } from "../../formats/cadence-npy.ts";
import { grouped } from "../../signal/describe.ts";
import { FileError } from "../../signal/errors.ts";
import { createValueCounter, summariseCadence } from "./cadence-summary.ts";
import type { FileLook, ScanBatch, ScanSettings } from "./scan-messages.ts";

const counter = createValueCounter((workerData as ScanSettings).counts);
let buffer = new Uint8Array(0);
let values = new Float32Array(0);

parentPort!.on("message", ({ files, shape }: ScanBatch) => {
  parentPort!.postMessage(files.map(({ id, path }) => look(id, path, shape)));
});

function look(id: string, path: string, wanted: ScanBatch["shape"]): FileLook {
  const seen: { -readonly [Key in keyof FileLook]: FileLook[Key] } = { bytes: 0 };
  let kind: CadenceProblem["kind"] = "unreadable";
  try {
    const bytes = readWhole(path);
    seen.bytes = bytes.length;
    const { shape, dtype, dataByte } = decodeCadenceHeader(bytes, path);
    const [panels, rows, channels] = shape as [number, number, number];
    seen.descr = dtype.descr;
    seen.shape = { panels, rows, channels };
    Object.assign(seen, hashes(bytes.subarray(dataByte), panels));
    kind = "wrong-shape";
    checkShape(path, seen.shape, wanted);
    kind = "unreadable";
    const length = panels * rows * channels;
    if (values.length !== length) values = new Float32Array(length);
    const decoded = decodeCadence(bytes, path, values);
    const summary = summariseCadence(decoded);
    seen.panels = [...summary.panels];
    counter.add(values);
    if (summary.nan + summary.infinite > 0) {
      const message =
        `${path}: ${grouped(summary.nan)} values are NaN and ${grouped(summary.infinite)} infinite, ` +
        `of ${grouped(length)}. Copy it again, leave it out, or fill them.`;
      seen.problem = { kind: "not-finite", id, message };
    }
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    seen.problem = { kind, id, message: error.message };
  }
  return seen;
}

/** The file's bytes, in memory that the next file will use. */
function readWhole(path: string): Uint8Array {
  try {
    const status = statSync(path);
    if (!status.isFile())
      throw new FileError(path, "this is no file. Remove it, or put a file in its place.");
    checkCadenceBytes(path, status.size);
    if (buffer.length < status.size) buffer = new Uint8Array(status.size);
    const file = openSync(path, "r");
    try {
      let filled = 0;
      while (filled < status.size) {
        const read = readSync(file, buffer, filled, status.size - filled, filled);
        if (read === 0) break;
        filled += read;
      }
      return buffer.subarray(0, filled);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw describeReadError(path, error);
  }
}

/** SHA-256 of each panel, and of those together. */
function hashes(data: Uint8Array, panels: number): { hash: string; panelHashes: number[] } {
  const panelHashes: number[] = [];
  const whole = createHash("sha256");
  const length = data.length / panels;
  for (let panel = 0; panel < panels; panel++) {
    const digest = createHash("sha256")
      .update(data.subarray(panel * length, (panel + 1) * length))
      .digest();
    panelHashes.push(digest.readUInt32LE(0) + (digest.readUInt32LE(4) & 0xfffff) * 2 ** 32);
    whole.update(digest);
  }
  return { hash: whole.digest("hex").slice(0, 32), panelHashes };
}
