/** Reads plain JSON key by key: every key that is there must have been asked for, and an error names the file and the key. */

import { UsageError } from "../signal/errors.ts";

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
    object: (key, readInner) => readFields(source, get(key), readInner, path(key)),
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
