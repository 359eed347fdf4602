/** Checks of what a training is given in numbers. */

import { UsageError } from "../signal/errors.ts";

/** Throws a UsageError that names the option, its value and its range. */
export function checkNumber(
  name: string,
  value: unknown,
  range: string,
  holds: (value: number) => boolean,
): void {
  if (typeof value === "number" && holds(value)) return;
  const given = typeof value === "string" ? `"${value}"` : String(value);
  throw new UsageError(`${name} must be ${range}; it is ${given}.`);
}

/** Kernels compute in float32, where large numbers are infinite. */
export function isFinite32(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}

/** A learning rate, or the like: finite and 0 or more. */
export function checkRate(name: string, value: unknown): void {
  checkNumber(name, value, "0 or more, and finite as a float32", (rate) => rate >= 0 && isFinite32(rate));
}

/** A share of what was before, as momentum: kernels know it to seven places. */
export function checkShare(name: string, value: unknown): void {
  const range = "at least 0 and below 1 (at most 0.9999999)";
  checkNumber(name, value, range, (share) => share >= 0 && Math.round(Math.fround(share) * 1e7) < 1e7);
}

/** A whole number from `from`. */
export function checkWhole(name: string, value: unknown, from: number, to = Number.MAX_SAFE_INTEGER): void {
  const range = to === Number.MAX_SAFE_INTEGER ? `${from} or more` : `from ${from} to ${to}`;
  checkNumber(name, value, `a whole number, ${range}`, (whole) => {
    return Number.isSafeInteger(whole) && whole >= from && whole <= to;
  });
}

export function isFloats(data: unknown): data is Float32Array {
  return Object.prototype.toString.call(data) === "[object Float32Array]";
}
