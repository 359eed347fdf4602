/** What simulated cadences are drawn from, as plain JSON. docs/simulated-cadences.md tells it in words. */

import { cadenceRoles } from "../signal/cadence.ts";
import { UsageError } from "../signal/errors.ts";
import type { BackgroundRecipe } from "./backgrounds.ts";
import type { Range } from "./draw.ts";
import type { PathRecipe, ProfileRecipe, TimeRecipe } from "./emitters.ts";
import type { InterferenceRecipe } from "./interference.ts";
import type { NeedleRecipe } from "./needles.ts";

/** A range is `[lowest, highest]`; weights are how often each kind is drawn against the others; chances lie from 0 to 1. */
export interface CadenceRecipe {
  readonly cadence: {
    readonly pattern: string;
    readonly rows: number;
    readonly channels: number;
    readonly foffHz: number;
    readonly tsampS: number;
    /** From the end of a scan to the start of the next, in scans. */
    readonly gap: Range;
  };
  /** The share of cadences with a needle. */
  readonly positives: number;
  readonly background: BackgroundRecipe;
  readonly interference: InterferenceRecipe;
  readonly needles: NeedleRecipe;
}

const path: PathRecipe = {
  kind: { linear: 5, quadratic: 2, sine: 2.5, "random-walk": 1.2, stepped: 1, hopping: 0.3 },
  drift: [0, 300],
  slow: 0.25,
  slowDrift: [0, 25],
  steep: 0.12,
  steepDrift: [300, 1200],
  bend: [5, 120],
  sineAmplitude: [3, 90],
  sinePeriod: [0.08, 2.5],
  wander: [3, 80],
  wanderRows: [1, 80],
  step: [2, 40],
  stepRows: [20, 500],
  hop: [15, 200],
  hopRows: [3, 300],
};

const time: TimeRecipe = {
  kind: { steady: 6, pulsed: 1, partial: 1.2, "gaussian-pulses": 0.6, sine: 0.6, scintillating: 1.2 },
  pulsePeriod: [3, 300],
  pulseDuty: [0.15, 0.8],
  partialShare: [0.35, 0.95],
  scintillationRows: [3, 400],
  modulation: [0.3, 1],
};

const profile: ProfileRecipe = {
  kind: { tone: 4, box: 1.2, gaussian: 2, lorentzian: 0.8, voigt: 0.6, lines: 0.7 },
  width: [0.3, 10],
  lineCount: [2, 5],
  lineSpacing: [3, 40],
};

/** Wide on purpose: networks that learn on it should hold on data that was made, or recorded, elsewhere. */
export const defaultCadenceRecipe: CadenceRecipe = {
  cadence: {
    pattern: "ABACAD",
    rows: 273,
    channels: 256,
    foffHz: -2.7939677238464355,
    tsampS: 1.0699,
    gap: [0, 0.3],
  },
  positives: 0.1,
  background: {
    noise: {
      kind: { "chi-squared": 5, gaussian: 3, measured: 2 },
      dof: [2, 1024],
      correlated: 0.12,
      correlation: [0.1, 0.8],
    },
    bare: 0.08,
    weak: 0.35,
    structure: [0.55, 0.99],
    weakStructure: [0, 0.55],
    split: { columns: 1.2, rows: 0.6 },
    panelChange: [0, 0.7],
    gain: { none: 3, full: 4, part: 3 },
    partOfBand: 0.3,
    selfNoise: 0.6,
    columns: {
      ripple: 0.6,
      edges: 0.35,
      slope: 0.4,
      red: 0.4,
      jitter: 0.4,
      spikes: 0.25,
      step: 0.15,
      notch: 0.15,
    },
    rows: { drift: 0.6, steps: 0.25, jitter: 0.4, hum: 0.15, bright: 0.3, bursts: 0.2 },
    patches: {
      chance: 0.3,
      count: [1, 6],
      rows: [5, 300],
      channels: [4, 120],
      height: [0.2, 6],
      kind: { blob: 5, block: 2, wave: 2 },
    },
  },
  interference: {
    none: 0.2,
    count: [1, 6],
    snrDb: [12, 60],
    kind: {
      carrier: 4,
      line: 4,
      pulsed: 2,
      intermittent: 2,
      hopping: 1.2,
      wide: 1.5,
      walk: 1.5,
      comb: 0.8,
      "like-needle": 4,
    },
    scans: { all: 6, off: 2, some: 2 },
    scanScatter: [0, 0.7],
    restarts: 0.15,
    path,
    time,
    profile,
    wide: [10, 140],
    combSpacing: [6, 60],
    combLines: [3, 24],
  },
  needles: {
    snrDb: [18, 50],
    scans: { all: 16, "all-but-one": 3, one: 1 },
    scanScatter: [0, 0.3],
    restarts: 0.1,
    path,
    time,
    profile,
  },
};

type Check<T> = (value: unknown, fail: (wanted: string) => never) => T;
type Checks<T> = T extends Range | number | string
  ? Check<T>
  : T extends object
    ? { readonly [Key in keyof T]: Checks<T[Key]> } | Check<T>
    : never;

/**
 * A recipe from parsed JSON. Keys that are left out are the default recipe's; weights and chances stand as given, kinds that are left out are
 * never drawn. Throws a UsageError that names `source` and the key for what can't be used.
 */
export function readCadenceRecipe(value: unknown, source: string): CadenceRecipe {
  const recipe = readPart(value, defaultCadenceRecipe, checks, source, "") as CadenceRecipe;
  cadenceRoles(recipe.cadence.pattern);
  return recipe;
}

function readPart(value: unknown, fallback: unknown, check: unknown, source: string, key: string): unknown {
  const name = key === "" ? "the recipe" : key;
  const fail = (wanted: string): never => {
    throw new UsageError(`${source}: ${name} must be ${wanted}; it is ${JSON.stringify(value)}.`);
  };
  if (value === undefined) return fallback;
  if (typeof check === "function") return (check as Check<unknown>)(value, fail);
  const inner = check as Readonly<Record<string, unknown>>;
  const given = asObject(value, fail);
  const unknown = Object.keys(given).find((one) => !Object.hasOwn(inner, one));
  if (unknown !== undefined) {
    throw new UsageError(
      `${source}: there is no key ${key === "" ? unknown : `${key}.${unknown}`}. The keys of ${name} are ${Object.keys(inner).join(", ")}.`,
    );
  }
  return Object.fromEntries(
    Object.keys(inner).map((one) => [
      one,
      readPart(
        given[one],
        (fallback as Record<string, unknown>)[one],
        inner[one],
        source,
        key === "" ? one : `${key}.${one}`,
      ),
    ]),
  );
}

function asObject(value: unknown, fail: (wanted: string) => never): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail("an object");
  return value as Record<string, unknown>;
}

const isNumber = (value: unknown, low: number, high: number): value is number =>
  typeof value === "number" && value >= low && value <= high;

const number =
  (low: number, high: number): Check<number> =>
  (value, fail) =>
    isNumber(value, low, high) ? value : fail(`a number from ${low} to ${high}`);

const whole =
  (low: number, high: number): Check<number> =>
  (value, fail) =>
    isNumber(value, low, high) && Number.isInteger(value)
      ? value
      : fail(`a whole number from ${low} to ${high}`);

const range =
  (low: number, high: number): Check<Range> =>
  (value, fail) => {
    const ok =
      Array.isArray(value) &&
      value.length === 2 &&
      value.every((end) => isNumber(end, low, high)) &&
      value[0]! <= value[1]!;
    return ok ? (value as unknown as Range) : fail(`two numbers, lowest and highest, from ${low} to ${high}`);
  };

/** Of the kinds that the default recipe has. */
function byKind<Kind extends string>(
  kinds: Readonly<Record<Kind, number>>,
  { most, needed }: { most: number; needed: boolean },
): Check<Readonly<Record<Kind, number>>> {
  return (value, fail) => {
    const names = Object.keys(kinds);
    const given = asObject(value, fail);
    const ok = Object.entries(given).every(([kind, one]) => names.includes(kind) && isNumber(one, 0, most));
    if (!ok || (needed && !Object.values(given).some((one) => (one as number) > 0))) {
      const numbers = needed ? "weights of 0 or more, one of them above 0," : "chances from 0 to 1";
      return fail(`${numbers} of ${names.join(", ")}`);
    }
    return Object.fromEntries(names.map((kind) => [kind, given[kind] ?? 0])) as Record<Kind, number>;
  };
}

const weights = <Kind extends string>(kinds: Readonly<Record<Kind, number>>) =>
  byKind(kinds, { most: 1e9, needed: true });
const chances = <Kind extends string>(kinds: Readonly<Record<Kind, number>>) =>
  byKind(kinds, { most: 1, needed: false });

const share = number(0, 1);
const shares = range(0, 1);
const channels = range(0, 1e5);
const someChannels = range(0.01, 1e5);
const someRows = range(0.1, 1e6);

const pathChecks: Checks<PathRecipe> = {
  kind: weights(path.kind),
  drift: channels,
  slow: share,
  slowDrift: channels,
  steep: share,
  steepDrift: someChannels,
  bend: someChannels,
  sineAmplitude: someChannels,
  sinePeriod: range(0.001, 1000),
  wander: someChannels,
  wanderRows: someRows,
  step: someChannels,
  stepRows: someRows,
  hop: someChannels,
  hopRows: someRows,
};

const timeChecks: Checks<TimeRecipe> = {
  kind: weights(time.kind),
  pulsePeriod: someRows,
  pulseDuty: range(0.001, 1),
  partialShare: range(0.01, 1),
  scintillationRows: someRows,
  modulation: range(0.01, 1),
};

const profileChecks: Checks<ProfileRecipe> = {
  kind: weights(profile.kind),
  width: range(0.01, 1000),
  lineCount: range(1, 100),
  lineSpacing: range(0.1, 1000),
};

const decibels = range(-40, 120);

const checks: Checks<CadenceRecipe> = {
  cadence: {
    pattern: (value, fail) =>
      typeof value === "string" && /^[A-Z]{2,26}$/i.test(value) && /[^A]/i.test(value) && /A/i.test(value)
        ? value
        : fail("letters such as ABACAD, A where the telescope points at the target"),
    rows: whole(2, 65_536),
    channels: whole(8, 65_536),
    foffHz: (value, fail) =>
      isNumber(value, -1e9, 1e9) && Math.abs(value) >= 1e-6 ? value : fail("a number other than 0"),
    tsampS: number(1e-9, 1e6),
    gap: range(0, 100),
  },
  positives: share,
  background: {
    noise: {
      kind: weights(defaultCadenceRecipe.background.noise.kind),
      dof: range(2, 1024),
      correlated: share,
      correlation: shares,
    },
    bare: share,
    weak: share,
    structure: range(0, 0.9999),
    weakStructure: range(0, 0.9999),
    split: { columns: number(0, 1000), rows: number(0, 1000) },
    panelChange: shares,
    gain: weights(defaultCadenceRecipe.background.gain),
    partOfBand: share,
    selfNoise: share,
    columns: chances(defaultCadenceRecipe.background.columns),
    rows: chances(defaultCadenceRecipe.background.rows),
    patches: {
      chance: share,
      count: range(1, 1000),
      rows: someRows,
      channels: someChannels,
      height: range(0.001, 1e4),
      kind: weights(defaultCadenceRecipe.background.patches.kind),
    },
  },
  interference: {
    none: share,
    count: range(1, 100),
    snrDb: decibels,
    kind: weights(defaultCadenceRecipe.interference.kind),
    scans: weights(defaultCadenceRecipe.interference.scans),
    scanScatter: range(0, 5),
    restarts: share,
    path: pathChecks,
    time: timeChecks,
    profile: profileChecks,
    wide: range(0.01, 1e4),
    combSpacing: range(0.1, 1000),
    combLines: range(1, 200),
  },
  needles: {
    snrDb: decibels,
    scans: weights(defaultCadenceRecipe.needles.scans),
    scanScatter: range(0, 5),
    restarts: share,
    path: pathChecks,
    time: timeChecks,
    profile: profileChecks,
  },
};
