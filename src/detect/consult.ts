/** The drift search and a detector together: scores of events, candidates that no event explains, one ranking. */

import type { Cadence } from "../signal/cadence.ts";
import type { CadenceEvent } from "../signal/hit.ts";
import type { DetectorRecord } from "../signal/search-record.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { mergeWindows } from "./candidates.ts";
import { type DetectOptions, detect } from "./detect.ts";
import type { Detector } from "./detector.ts";
import { eventStretch, scoreEvents } from "./score-events.ts";

export interface DetectorFindings {
  /** Those given, with their scores, ranked again. */
  readonly events: readonly CadenceEvent[];
  readonly detector: DetectorRecord;
  readonly notes: readonly string[];
}

/** Share of the progress that the events get; the windows over the band take nearly all of the time. */
const EVENTS_SHARE = 0.1;

/** Scores the events of a cadence, and the whole band for what they leave unexplained. Throws as `detect`. */
export async function consultDetector(
  cadence: Cadence<SpectrogramSource>,
  detector: Detector,
  events: readonly CadenceEvent[],
  options: DetectOptions = {},
): Promise<DetectorFindings> {
  const { onProgress } = options;
  const scores = await scoreEvents(cadence, detector, events, {
    ...options,
    onProgress: (share) => onProgress?.(EVENTS_SHARE * share),
  });
  const found = await detect(cadence, detector, {
    ...options,
    onProgress: (share) => onProgress?.(EVENTS_SHARE + (1 - EVENTS_SHARE) * share),
  });
  const explained = events.map((event) => eventStretch(event, cadence));
  const scored = events.map((event, i) => ({ ...event, detectorScore: scores[i]! }));
  const unscored = found.unscored + scores.filter(Number.isNaN).length;
  return {
    events: rankEvents(scored, found.threshold),
    detector: {
      model: detector.name,
      threshold: found.threshold,
      windows: found.scored,
      scales: found.scales,
      candidates: mergeWindows(found.windows, explained),
    },
    notes:
      unscored === 0
        ? []
        : [`${detector.name} gives no number for ${unscored} windows, which count as empty. Train it again.`],
  };
}

/** By level, then those whose score reaches the threshold, then by S/N, then by frequency. */
export function rankEvents(events: readonly CadenceEvent[], threshold: number): CadenceEvent[] {
  const agreed = ({ detectorScore = 0 }: CadenceEvent) => (detectorScore >= threshold ? 1 : 0);
  return [...events].sort(
    (a, b) => b.level - a.level || agreed(b) - agreed(a) || b.snr - a.snr || a.frequencyMHz - b.frequencyMHz,
  );
}
