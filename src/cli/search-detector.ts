/** Which detector a search consults, and over how much of the band. */

import type { BandOptions } from "../detect/band.ts";
import { bandFor } from "../detect/detect.ts";
import { openDetector } from "../detect/detector.node.ts";
import { checkFits, type Detector } from "../detect/detector.ts";
import type { Cadence } from "../signal/cadence.ts";
import { InputError, UsageError } from "../signal/errors.ts";
import type { SpectrogramSource } from "../signal/spectrogram.ts";

export interface SearchDetectorOptions {
  readonly cadence?: string;
  /** A model that `lodestone train` or `export` wrote; false: none. The one in the box if not given, where there is a cadence. */
  readonly detector?: string | false;
  readonly detectorThreshold?: number;
  /** Whether it is slid over bands of more than `MOST_WINDOWS` windows too. */
  readonly detectorEverywhere?: boolean;
  readonly threads?: number;
}

export interface ChosenDetector {
  readonly detector?: Detector;
  /** A sentence, where the one in the box can't be used. */
  readonly note?: string;
}

/** As many take about half a minute on two cores. */
export const MOST_WINDOWS = 1500;

/** Scans of fewer rows are cut into so many that the noise which is drawn for them is most of what a network would see. */
const LEAST_ROWS = 8;

/** Throws a UsageError where the options have no meaning together. */
export function checkDetectorOptions(options: SearchDetectorOptions): void {
  const { detector, detectorThreshold, detectorEverywhere, cadence } = options;
  if (cadence === undefined && typeof detector === "string") {
    throw new UsageError(
      "--detector looks at the scans of one observation together. Give --cadence, such as ABACAD.",
    );
  }
  const asked = [
    ...(detectorThreshold === undefined ? [] : ["--detector-threshold"]),
    ...(detectorEverywhere ? ["--detector-everywhere"] : []),
  ];
  if (asked.length === 0 || (cadence !== undefined && detector !== false)) return;
  throw new UsageError(
    `${asked.join(" and ")} ${asked.length > 1 ? "have" : "has"} a meaning only with ${cadence === undefined ? "--cadence" : "a detector, not with --no-detector"}.`,
  );
}

/**
 * Opens the detector that was asked for, or the one in the box. Throws an InputError where one that was asked for can't be opened or doesn't know
 * such cadences; the one in the box is then left out.
 */
export async function chooseDetector(
  cadence: Cadence<SpectrogramSource>,
  { detector: asked, threads }: SearchDetectorOptions,
  band: BandOptions,
): Promise<ChosenDetector> {
  if (asked === false) return {};
  let detector: Detector | undefined;
  try {
    detector = await openDetector(asked, { threads });
    if (asked === undefined) checkUsable(cadence, detector, band);
    else {
      checkFits(
        detector,
        cadence.scans.map(({ role }) => role),
      );
    }
    return { detector };
  } catch (error) {
    await detector?.close();
    if (asked !== undefined || !(error instanceof InputError)) throw error;
    return { note: `The detector was left out. ${error.message}` };
  }
}

function checkUsable(cadence: Cadence<SpectrogramSource>, detector: Detector, options: BandOptions): void {
  bandFor(cadence, detector, options);
  const short = cadence.scans.find(({ source }) => source.time.nsamples < LEAST_ROWS);
  if (short === undefined) return;
  const { name, time } = short.source;
  throw new InputError(
    `${name} has ${time.nsamples} rows, of which it would see little but noise that it draws itself.`,
  );
}

/** Of one scan. */
const DRIFT_S_PER_CHANNEL = 0.2e-6;
/** On two cores. */
export const WINDOW_S = 0.025;

/** Of the time that the drift search and the detector will take together, guessed from the width of the band. */
export function driftSearchShare(
  sources: readonly SpectrogramSource[],
  { channelStart = 0, channelStop = sources[0]!.frequency.nchans }: BandOptions,
  everywhere = false,
): number {
  const channels = channelStop - channelStart;
  const windows = channels / 100;
  const driftS = sources.length * channels * DRIFT_S_PER_CHANNEL;
  const slides = everywhere || windows <= MOST_WINDOWS;
  return driftS / (driftS + (slides ? windows * WINDOW_S : driftS));
}
