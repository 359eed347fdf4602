/** Numbers as reports and tables on a terminal show them. */

import { grouped } from "../signal/describe.ts";

/** MHz to 1 Hz. */
export function frequencyText(mhz: number): string {
  return mhz.toFixed(6);
}

/** Hz/s with its sign, to the last digit that the fine products can tell. */
export function driftText(hzPerS: number): string {
  const text = hzPerS.toFixed(4);
  return hzPerS > 0 ? `+${text}` : text;
}

export function snrText(snr: number): string {
  return snr >= 1000 ? String(Math.round(snr)) : snr.toFixed(1);
}

/** "1 event", "6 events". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** A number of events that may be far below one: "0.0003", "12". */
export function expectedText(count: number): string {
  if (count < 1e-4) return "under 0.0001";
  return count >= 10 ? String(Math.round(count)) : count.toPrecision(2);
}
