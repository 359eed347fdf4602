/** Reads plain JSON key by key: every key that is there must have been asked for, and an error names the file and the key. */

import { UsageError } from "./errors.ts";

export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** The number must be larger, or smaller, than this. */
  readonly above?: number;
  readonly below?: number;
  readonly whole?: boolean;
}

/** The keys of one object. What is asked for with a fallback may be missing. */
export interface Fields {
  has(key: string): boolean;
  number(key: string, range?: NumberRange): number;
  number<T>(key: string, range: NumberRange, fallback: T): number | T;
  flag(key: string, fallback: boolean): boolean;
  text(key: string): string;
  text<T>(key: string, fallback: T): string | T;
  choice<T extends string>(key: string, choices: readonly T[], fallback?: T): T;
  object<T>(key: string, read: (fields: Fields) => T): T;
  object<T, F>(key: string, read: (fields: Fields) => T, fallback: F): T | F;
  /** Objects in an array. */
  list<T>(key: string, read: (fields: Fields, index: number) => T): T[];
  /** Two numbers, the lower first. */
  interval(key: string, range: NumberRange, fallback?: readonly [number, number]): readonly [number, number];
  /** Whatever stands there, for a checker of its own. */
  any(key: string): unknown;
  fail(key: string, wanted: string): never;
}

/**
 * Reads an object with `read`. `source` is what errors call the whole (a file's name), `prefix` where in it the object stands ("augment").
 * Throws a UsageError for a value out of its range, and for keys that `read` did not ask for.
 */
export function readFields<T>(
  source: string,
  value: unknown,
  read: (fields: Fields) => T,
  prefix: string = "",
): T {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const what = prefix === "" ? "this" : prefix;
    throw new UsageError(`${source}: ${what} must be an object; it is ${told(value)}.`);
  }
  const object = value as Readonly<Record<string, unknown>>;
  const asked = new Set<string>();
  const path = (key: string) => (prefix === "" ? key : `${prefix}.${key}`);
  const get = (key: string) => {
    asked.add(key);
    return object[key];
  };
  const fail = (key: string, wanted: string): never => {
    throw new UsageError(`${source}: ${path(key)} must be ${wanted}; it is ${told(object[key])}.`);
  };
  const fields: Fields = {
    has: (key) => get(key) !== undefined,
    number<T>(key: string, range: NumberRange = {}, ...fallback: [T?]): number | T {
      const found = get(key);
      if (found === undefined && fallback.length > 0) return fallback[0] as T;
      return isWithin(found, range) ? found : fail(key, rangeText(range));
    },
    flag(key, fallback) {
      const found = get(key) ?? fallback;
      return typeof found === "boolean" ? found : fail(key, "true or false");
    },
    text<T>(key: string, ...fallback: [T?]): string | T {
      const found = get(key);
      if (found === undefined && fallback.length > 0) return fallback[0] as T;
      return typeof found === "string" && found !== "" ? found : fail(key, "a text");
    },
    choice(key, choices, fallback) {
      const found = get(key) ?? fallback;
      return choices.find((choice) => choice === found) ?? fail(key, `one of ${choices.join(", ")}`);
    },
    object<T, F>(key: string, readInner: (fields: Fields) => T, ...fallback: [F?]): T | F {
      const found = get(key);
      if (found === undefined && fallback.length > 0) return fallback[0] as F;
      return readFields(source, found, readInner, path(key));
    },
    list(key, readItem) {
      const found = get(key);
      if (!Array.isArray(found)) return fail(key, "an array of objects");
      return found.map((item, i) =>
        readFields(source, item, (inner) => readItem(inner, i), `${path(key)}[${i}]`),
      );
    },
    interval(key, range, fallback) {
      const found: unknown = get(key) ?? fallback;
      if (Array.isArray(found) && found.length === 2) {
        const [low, high] = found;
        if (isWithin(low, range) && isWithin(high, range) && low <= high) return [low, high];
      }
      return fail(key, `two numbers, the lower first, each ${rangeText(range)}`);
    },
    any: get,
    fail,
  };
  const result = read(fields);
  const unknown = Object.keys(object).find((key) => !asked.has(key));
  if (unknown !== undefined) {
    const keys = [...asked].join(", ");
    throw new UsageError(`${source}: there is no key ${path(unknown)}. The keys here are ${keys}.`);
  }
  return result;
}

function isWithin(value: unknown, { min, max, above, below, whole }: NumberRange): value is number {
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  if (whole && !Number.isSafeInteger(value)) return false;
  return (
    value >= (min ?? -Infinity) &&
    value <= (max ?? Infinity) &&
    value > (above ?? -Infinity) &&
    value < (below ?? Infinity)
  );
}

function rangeText({ min, max, above, below, whole }: NumberRange): string {
  const limits = [
    min === undefined ? "" : `${min} or more`,
    above === undefined ? "" : `above ${above}`,
    max === undefined ? "" : `at most ${max}`,
    below === undefined ? "" : `below ${below}`,
  ];
  return [whole ? "a whole number" : "a number", ...limits.filter(Boolean)].join(", ");
}

function told(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
