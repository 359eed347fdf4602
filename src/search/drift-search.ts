/**
 * The drift search of one scan: every straight line with |drift| up to a limit, zero included. The band is read in tiles of 16 MiB, the next
 * while one is searched, and each tile is cut into segments for the pool's threads. Segments look past their ends by a halo that
 * holds whatever can touch their own lines, so that where the band is cut makes no difference.
 */

import { type CoarseChannels, coarseChannels } from "../signal/coarse-channels.ts";
import { UsageError } from "../signal/errors.ts";
import type { Hit } from "../signal/hit.ts";
import { type ResolvedRange, resolveRange } from "../signal/range.ts";
import { channelFrequencyMHz, type SpectrogramSource } from "../signal/spectrogram.ts";
import { makeBank } from "./bank.ts";
import { expectedFalseHits } from "./false-hits.ts";
import type { SegmentLine } from "./segment.ts";
import type { SegmentAnswer, SegmentJob, SegmentPlan, Tile } from "./segment-job.ts";
import type { SegmentPool } from "./segment-pool.ts";
import { workspaceBytes } from "./workspace.ts";

export interface DriftSearchOptions {
  /** Largest |drift|, Hz/s. Default 4. */
  readonly maxDriftHzPerS?: number;
  /** Least S/N of a hit. Default 10. */
  readonly snr?: number;
  /** Channels to search, half-open. Default all. */
  readonly channelStart?: number;
  readonly channelStop?: number;
  /** IF (polarisation) to search. Default 0. */
  readonly ifIndex?: number;
  /** Fine channels in a coarse channel, where the file's axis doesn't tell. */
  readonly channelsPerCoarse?: number;
  /**
   * Bytes of pixels in a tile: a band that doesn't fit is searched in several, two of which are held at a time. Default 16 MiB. A tile
   * is no shorter than the drift limit needs.
   */
  readonly memoryBytes?: number;
  /** The scan's index in its cadence, written into each hit. Default 0. */
  readonly scan?: number;
  /** Called now and then with the share of the band that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export interface DriftSearchResult {
  /** By frequency at the middle of the scan. */
  readonly hits: Hit[];
  /** Hits that noise alone would make; see false-hits.ts. */
  readonly expectedFalseHits: number;
  /** What a person should know: parts of the band too crowded to be searched to the end. */
  readonly notes: string[];
}

export const DEFAULT_MAX_DRIFT_HZ_PER_S = 4;
export const DEFAULT_SNR = 10;

const DEFAULT_MEMORY_BYTES = 16 * 1024 * 1024;

const SEGMENT_PIXELS = 512 * 1024;
/** A segment's least length, for its noise to be measured in; shorter where rows are so many that it would hold more pixels than this. */
const LEAST_SEGMENT = 8192;
const LEAST_SEGMENT_PIXELS = 32 * 1024 * 1024;
/** What a WASM memory holds, less what the allocator rounds up. */
const MOST_SEGMENT_BYTES = 4e9;
const MAX_LINES = 4000;

/** Searches one scan. Throws a UsageError for limits that make no sense for its axes. */
export async function searchDrift(
  source: SpectrogramSource,
  pool: SegmentPool,
  options: DriftSearchOptions = {},
): Promise<DriftSearchResult> {
  const range = resolveRange(source, options);
  const plan = planSearch(source, range, options);
  const { rows, halo, bandStart, bandStop } = plan;
  const coarse = coarseChannels(source.frequency, { channelsPerCoarse: options.channelsPerCoarse });
  const dcChannels = Array.from({ length: coarse.count }, (_, i) => coarse.dcChannelOf(i)).filter(
    (c) => c !== undefined,
  );

  const tileChannels = chooseTile(plan, source.blockChannels ?? 1, options);
  const single = tileChannels >= bandStop - bandStart;
  const readTile = async (start: number, data: Float32Array) => {
    const stop = Math.min(bandStop, start + tileChannels);
    const view = data.subarray(0, rows * (stop - start));
    await source.read({ channelStart: start, channelStop: stop, ifIndex: range.ifIndex }, view);
    return view;
  };

  const buffers = Array.from({ length: single ? 1 : 2 }, () => pool.allocate(rows * tileChannels));
  const keptChannels = single ? 0 : 2 * halo;
  const nothing = pool.allocate(0);
  let doneChannels = 0;
  let reading = readTile(bandStart, buffers[0]!);
  let before: Tile | undefined;
  const searches: { jobs: SegmentJob[]; answers: Promise<SegmentAnswer[]> }[] = [];
  for (let start = bandStart, t = 0; start < bandStop; start += tileChannels, t++) {
    const stop = Math.min(bandStop, start + tileChannels);
    const last = stop === bandStop;
    const tile: Tile = {
      data: await reading,
      firstChannel: start,
      channels: stop - start,
      before: before ? keepEnd(before, rows, keptChannels, pool) : nothing,
      beforeChannels: before ? keptChannels : 0,
    };
    const jobs = cutSegments(before ? start - halo : start, last ? stop : stop - halo, plan, dcChannels);
    let done = 0;
    const answers = pool.search(plan, tile, jobs, () => {
      const { ownStart, ownStop } = jobs[done++]!;
      doneChannels += ownStop - ownStart;
      options.onProgress?.(doneChannels / (bandStop - bandStart));
    });
    answers.catch(() => {});
    await searches.at(-1)?.answers;
    searches.push({ jobs, answers });
    if (last) break;
    // The tile before has been searched, so its memory is free for the next.
    reading = readTile(stop, buffers[(t + 1) % 2]!);
    reading.catch(() => {});
    before = tile;
  }

  const lines: SegmentLine[] = [];
  const notes: string[] = [];
  let expectedFalse = 0;
  for (const { jobs, answers } of searches) {
    for (const [i, answer] of (await answers).entries()) {
      const { ownStart, ownStop } = jobs[i]!;
      const paths = { rows, maxSpan: plan.maxSpan, channels: ownStop - ownStart, pixelDof: answer.pixelDof };
      expectedFalse += expectedFalseHits(paths, plan.snr);
      lines.push(...answer.lines);
      if (answer.crowded) notes.push(crowdedNote(source, jobs[i]!));
    }
  }
  for (const buffer of buffers) pool.release(buffer);
  return {
    hits: toHits(source, mergeShared(lines, rows), plan, coarse, options.scan ?? 0),
    expectedFalseHits: expectedFalse,
    notes,
  };
}

function planSearch(
  source: SpectrogramSource,
  range: ResolvedRange,
  options: DriftSearchOptions,
): SegmentPlan {
  const { time, frequency } = source;
  const { channelStart: bandStart, channelStop: bandStop } = range;
  const channels = bandStop - bandStart;
  const maxDrift = options.maxDriftHzPerS ?? DEFAULT_MAX_DRIFT_HZ_PER_S;
  const snr = options.snr ?? DEFAULT_SNR;
  if (!(maxDrift >= 0 && Number.isFinite(maxDrift))) {
    throw new UsageError(`The drift limit is ${maxDrift} Hz/s; give a number of 0 or more.`);
  }
  if (!(snr >= 3 && Number.isFinite(snr))) {
    throw new UsageError(
      `The least S/N is ${snr}; give a number of 3 or more: below that, noise alone fills the list.`,
    );
  }
  const rows = time.nsamples;
  const hzPerChannel = Math.abs(frequency.foffMHz * 1e6);
  // A path that crosses more than two bands has under half of its rows in this one, and no such line is a hit.
  const maxSpan = Math.min((maxDrift * (rows - 1) * time.tsampS) / hzPerChannel, 2 * channels);
  const bank = makeBank(rows, maxSpan, channels);
  const halo = Math.ceil(1.5 * maxSpan + 2 * bank.levels.at(-1)!.width + 64);
  const ownChannels = Math.min(
    channels,
    Math.max(
      Math.min(LEAST_SEGMENT, Math.floor(LEAST_SEGMENT_PIXELS / rows)),
      2 * halo,
      Math.floor(SEGMENT_PIXELS / rows),
    ),
  );
  const bytes = workspaceBytes(bank, ownChannels + 2 * halo);
  if (bytes > MOST_SEGMENT_BYTES) {
    throw new UsageError(
      `${source.name}: ${rows} rows searched to ${maxDrift} Hz/s need ${(bytes / 1e9).toFixed(1)} GB for the shortest piece of the band; ` +
        `a thread holds ${MOST_SEGMENT_BYTES / 1e9}. Lower the drift limit, or add rows together first.`,
    );
  }
  return { rows, maxSpan, ownChannels, halo, bandStart, bandStop, snr, maxLines: MAX_LINES };
}

/** Channels of a tile: a whole number of the blocks that the source stores, one at least. */
function chooseTile(
  plan: SegmentPlan,
  blockChannels: number,
  { memoryBytes = DEFAULT_MEMORY_BYTES }: DriftSearchOptions,
): number {
  if (!(memoryBytes > 0)) {
    throw new UsageError(`The memory for a tile is ${memoryBytes} bytes; give a number above 0.`);
  }
  const most = Math.max(4 * plan.halo, Math.floor(memoryBytes / 4 / plan.rows));
  const blocks = Math.max(1, Math.floor(most / blockChannels));
  return Math.min(plan.bandStop - plan.bandStart, Math.max(4 * plan.halo, blocks * blockChannels));
}

function cutSegments(
  start: number,
  stop: number,
  plan: SegmentPlan,
  dcChannels: readonly number[],
): SegmentJob[] {
  const count = Math.max(1, Math.ceil((stop - start) / plan.ownChannels));
  return Array.from({ length: count }, (_, i) => {
    const ownStart = start + Math.floor((i * (stop - start)) / count);
    const ownStop = start + Math.floor(((i + 1) * (stop - start)) / count);
    return {
      ownStart,
      ownStop,
      blanked: dcChannels.filter(
        (channel) => channel >= ownStart - plan.halo && channel < ownStop + plan.halo,
      ),
    };
  });
}

/** The last channels of a tile, for the segments of the next. */
function keepEnd(tile: Tile, rows: number, kept: number, pool: SegmentPool): Float32Array {
  const end = pool.allocate(rows * kept);
  for (let row = 0; row < rows; row++) {
    const stop = (row + 1) * tile.channels;
    end.set(tile.data.subarray(stop - kept, stop), row * kept);
  }
  return end;
}

/** One of each line that two neighbouring segments both gave. */
function mergeShared(lines: SegmentLine[], rows: number): SegmentLine[] {
  const kept: SegmentLine[] = [];
  for (const line of lines.toSorted((a, b) => a.position - b.position || b.snr - a.snr)) {
    const twin = kept.findLastIndex(
      (other) =>
        Math.abs(other.position - line.position) <= Math.max(1, line.width / 2) &&
        Math.abs(other.slope - line.slope) * (rows - 1) <= 2 * Math.max(1, line.width),
    );
    if (twin < 0 || line.position - kept[twin]!.position > 4) kept.push(line);
    else if (line.snr > kept[twin]!.snr) kept[twin] = line;
  }
  return kept;
}

function toHits(
  source: SpectrogramSource,
  lines: readonly SegmentLine[],
  plan: SegmentPlan,
  coarse: CoarseChannels,
  scan: number,
): Hit[] {
  const { frequency, time } = source;
  const hzPerChannel = frequency.foffMHz * 1e6;
  const maxSlope = plan.maxSpan / Math.max(1, plan.rows - 1);
  const slopeStep = 1 / Math.max(1, plan.rows - 1);
  const middle = (plan.rows - 1) / 2;
  return lines.flatMap((line) => {
    const first = line.position - line.slope * middle;
    const channel = Math.round(first);
    if (channel < plan.bandStart || channel >= plan.bandStop || Math.abs(line.slope) > maxSlope + slopeStep)
      return [];
    return [
      {
        file: source.name,
        scan,
        frequencyMHz: channelFrequencyMHz(frequency, first),
        midFrequencyMHz: channelFrequencyMHz(frequency, line.position),
        driftHzPerS: (line.slope * hzPerChannel) / time.tsampS + 0,
        driftUncertaintyHzPerS: (line.slopeUncertainty * Math.abs(hzPerChannel)) / time.tsampS,
        snr: line.snr,
        widthHz: line.width * Math.abs(hzPerChannel),
        bandwidthHz: line.bandwidth * Math.abs(hzPerChannel),
        coarseChannel: Math.floor(channel / coarse.channelsPerCoarse),
        channel,
      },
    ];
  });
}

function crowdedNote(source: SpectrogramSource, job: SegmentJob): string {
  const edges = [job.ownStart, job.ownStop].map((channel) => channelFrequencyMHz(source.frequency, channel));
  return (
    `${source.name}: ${Math.min(...edges).toFixed(6)} to ${Math.max(...edges).toFixed(6)} MHz holds more than ${MAX_LINES} lines; ` +
    "the strongest were kept. Raise --snr to search it to the end."
  );
}
