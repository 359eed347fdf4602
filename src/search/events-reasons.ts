/** Why hits are no events: one sentence each. */

import type { Hit } from "../signal/hit.ts";

export function mhz(frequencyMHz: number): string {
  return `${frequencyMHz.toFixed(6)} MHz`;
}

export function hzPerS(driftHzPerS: number): string {
  return `${driftHzPerS.toFixed(4)} Hz/s`;
}

function where(hit: Hit, scan: number, scans: number): string {
  return `scan ${scan + 1} of ${scans}${hit.file === "" ? "" : ` (${hit.file})`}`;
}

function line(hit: Hit): string {
  return `${mhz(hit.midFrequencyMHz)} at mid-scan, ${hzPerS(hit.driftHzPerS)}, S/N ${hit.snr.toFixed(1)}`;
}

export function weakReason(hit: Hit, minSnr: number): string {
  return `Its S/N of ${hit.snr.toFixed(2)} is under the limit of ${minSnr}.`;
}

export function fastReason(hit: Hit, limit: number): string {
  return `Its drift of ${hzPerS(hit.driftHzPerS)} is over the limit of ${hzPerS(limit)}.`;
}

export function slowReason(hit: Hit, limit: number): string {
  return `Its drift of ${hzPerS(hit.driftHzPerS)} is under the least asked for, ${hzPerS(limit)}.`;
}

export function zeroReason(hit: Hit, resolutionHzPerS: number): string {
  return (
    `Its drift of ${hzPerS(hit.driftHzPerS)} can't be told from zero in this scan, where that takes ${hzPerS(resolutionHzPerS)}: ` +
    "a transmitter at rest beside the telescope looks like this."
  );
}

export function pathReason(
  hit: Hit,
  off: { hit: Hit; scan: number },
  scans: number,
  missHz: number,
  dtS: number,
): string {
  return (
    `Carried on at ${hzPerS(hit.driftHzPerS)} for ${dtS.toFixed(0)} s it meets a line in OFF ${where(off.hit, off.scan, scans)} ` +
    `within ${missHz.toFixed(1)} Hz: ${line(off.hit)}.`
  );
}

export function coverReason(off: { hit: Hit; scan: number }, scans: number): string {
  return (
    `It lies within a line ${off.hit.bandwidthHz.toFixed(0)} Hz wide in OFF ${where(off.hit, off.scan, scans)}: ` +
    `${line(off.hit)}.`
  );
}

export function withinReason(off: { hit: Hit; scan: number }, scans: number): string {
  return `A line in OFF ${where(off.hit, off.scan, scans)} lies within its bandwidth: ${line(off.hit)}.`;
}

export function companionReason(
  companion: { hit: Hit; scan: number },
  scans: number,
  because: string,
): string {
  return (
    `It is on one path with the ON hit at ${mhz(companion.hit.frequencyMHz)} in ${where(companion.hit, companion.scan, scans)}, ` +
    `which was rejected: ${because}`
  );
}
