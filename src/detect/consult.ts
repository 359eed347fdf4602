/** The drift search and a detector together: scores of events, candidates that no event explains, one ranking. */

import type { Cadence } from "../signal/cadence.ts";
import type { CadenceEvent } from "../signal/hit.ts";
import type { DetectorRecord } from "../signal/search-record.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";
import { mergeWindows } from "./candidates.ts";
import { countWindows, DEFAULT_THRESHOLD, type Detection, type DetectOptions, detect } from "./detect.ts";
import type { Detector } from "./detector.ts";
import { eventStretch, scoreEvents } from "./score-events.ts";

export interface DetectorFindings {
  /** Those given, with their scores, ranked again. */
  readonly events: readonly CadenceEvent[];
  readonly detector: DetectorRecord;
  readonly notes: readonly string[];
}

export interface ConsultOptions extends DetectOptions {
  /** A band of more windows is not gone through, and the events alone are scored. Default: without end. */
  readonly mostWindows?: number | undefined;
}

/** Scores the events of a cadence, and the band for what they leave unexplained. Throws as `detect`. */
export async function consultDetector(
  cadence: Cadence<SpectrogramSource>,
  detector: Detector,
  events: readonly CadenceEvent[],
  options: ConsultOptions = {},
): Promise<DetectorFindings> {
  const { onProgress, mostWindows = Number.POSITIVE_INFINITY, threshold = DEFAULT_THRESHOLD } = options;
  const bandWindows = countWindows(cadence, detector, options);
  const slides = bandWindows <= mostWindows;
  // An event is scored in every view, most windows of the band in one.
  const eventsWork = events.length * detector.views.length;
  const eventsShare = slides ? eventsWork / (eventsWork + bandWindows) : 1;
  const scores = await scoreEvents(cadence, detector, events, {
    ...options,
    onProgress: (share) => onProgress?.(eventsShare * share),
  });
  const found: Detection = slides
    ? await detect(cadence, detector, {
        ...options,
        onProgress: (share) => onProgress?.(eventsShare + (1 - eventsShare) * share),
      })
    : { windows: [], scored: 0, unscored: 0, scales: [], threshold };
  const explained = events.map((event) => eventStretch(event, cadence));
  const scored = events.map((event, i) => ({ ...event, detectorScore: scores[i]! }));
  const unscored = found.unscored + scores.filter(Number.isNaN).length;
  return {
    events: rankEvents(scored, found.threshold),
    detector: {
      model: detector.name,
      threshold: found.threshold,
      windows: found.scored,
      bandWindows,
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
