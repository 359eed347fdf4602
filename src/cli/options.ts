/** Parsers of option values for commander: each gives a function from the text to the value, or says what is wrong with it. */

import { InvalidArgumentError } from "commander";

export interface NumberLimits {
  /** Smallest value allowed. */
  readonly min?: number;
  /** Largest value allowed. */
  readonly max?: number;
  /** The value must be larger than this. */
  readonly above?: number;
  /** What the number is measured in, for the message: "MHz". */
  readonly unit?: string;
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A finite number in decimal notation. */
export function parseNumber(limits: NumberLimits = {}): (text: string) => number {
  return (text) => {
    const trimmed = text.trim();
    const value = decimal.test(trimmed) ? Number(trimmed) : Number.NaN;
    if (!Number.isFinite(value))
      throw new InvalidArgumentError(`Give a number${asUnit(limits)}, such as ${example(limits)}.`);
    return withinLimits(value, limits, "a number");
  };
}

/** A whole number, exact in a double. */
export function parseInteger(limits: NumberLimits = {}): (text: string) => number {
  return (text) => {
    const trimmed = text.trim();
    const value = /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN;
    if (!Number.isSafeInteger(value)) {
      throw new InvalidArgumentError(
        `Give a whole number${asUnit(limits)}, such as ${Math.ceil(example(limits))}.`,
      );
    }
    return withinLimits(value, limits, "a whole number");
  };
}

/** A text of a certain form. `form` says what is wanted: "letters such as ABACAD". */
export function parsePattern(pattern: RegExp, form: string): (text: string) => string {
  return (text) => {
    if (!pattern.test(text)) throw new InvalidArgumentError(`Give ${form}.`);
    return text;
  };
}

/** Items between commas, each parsed by itself; at least one. */
export function parseList<T>(parseItem: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(",").map((item) => parseItem(item.trim()));
}

/** One of a few words, whatever their case. */
export function parseChoice<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice.toLowerCase() === text.trim().toLowerCase());
    if (found === undefined) throw new InvalidArgumentError(`Give one of ${choices.join(", ")}.`);
    return found;
  };
}

function withinLimits(value: number, limits: NumberLimits, what: string): number {
  const { min, max, above } = limits;
  const low = above !== undefined ? `above ${above}` : min !== undefined ? `from ${min}` : "";
  const high = max !== undefined ? `up to ${max}` : "";
  if (
    (min !== undefined && value < min) ||
    (max !== undefined && value > max) ||
    (above !== undefined && value <= above)
  ) {
    throw new InvalidArgumentError(`Give ${what} ${[low, high].filter(Boolean).join(" ")}${inUnit(limits)}.`);
  }
  return value;
}

function inUnit({ unit }: NumberLimits): string {
  return unit === undefined ? "" : ` ${unit}`;
}

function asUnit({ unit }: NumberLimits): string {
  return unit === undefined ? "" : ` in ${unit}`;
}

function example({ min, max, above }: NumberLimits): number {
  const low = min ?? (above === undefined ? undefined : above + 1) ?? 1;
  return max === undefined ? low : Math.min(low, max);
}
