/** Runs a search and keeps all that was asked and found in one record. */

import { consultDetector } from "../detect/consult.ts";
import type { Detector } from "../detect/detector.ts";
import {
  type CadenceSearchOptions,
  defaultOffSnr,
  searchCadence,
  searchEach,
} from "../search/cadence-search.ts";
import { DEFAULT_MAX_DRIFT_HZ_PER_S, DEFAULT_SNR } from "../search/drift-search.ts";
import type { SegmentPool } from "../search/segment-pool.ts";
import { type Cadence, makeCadence } from "../signal/cadence.ts";
import type { ProgramVersion, ScanRecord, SearchRecord } from "../signal/search-record.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";

export interface RecordedSearch {
  readonly record: SearchRecord;
  /** The record's scans with their sources. */
  readonly cadence: Cadence<SpectrogramSource>;
}

export interface RecordSearchOptions extends CadenceSearchOptions {
  /** Scores events, and finds what the drift search doesn't. Has a meaning only with a pattern. */
  readonly detector?: Detector | undefined;
  /** Default 0.9. */
  readonly detectorThreshold?: number | undefined;
  /** A band of more of the detector's windows is not gone through, and events alone are scored. Default: without end. */
  readonly mostWindows?: number | undefined;
  /** Called now and then with the share of the detector's work that is done. */
  readonly onDetectorProgress?: ((share: number) => void) | undefined;
}

/**
 * Searches the scans of one observation by the cadence's pattern, or, without one, every scan by itself: then each of its
 * hits within the limits is an event of level 1.
 */
export async function recordSearch(
  sources: readonly SpectrogramSource[],
  pattern: string | undefined,
  pool: SegmentPool,
  program: ProgramVersion,
  options: RecordSearchOptions = {},
): Promise<RecordedSearch> {
  const cadence = makeCadence(pattern ?? "A".repeat(sources.length), sources);
  const result =
    pattern === undefined
      ? await searchEach(sources, pool, options)
      : await searchCadence(cadence, pool, options);
  const snr = options.snr ?? DEFAULT_SNR;
  const { detector } = options;
  const consulted =
    detector === undefined || pattern === undefined
      ? undefined
      : await consultDetector(cadence, detector, result.events, {
          ...{ channelStart: options.channelStart, channelStop: options.channelStop },
          ...{ ifIndex: options.ifIndex, channelsPerCoarse: options.channelsPerCoarse },
          threshold: options.detectorThreshold,
          mostWindows: options.mostWindows,
          onProgress: options.onDetectorProgress,
        });
  return {
    cadence,
    record: {
      program,
      parameters: {
        cadence: pattern === undefined ? null : cadence.pattern,
        maxDriftHzPerS: options.maxDriftHzPerS ?? DEFAULT_MAX_DRIFT_HZ_PER_S,
        minDriftHzPerS: options.minDriftHzPerS ?? null,
        snr,
        offSnr: pattern === undefined ? null : (options.offSnr ?? defaultOffSnr(snr)),
        keepZeroDrift: options.keepZeroDrift ?? false,
        ifIndex: options.ifIndex ?? 0,
        channelStart: options.channelStart ?? null,
        channelStop: options.channelStop ?? null,
        channelsPerCoarse: options.channelsPerCoarse ?? null,
        ...(consulted && {
          detector: consulted.detector.model,
          detectorThreshold: consulted.detector.threshold,
        }),
      },
      scans: cadence.scans.map(
        ({ role, pointing, source }): ScanRecord => ({
          file: source.name,
          role,
          pointing,
          time: source.time,
          frequency: source.frequency,
          header: source.header,
        }),
      ),
      ...result,
      ...(consulted && {
        events: consulted.events,
        detector: consulted.detector,
        notes: [...result.notes, ...consulted.notes],
      }),
    },
  };
}
