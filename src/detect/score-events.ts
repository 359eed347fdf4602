/** A detector's word on what the drift search found. */

import { eventPaths } from "../search/event-paths.ts";
import type { Cadence } from "../signal/cadence.ts";
import type { CadenceEvent } from "../signal/hit.ts";
import { frequencyChannel, type SpectrogramSource } from "../signal/spectrogram.ts";
import type { BandOptions } from "./band.ts";
import { readPanels } from "./cadence-panels.ts";
import type { Stretch } from "./candidates.ts";
import { bandFor } from "./detect.ts";
import type { Detector } from "./detector.ts";
import { createWindowScorer } from "./score-windows.ts";

export interface ScoreEventsOptions extends BandOptions {
  readonly onProgress?: ((share: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The score of each event, by place; they are looked at in the order of the channels, as files are packed. It is that of the window whose middle is the middle of its path over the cadence's time, with as many channels to a pixel, a
 * power of two, as it takes for the path to keep to half of the window. NaN where the network gives no number. Throws as `detect`.
 */
export async function scoreEvents(
  cadence: Cadence<SpectrogramSource>,
  detector: Detector,
  events: readonly CadenceEvent[],
  options: ScoreEventsOptions = {},
): Promise<Float64Array> {
  const band = bandFor(cadence, detector, options);
  const scorer = createWindowScorer(detector, options.signal);
  const pixels = detector.shape.channels;
  const { nchans } = band.frequency;
  const scores = new Float64Array(events.length);
  const places = events
    .map((event, i) => {
      const { lowMHz, highMHz } = eventStretch(event, cadence);
      const [from, to] = [lowMHz, highMHz].map((frequency) => frequencyChannel(band.frequency, frequency));
      return { i, from, to };
    })
    .sort((a, b) => a.from! + a.to! - b.from! - b.to!);
  for (const [done, { i, from, to }] of places.entries()) {
    const channelsPerPixel = pixelWidth(Math.abs(to! - from!), pixels, nchans);
    const width = pixels * channelsPerPixel;
    const wanted = Math.round((from! + to! + 1 - width) / 2);
    const channelStart = Math.min(nchans - width, Math.max(0, wanted));
    const panels = await readPanels(band, detector.shape, { channelStart, channelsPerPixel, pixels });
    scores[i] = (await scorer.score(panels, [0]))[0]!;
    options.onProgress?.((done + 1) / events.length);
  }
  return scores;
}

/** The frequencies that an event's path goes through over the time of all scans, OFF scans too. */
export function eventStretch(event: CadenceEvent, cadence: Cadence<SpectrogramSource>): Stretch {
  const paths = eventPaths(
    event,
    cadence.scans.map(({ source }) => source),
  );
  const ends = paths.flatMap(({ fromMHz, toMHz }) => [fromMHz, toMHz]);
  const half = 0.5e-6 * Math.max(...event.hits.map(({ bandwidthHz }) => bandwidthHz));
  return { lowMHz: Math.min(...ends) - half, highMHz: Math.max(...ends) + half };
}

/** The least power of two with which a path of `span` channels keeps to half of a window; less where the band is too narrow. */
function pixelWidth(span: number, pixels: number, nchans: number): number {
  let width = 1;
  while (span > (width * pixels) / 2 && 2 * width * pixels <= nchans) width *= 2;
  return width;
}
