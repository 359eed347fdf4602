/** Where an event is, or would be, in every scan of its cadence. */

import type { CadenceEvent, Hit } from "../signal/hit.ts";
import type { TimeAxis } from "../signal/spectrogram.ts";
import { scanClocks } from "./events-path.ts";

/** A straight piece of a path, in one scan: from the centre of its first row to that of its last. */
export interface ScanPath {
  /** The event's hit in this scan, if it has one. */
  readonly hit?: Hit;
  /** Seconds after the scan began. */
  readonly fromS: number;
  readonly fromMHz: number;
  readonly toS: number;
  readonly toMHz: number;
}

/** An event's path in every scan: its hit's own where there is one, else the event's drift from the hit nearest in time. */
export function eventPaths(event: CadenceEvent, scans: readonly { readonly time: TimeAxis }[]): ScanPath[] {
  const { clocks } = scanClocks(scans);
  return scans.map(({ time }, scan) => {
    const fromS = 0.5 * time.tsampS;
    const spanS = (time.nsamples - 1) * time.tsampS;
    const nearest = event.hits.reduce((best, hit) => {
      const distance = (other: Hit) => Math.abs(clocks[other.scan]!.midS - clocks[scan]!.midS);
      return distance(hit) < distance(best) ? hit : best;
    });
    const hit = nearest.scan === scan ? nearest : undefined;
    const drift = (hit ?? event).driftHzPerS;
    const sinceHitS = clocks[scan]!.midS - clocks[nearest.scan]!.midS;
    const middleMHz = nearest.midFrequencyMHz + drift * sinceHitS * 1e-6;
    const halfMHz = 0.5 * drift * spanS * 1e-6;
    return { hit, fromS, toS: fromS + spanS, fromMHz: middleMHz - halfMHz, toMHz: middleMHz + halfMHz };
  });
}
