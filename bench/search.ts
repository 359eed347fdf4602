/**
 * The drift search of coarse channels as Green Bank's fine product has them: 16 x 1,048,576 float32 in a .fil file, +-4 Hz/s,
 * from the file (in the page cache) to the hits. Prints milliseconds a coarse channel, that time over the time to copy the
 * same bytes in memory, the process's peak memory, and how much faster all threads are than one.
 *
 *   node bench/search.ts [--json] [--threads N] [--runs N] [--coarse N] [--max-drift HZ_PER_S] [--snr N]
 */

import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openSpectrograms } from "../src/formats/open.node.ts";
import { writeSigproc } from "../src/formats/sigproc-write.node.ts";
import { DEFAULT_MAX_DRIFT_HZ_PER_S, DEFAULT_SNR, searchDrift } from "../src/search/drift-search.ts";
import type { SegmentPool } from "../src/search/segment-pool.ts";
import { threadPool } from "../src/search/thread-pool.node.ts";
import type { SpectrogramSource } from "../src/signal/spectrogram.ts";
import { type ObservationSpec, simulateObservation } from "../src/simulate/observation.ts";

const ROWS = 16;
const CHANNELS = 2 ** 20;

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    threads: { type: "string", default: String(availableParallelism()) },
    runs: { type: "string", default: "7" },
    coarse: { type: "string", default: "1" },
    "max-drift": { type: "string", default: String(DEFAULT_MAX_DRIFT_HZ_PER_S) },
    snr: { type: "string", default: String(DEFAULT_SNR) },
  },
});
const threads = Number(options.threads);
const runs = Number(options.runs);
const coarse = Number(options.coarse);
let copyFrom: Float32Array | undefined;
let copyTo: Float32Array | undefined;

const folder = await mkdtemp(join(tmpdir(), "lodestone-bench-"));
try {
  const file = join(folder, "noise.fil");
  await writeSigproc(file, noiseScan(coarse));
  const [source] = await openSpectrograms(file);
  const result = await measure(source!);
  await source!.close();
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(describe(result));
} finally {
  await rm(folder, { recursive: true });
}

function noiseScan(coarseChannels: number): SpectrogramSource {
  const spec: ObservationSpec = {
    pattern: "A",
    rowsPerScan: ROWS,
    gapS: 0,
    frequency: { fch1MHz: 8421.386, foffMHz: -2.7939677238464355e-6, nchans: coarseChannels * CHANNELS },
    tsampS: 18.253611008,
    tstartMjd: 60_000,
    noise: { distribution: "chi-squared", mean: 1e9 },
    emitters: [],
  };
  return simulateObservation(spec, 1).cadence.scans[0]!.source;
}

interface Result {
  readonly msPerCoarseChannel: number;
  readonly copyRatio: number;
  readonly peakBytes: number;
  readonly threads: number;
  readonly msPerCoarseChannelOneThread: number;
  readonly speedUp: number;
  readonly runs: number;
}

/** All threads and one in turn, so that both see the same machine; medians over the runs after a first one. */
async function measure(source: SpectrogramSource): Promise<Result> {
  const many = await threadPool(threads);
  await timeSearch(source, many);
  await timeSearch(source, many);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const one = await threadPool(1);
  await timeSearch(source, one);
  const manyMs: number[] = [];
  const oneMs: number[] = [];
  const copyMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    manyMs.push((await timeSearch(source, many)) / coarse);
    oneMs.push((await timeSearch(source, one)) / coarse);
    copyMs.push(timeCopy());
  }
  await many.close();
  await one.close();
  return {
    msPerCoarseChannel: median(manyMs),
    copyRatio: median(manyMs.map((ms, i) => ms / copyMs[i]!)),
    peakBytes,
    threads,
    msPerCoarseChannelOneThread: median(oneMs),
    speedUp: median(oneMs.map((ms, i) => ms / manyMs[i]!)),
    runs,
  };
}

async function timeSearch(source: SpectrogramSource, pool: SegmentPool): Promise<number> {
  const start = performance.now();
  await searchDrift(source, pool, {
    maxDriftHzPerS: Number(options["max-drift"]),
    snr: Number(options.snr),
  });
  return performance.now() - start;
}

function timeCopy(): number {
  copyFrom ??= new Float32Array(ROWS * CHANNELS).fill(1);
  copyTo ??= new Float32Array(ROWS * CHANNELS);
  copyTo.set(copyFrom);
  const start = performance.now();
  copyTo.set(copyFrom);
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function describe(result: Result): string {
  const { msPerCoarseChannel, copyRatio, peakBytes, msPerCoarseChannelOneThread, speedUp } = result;
  return [
    `${cpus()[0]!.model.trim()}, ${availableParallelism()} processors, Node ${process.versions.node}`,
    `${msPerCoarseChannel.toFixed(0)} ms a coarse channel of ${ROWS} x ${CHANNELS.toLocaleString("en-US")} to +-${options["max-drift"]} Hz/s, ${threads} threads (median of ${runs})`,
    `${copyRatio.toFixed(1)} times as long as copying its ${(ROWS * CHANNELS * 4) / 2 ** 20} MiB in memory`,
    `${msPerCoarseChannelOneThread.toFixed(0)} ms on one thread: ${speedUp.toFixed(2)} times faster on ${threads}`,
    `${(peakBytes / 2 ** 20).toFixed(0)} MiB of memory at the peak`,
    "",
  ].join("\n");
}
