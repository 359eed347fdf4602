/**
 * Whether two hits of different scans can be one transmitter: its path carried on through time, and how far it may stray.
 * docs/events.md tells the reasons for each number here.
 */

import type { ScanRole } from "../signal/cadence.ts";
import type { Hit } from "../signal/hit.ts";
import { type FrequencyAxis, SECONDS_PER_DAY, type TimeAxis } from "../signal/spectrogram.ts";

/** The hits of one scan, with what is needed to carry their paths to other scans. */
export interface ScanHits {
  readonly role: ScanRole;
  readonly time: TimeAxis;
  readonly frequency: FrequencyAxis;
  readonly hits: readonly Hit[];
}

/** When a scan was, in seconds after the first scan began. */
export interface ScanClock {
  readonly midS: number;
  /** From the centre of the first row to the centre of the last; one row's length where there is only one. */
  readonly spanS: number;
}

/** A hit as the filter computes with it. */
export interface Line {
  readonly hit: Hit;
  /** Index into the scans that the filter was given. */
  readonly scan: number;
  readonly midHz: number;
  readonly driftHzPerS: number;
  /** One standard deviation; 0 where the hit has none. */
  readonly driftErrorHzPerS: number;
  /** The hit's width without what its drift smears over a row, at least a channel. */
  readonly ownWidthHz: number;
  readonly channelHz: number;
  /** Drift that moves the line by its own width over the scan. */
  readonly driftStepHzPerS: number;
}

const HZ_PER_MHZ = 1e6;
const SPEED_OF_LIGHT_M_PER_S = 299_792_458;

/** Standard deviations of drift that two measurements of one line may differ by. */
const DRIFT_SIGMAS = 3;
/** How fast an oscillator's own drift changes as it warms up or wanders. */
const OSCILLATOR_HZ_PER_S2 = 1e-4;
/** Change of acceleration along the line of sight, 4 times what the Earth's rotation makes at the equator. */
const JERK_M_PER_S3 = 1e-5;
/** A drift of an orbit changes by as much as itself in no less than this. */
const ORBIT_S = 7200;
/** Past this the allowance for a changing drift grows no more: nothing is known of a path for so long. */
const LONGEST_CHANGE_S = 3600;

/**
 * The times of scans. Where a start is unknown (0), or all are the same, the scans are taken to follow each other without
 * gaps in the order given, and a note says so.
 */
export function scanClocks(scans: readonly Pick<ScanHits, "time">[]): {
  clocks: ScanClock[];
  notes: string[];
} {
  const lengths = scans.map(({ time }) => time.nsamples * time.tsampS);
  const mjds = scans.map(({ time }) => time.tstartMjd);
  const notes: string[] = [];
  let starts: number[];
  const unknown = mjds.filter((mjd) => !(mjd > 0)).length;
  if (scans.length > 1 && (unknown > 0 || mjds.every((mjd) => mjd === mjds[0]))) {
    notes.push(
      `${unknown > 0 ? `${unknown} of ${scans.length} scans have no start time` : `All ${scans.length} scans have the same start time`}, ` +
        "so they are taken to follow each other without gaps in the order given. Drifting lines are followed wrongly where that isn't so.",
    );
    let elapsed = 0;
    starts = lengths.map((length) => {
      const start = elapsed;
      elapsed += length;
      return start;
    });
  } else {
    starts = mjds.map((mjd) => (mjd - mjds[0]!) * SECONDS_PER_DAY);
    for (let i = 1; i < scans.length; i++) {
      if (starts[i]! >= starts[i - 1]! + 0.5 * lengths[i - 1]!) continue;
      notes.push(
        `Scan ${i + 1} of ${scans.length} starts before scan ${i} is half over. Check that the scans are in the order of time and are all different.`,
      );
    }
  }
  const clocks = scans.map(({ time }, i) => ({
    midS: starts[i]! + lengths[i]! / 2,
    spanS: Math.max(time.nsamples - 1, 1) * time.tsampS,
  }));
  return { clocks, notes };
}

export function makeLine(hit: Hit, scan: number, { time, frequency }: ScanHits, clock: ScanClock): Line {
  const channelHz = Math.abs(frequency.foffMHz) * HZ_PER_MHZ;
  const ownWidthHz = Math.max(channelHz, hit.widthHz - Math.abs(hit.driftHzPerS) * time.tsampS);
  return {
    hit,
    scan,
    midHz: hit.midFrequencyMHz * HZ_PER_MHZ,
    driftHzPerS: hit.driftHzPerS,
    driftErrorHzPerS: Number.isFinite(hit.driftUncertaintyHzPerS) ? Math.abs(hit.driftUncertaintyHzPerS) : 0,
    ownWidthHz,
    channelHz,
    driftStepHzPerS: ownWidthHz / clock.spanS,
  };
}

/** How fast a transmitter's drift may change, Hz/s per s, at a frequency and a drift. */
export function driftChangeHzPerS2(frequencyHz: number, driftHzPerS: number): number {
  return (
    OSCILLATOR_HZ_PER_S2 +
    (JERK_M_PER_S3 * frequencyHz) / SPEED_OF_LIGHT_M_PER_S +
    Math.abs(driftHzPerS) / ORBIT_S
  );
}

/** What two lines `dtS` apart may differ by: from the measured drifts, and in frequency from the path between them. */
export interface PathTolerance {
  readonly driftHzPerS: number;
  readonly frequencyHz: number;
}

/**
 * With the drift's rate of change bounded by A, the drift changes by at most A |dt|, and the path from one line to the other
 * strays at most A dt^2 / 4 from the one that the mean of the two drifts gives. `changes` false: the drift is known to be steady.
 */
export function pathTolerance(a: Line, b: Line, dtS: number, changes = true): PathTolerance {
  const span = Math.abs(dtS);
  const changing = Math.min(span, LONGEST_CHANGE_S);
  const change = changes
    ? driftChangeHzPerS2(
        Math.min(a.midHz, b.midHz),
        Math.min(Math.abs(a.driftHzPerS), Math.abs(b.driftHzPerS)),
      )
    : 0;
  const measured =
    DRIFT_SIGMAS * Math.sqrt(a.driftErrorHzPerS ** 2 + b.driftErrorHzPerS ** 2) +
    Math.min(a.driftStepHzPerS, b.driftStepHzPerS);
  return {
    driftHzPerS: measured + change * changing,
    frequencyHz:
      Math.min(a.ownWidthHz, b.ownWidthHz) +
      a.channelHz +
      b.channelHz +
      (measured * span) / 2 +
      (change * changing * changing) / 4,
  };
}

/** The largest tolerance that `a` has with any line whose drift error is at most `maxDriftErrorHzPerS`. */
export function widestTolerance(
  a: Line,
  dtS: number,
  channelHz: number,
  maxDriftErrorHzPerS: number,
): PathTolerance {
  const span = Math.abs(dtS);
  const changing = Math.min(span, LONGEST_CHANGE_S);
  const change = driftChangeHzPerS2(a.midHz, a.driftHzPerS);
  const measured =
    DRIFT_SIGMAS * Math.sqrt(a.driftErrorHzPerS ** 2 + maxDriftErrorHzPerS ** 2) + a.driftStepHzPerS;
  return {
    driftHzPerS: measured + change * changing,
    frequencyHz:
      a.ownWidthHz + a.channelHz + channelHz + (measured * span) / 2 + (change * changing * changing) / 4,
  };
}

/** How far from where `a`'s own drift carries it a line of another scan can be and still lie on its path, Hz. */
export function searchHalfWidthHz(
  a: Line,
  dtS: number,
  channelHz: number,
  maxDriftErrorHzPerS: number,
): number {
  const { driftHzPerS, frequencyHz } = widestTolerance(a, dtS, channelHz, maxDriftErrorHzPerS);
  return frequencyHz + (driftHzPerS * Math.abs(dtS)) / 2;
}

/**
 * How far two lines miss each other, `b` `dtS` seconds after `a` (mid-scan to mid-scan): the larger of the misses of `a` carried
 * on to `b` and of `b` carried back to `a`, Hz. Undefined where they don't lie on one path.
 */
export function pathMiss(a: Line, b: Line, dtS: number, changes = true): number | undefined {
  const drifts = b.driftHzPerS - a.driftHzPerS;
  const off = b.midHz - a.midHz - ((a.driftHzPerS + b.driftHzPerS) / 2) * dtS;
  const tolerance = pathTolerance(a, b, dtS, changes);
  if (!(Math.abs(drifts) <= tolerance.driftHzPerS && Math.abs(off) <= tolerance.frequencyHz))
    return undefined;
  return Math.abs(off) + Math.abs(drifts * dtS) / 2;
}
