/**
 * The search of an observation: drift search of every scan, then the event filter, then a closer look into the OFF scans. A line
 * that stands just above the limit in ON and just below it in OFF would pass for an event; so where the first filter
 * finds an event, the OFF scans are searched again about its path, deeper. What is found there rejects it like any OFF hit.
 */

import type { Cadence } from "../signal/cadence.ts";
import { UsageError } from "../signal/errors.ts";
import type { CadenceEvent, Hit, RejectedHit } from "../signal/hit.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import {
  DEFAULT_MAX_DRIFT_HZ_PER_S,
  DEFAULT_SNR,
  type DriftSearchOptions,
  type DriftSearchResult,
  searchDrift,
} from "./drift-search.ts";
import { type CadenceEvents, findEvents, type ScanHits } from "./events.ts";
import { makeLine, scanClocks, searchHalfWidthHz } from "./events-path.ts";
import type { SegmentPool } from "./segment-pool.ts";

export interface CadenceSearchOptions extends Omit<DriftSearchOptions, "scan" | "onProgress"> {
  /** Least S/N in an OFF scan that rejects an event. Default six tenths of `snr`, 5.5 at least. */
  readonly offSnr?: number;
  /** Least |drift| of an event, Hz/s. Default: what a scan can tell from zero. */
  readonly minDriftHzPerS?: number;
  /** Keeps events whose drift can't be told from zero. Default false. */
  readonly keepZeroDrift?: boolean;
  /** Called now and then with the scan that is worked on and the share of all scans that is done. */
  readonly onProgress?: (share: number, scan: number) => void;
}

export interface CadenceSearchResult {
  /** Every hit of every scan down to `snr`: by scan, then by frequency. */
  readonly hits: Hit[];
  readonly events: CadenceEvent[];
  readonly rejected: RejectedHit[];
  /** Hits that noise alone would make in all scans together. */
  readonly expectedFalseHits: number;
  readonly notes: string[];
}

export function defaultOffSnr(snr: number): number {
  return Math.min(snr, Math.max(5.5, 0.6 * snr));
}

/** Searches the scans of one observation, in the order of time. Throws a UsageError where their bands or channels differ. */
export async function searchCadence(
  cadence: Cadence<SpectrogramSource>,
  pool: SegmentPool,
  options: CadenceSearchOptions = {},
): Promise<CadenceSearchResult> {
  const sources = cadence.scans.map(({ source }) => source);
  checkAlike(sources);
  const notes: string[] = [];
  const scans: ScanHits[] = [];
  let expectedFalseHits = 0;
  for (const [scan, { role, source }] of cadence.scans.entries()) {
    const found = await searchScan(source, scan, sources.length, pool, options);
    notes.push(...found.notes);
    expectedFalseHits += found.expectedFalseHits;
    scans.push({ role, time: source.time, frequency: source.frequency, hits: found.hits });
  }
  const first = filterHits(scans, options);
  const deeper = await lookDeeper(scans, sources, first, pool, options);
  const last = deeper === undefined ? first : filterHits(deeper, options);
  return {
    hits: scans.flatMap(({ hits }) => hits),
    events: last.events,
    rejected: last.rejected,
    expectedFalseHits,
    notes: [...notes, ...last.notes],
  };
}

/** Searches scans that don't belong together: each hit within the limits is an event of level 1. */
export async function searchEach(
  sources: readonly SpectrogramSource[],
  pool: SegmentPool,
  options: CadenceSearchOptions = {},
): Promise<CadenceSearchResult> {
  const searched: { found: DriftSearchResult; filtered: CadenceEvents }[] = [];
  for (const [scan, source] of sources.entries()) {
    const found = await searchScan(source, scan, sources.length, pool, options);
    const { time, frequency } = source;
    searched.push({
      found,
      filtered: filterHits([{ role: "ON", time, frequency, hits: found.hits }], options),
    });
  }
  return {
    hits: searched.flatMap(({ found }) => found.hits),
    events: searched.flatMap(({ filtered }) => filtered.events).sort((a, b) => b.snr - a.snr),
    rejected: searched.flatMap(({ filtered }) => filtered.rejected),
    expectedFalseHits: searched.reduce((sum, { found }) => sum + found.expectedFalseHits, 0),
    notes: searched.flatMap(({ found, filtered }) => [...found.notes, ...filtered.notes]),
  };
}

function searchScan(
  source: SpectrogramSource,
  scan: number,
  scans: number,
  pool: SegmentPool,
  options: CadenceSearchOptions,
): Promise<DriftSearchResult> {
  return searchDrift(source, pool, {
    ...options,
    scan,
    onProgress: (share) => options.onProgress?.((scan + share) / scans, scan),
  });
}

function filterHits(scans: readonly ScanHits[], options: CadenceSearchOptions): CadenceEvents {
  return findEvents(scans, {
    minSnr: options.snr ?? DEFAULT_SNR,
    minDriftHzPerS: options.minDriftHzPerS,
    maxDriftHzPerS: options.maxDriftHzPerS ?? DEFAULT_MAX_DRIFT_HZ_PER_S,
    keepZeroDrift: options.keepZeroDrift,
  });
}

/** A relative difference of channel widths that a header's rounding explains. */
const SAME_WIDTH = 1e-6;

function checkAlike(sources: readonly SpectrogramSource[]): void {
  const [first, ...rest] = sources;
  for (const source of rest) {
    const a = first!.frequency;
    const b = source.frequency;
    if (Math.abs(Math.abs(b.foffMHz / a.foffMHz) - 1) > SAME_WIDTH) {
      throw new UsageError(
        `${source.name}: channels are ${Math.abs(b.foffMHz * 1e6)} Hz wide, but those of ${first!.name} ${Math.abs(a.foffMHz * 1e6)} Hz. ` +
          "Give scans of one cadence in one product, or search the files apart by leaving out --cadence.",
      );
    }
  }
}

/** The scans with the hits that the OFF scans have about the events' paths, down to a lower S/N. Undefined where there are no such hits. */
async function lookDeeper(
  scans: readonly ScanHits[],
  sources: readonly SpectrogramSource[],
  { events }: CadenceEvents,
  pool: SegmentPool,
  options: CadenceSearchOptions,
): Promise<ScanHits[] | undefined> {
  const snr = options.snr ?? DEFAULT_SNR;
  const offSnr = options.offSnr ?? defaultOffSnr(snr);
  if (offSnr >= snr || events.length === 0) return undefined;
  const { clocks } = scanClocks(scans);
  let found = false;
  const deeper: ScanHits[] = [];
  for (const [scan, off] of scans.entries()) {
    if (off.role === "ON") {
      deeper.push(off);
      continue;
    }
    const source = sources[scan]!;
    const windows = events.flatMap(({ hits }) =>
      hits.map((hit) => pathWindow(hit, scans, clocks, scan, options)),
    );
    const weak: Hit[] = [];
    for (const window of mergeWindows(windows, source)) {
      const { hits } = await searchDrift(source, pool, {
        ...options,
        ...window,
        snr: offSnr,
        scan,
        onProgress: undefined,
      });
      weak.push(...hits.filter((hit) => hit.snr < snr));
    }
    found ||= weak.length > 0;
    deeper.push({ ...off, hits: [...off.hits, ...weak] });
  }
  return found ? deeper : undefined;
}

interface Window {
  readonly channelStart: number;
  readonly channelStop: number;
}

/** Channels about the path, enough on either side for the noise to be measured. */
const WINDOW_MARGIN = 1024;

function pathWindow(
  hit: Hit,
  scans: readonly ScanHits[],
  clocks: ReturnType<typeof scanClocks>["clocks"],
  scan: number,
  options: CadenceSearchOptions,
): Window {
  const { frequency } = scans[scan]!;
  const dtS = clocks[scan]!.midS - clocks[hit.scan]!.midS;
  const line = makeLine(hit, hit.scan, scans[hit.scan]!, clocks[hit.scan]!);
  const channelHz = Math.abs(frequency.foffMHz * 1e6);
  const halfHz =
    searchHalfWidthHz(line, dtS, channelHz, hit.driftUncertaintyHzPerS) +
    0.5 * (options.maxDriftHzPerS ?? DEFAULT_MAX_DRIFT_HZ_PER_S) * clocks[scan]!.spanS;
  const middle =
    (hit.midFrequencyMHz + (hit.driftHzPerS * dtS) / 1e6 - frequency.fch1MHz) / frequency.foffMHz;
  const half = halfHz / channelHz + WINDOW_MARGIN;
  return {
    channelStart: Math.max(0, Math.floor(middle - half)),
    channelStop: Math.min(frequency.nchans, Math.ceil(middle + half)),
  };
}

/** Windows that lie in the band, those that overlap made one as long as they fit a tile. */
function mergeWindows(windows: readonly Window[], source: SpectrogramSource): Window[] {
  const most = Math.max(2 ** 24 / source.time.nsamples, 8 * WINDOW_MARGIN);
  const merged: Window[] = [];
  for (const window of windows
    .filter(({ channelStart, channelStop }) => channelStart < channelStop)
    .toSorted((a, b) => a.channelStart - b.channelStart)) {
    const last = merged.at(-1);
    const channelStop = Math.max(last?.channelStop ?? 0, window.channelStop);
    if (last && window.channelStart <= last.channelStop && channelStop - last.channelStart <= most) {
      merged[merged.length - 1] = { channelStart: last.channelStart, channelStop };
    } else merged.push(window);
  }
  return merged;
}
