/** Whole observations from a recipe: what is said in it is taken as it is, what isn't is drawn from the seed. docs/commands/simulate-observation.md lists the keys. */

import { cadenceRoles } from "../signal/cadence.ts";
import { type Fields, readFields } from "../signal/json-fields.ts";
import { channelFrequencyMHz, type ObservationHeader } from "../signal/spectrogram.ts";
import type { BandpassSpec } from "./bandpass.ts";
import { defaultCadenceRecipe } from "./cadence-recipe.ts";
import { chance, logUniformIn, pickKind, type Range, uniformIn, type Weights } from "./draw.ts";
import {
  type CadenceScale,
  drawPath,
  drawProfile,
  drawTime,
  type PathKind,
  type ProfileKind,
  type TimeKind,
} from "./emitters.ts";
import { pixelDof } from "./noise.ts";
import { drawNoiseLevel } from "./noise-levels.ts";
import { type Emitter, greenBankHeader, type ObservationSpec, type SnrConvention } from "./observation.ts";
import { pathOffsetHz } from "./paths.ts";
import { type RandomStream, randomStream, streamKey } from "./random.ts";
import {
  pathShapes,
  profileShapes,
  readEmitter,
  snrConventions,
  strengths,
  timeShapes,
} from "./signal-json.ts";

/** Plain JSON. */
export interface ObservationRecipe {
  readonly pattern: string;
  readonly rowsPerScan: number;
  /** From the end of a scan to the start of the next. */
  readonly gapS: number;
  readonly fch1MHz: number;
  readonly foffHz: number;
  readonly nchans: number;
  readonly tsampS: number;
  readonly tstartMjd: number;
  readonly sourceName: string;
  readonly noise: NoiseRecipe;
  /** Null: a level band. */
  readonly bandpass: BandpassSpec | null;
  readonly needles: DrawnSignals;
  readonly interference: DrawnInterference;
  /** Beside those that are drawn. */
  readonly emitters: readonly Emitter[];
}

/** `measured`: a level drawn from those of Green Bank's C band, and a deviation as much above the receiver equation's as there. */
export type NoiseRecipe = ObservationSpec["noise"] | { readonly distribution: "measured" };

export interface DrawnSignals {
  readonly count: number;
  /** Lowest and highest, drawn evenly in the logarithm. */
  readonly snr: Range;
  readonly convention: SnrConvention;
  /** Size of the drift, drawn evenly; either sign. */
  readonly driftHzPerS: Range;
  readonly paths: Weights<PathKind>;
  readonly profiles: Weights<ProfileKind>;
  readonly times: Weights<TimeKind>;
}

export interface DrawnInterference extends DrawnSignals {
  /** The share whose path is straight and doesn't drift. */
  readonly still: number;
  readonly scans: Weights<"all" | "off" | "some">;
}

/** Six scans of 65,536 channels at Green Bank, X band: a sixteenth of a coarse channel, with its edges and DC spike made to fit. */
export const defaultObservationRecipe: ObservationRecipe = {
  pattern: "ABACAD",
  rowsPerScan: 16,
  gapS: 25,
  fch1MHz: 8419.921875,
  foffHz: -2.7939677238464355,
  nchans: 65_536,
  tsampS: 18.253611008,
  tstartMjd: 61_041.25,
  sourceName: "SIMULATED",
  noise: { distribution: "chi-squared", mean: 2.5e10 },
  bandpass: {
    channelsPerCoarse: 65_536,
    slope: 0.1,
    ripple: { amplitude: 0.03, cycles: 3.5, phase: 0 },
    dcSpike: 8,
  },
  needles: {
    count: 8,
    snr: [12, 120],
    convention: "matched",
    driftHzPerS: [0, 4],
    paths: { linear: 5, quadratic: 1, sine: 1, "random-walk": 1, stepped: 0.5, hopping: 0 },
    profiles: { tone: 6, box: 0.5, gaussian: 1.5, lorentzian: 0.3, voigt: 0.3, lines: 0.5 },
    times: { steady: 6, pulsed: 1, partial: 1, "gaussian-pulses": 0.3, sine: 0.3, scintillating: 1 },
  },
  interference: {
    count: 16,
    snr: [20, 1000],
    convention: "matched",
    driftHzPerS: [0, 4],
    paths: { linear: 6, quadratic: 0.5, sine: 0.5, "random-walk": 1.5, stepped: 0.5, hopping: 1 },
    profiles: { tone: 5, box: 1, gaussian: 1.5, lorentzian: 0.5, voigt: 0.3, lines: 1 },
    times: { steady: 6, pulsed: 1.5, partial: 1, "gaussian-pulses": 0.5, sine: 0.5, scintillating: 0.5 },
    still: 0.4,
    scans: { all: 6, off: 1, some: 1 },
  },
  emitters: [],
};

/**
 * A recipe from parsed JSON; keys that are left out are the default recipe's. Throws a UsageError that names `source` and the key for what
 * can't be used.
 */
export function readObservationRecipe(value: unknown, source: string): ObservationRecipe {
  const standard = defaultObservationRecipe;
  return readFields(source, value, (fields) => {
    const positive = { above: 0, max: 1e9 };
    const pattern = fields.text("pattern", standard.pattern);
    cadenceRoles(pattern);
    const foffHz = fields.number("foffHz", { min: -1e9, max: 1e9 }, standard.foffHz);
    if (foffHz === 0) fields.fail("foffHz", "a number other than 0");
    const nchans = fields.number("nchans", { min: 1, max: 2 ** 31, whole: true }, standard.nchans);
    return {
      pattern: pattern.toUpperCase(),
      rowsPerScan: fields.number("rowsPerScan", { min: 1, max: 1e7, whole: true }, standard.rowsPerScan),
      gapS: fields.number("gapS", { min: 0, max: 1e7 }, standard.gapS),
      fch1MHz: fields.number("fch1MHz", positive, standard.fch1MHz),
      foffHz,
      nchans,
      tsampS: fields.number("tsampS", positive, standard.tsampS),
      tstartMjd: fields.number("tstartMjd", { min: 0, max: 1e6 }, standard.tstartMjd),
      sourceName: fields.text("sourceName", standard.sourceName),
      noise: fields.object("noise", readNoise, standard.noise),
      bandpass: readBandpass(fields, nchans),
      needles: fields.object("needles", (inner) => readDrawn(inner, standard.needles), standard.needles),
      interference: fields.object("interference", readInterference, standard.interference),
      emitters: fields.has("emitters") ? fields.list("emitters", readEmitter) : [],
    };
  });
}

/** The text of a recipe, as `readObservationRecipe` takes it. */
export function encodeObservationRecipe(recipe: ObservationRecipe): string {
  const emitters = recipe.emitters.map(({ strength, ...emitter }) => ({ ...emitter, ...strength }));
  return `${JSON.stringify({ ...recipe, emitters }, null, 2)}\n`;
}

/** The default's coarse channel is as wide as the band, however wide that is. */
function readBandpass(fields: Fields, nchans: number): BandpassSpec | null {
  if (fields.any("bandpass") === null) return null;
  const standard = { ...defaultObservationRecipe.bandpass, channelsPerCoarse: nchans };
  return fields.object(
    "bandpass",
    (inner) => {
      const spec = {
        channelsPerCoarse: inner.number("channelsPerCoarse", { min: 2, whole: true }, undefined),
        taps: inner.number("taps", { min: 1, max: 1000 }, undefined),
        slope: inner.number("slope", { above: -2, below: 2 }, undefined),
        ripple: inner.object("ripple", readRipple, undefined),
        dcSpike: inner.number("dcSpike", { min: 0 }, undefined),
      };
      return Object.fromEntries(Object.entries(spec).filter(([, one]) => one !== undefined)) as BandpassSpec;
    },
    standard,
  );
}

function readRipple(fields: Fields): NonNullable<BandpassSpec["ripple"]> {
  return {
    amplitude: fields.number("amplitude", { min: 0, below: 1 }),
    cycles: fields.number("cycles", { min: 0 }),
    phase: fields.number("phase", {}, 0),
  };
}

function readNoise(fields: Fields): NoiseRecipe {
  const distribution = fields.choice("distribution", ["chi-squared", "gaussian", "measured"] as const);
  if (distribution === "measured") return { distribution };
  const mean = fields.number("mean", distribution === "gaussian" ? {} : { above: 0 });
  if (distribution === "gaussian") return { distribution, mean, sigma: fields.number("sigma", { above: 0 }) };
  const dof = fields.number("dof", { min: 1, max: 1e9 }, undefined);
  return dof === undefined ? { distribution, mean } : { distribution, mean, dof };
}

function readDrawn(fields: Fields, standard: DrawnSignals): DrawnSignals {
  return {
    count: fields.number("count", { min: 0, max: 1e5, whole: true }, standard.count),
    snr: fields.interval("snr", strengths, standard.snr),
    convention: fields.choice("convention", snrConventions, standard.convention),
    driftHzPerS: fields.interval("driftHzPerS", { min: 0, max: 1e6 }, standard.driftHzPerS),
    paths: readWeights(fields, "paths", pathShapes, standard.paths),
    profiles: readWeights(fields, "profiles", profileShapes, standard.profiles),
    times: readWeights(fields, "times", timeShapes, standard.times),
  };
}

function readInterference(fields: Fields): DrawnInterference {
  const standard = defaultObservationRecipe.interference;
  return {
    ...readDrawn(fields, standard),
    still: fields.number("still", { min: 0, max: 1 }, standard.still),
    scans: readWeights(fields, "scans", ["all", "off", "some"], standard.scans),
  };
}

/** Kinds that are left out are never drawn. */
function readWeights<Kind extends string>(
  fields: Fields,
  key: string,
  kinds: readonly Kind[],
  standard: Weights<Kind>,
): Weights<Kind> {
  const found = fields.object(
    key,
    (inner) => {
      const weights = Object.fromEntries(kinds.map((kind) => [kind, inner.number(kind, { min: 0 }, 0)]));
      return weights as Weights<Kind>;
    },
    standard,
  );
  const isUsable = Object.values(found).some((weight) => (weight as number) > 0);
  return isUsable ? found : fields.fail(key, "weights, one of them above 0");
}

/** Parts of the recipe's seed. */
const [NEEDLES, INTERFERENCE, LEVEL] = [11, 12, 13];

/** Settles all that a recipe leaves to chance. The same for the same seed, a whole number from 0 below 2 ** 53. */
export function observationSpec(recipe: ObservationRecipe, seed: number): ObservationSpec {
  const { pattern, rowsPerScan, gapS, tsampS, tstartMjd, sourceName } = recipe;
  const frequency = { fch1MHz: recipe.fch1MHz, foffMHz: recipe.foffHz * 1e-6, nchans: recipe.nchans };
  const draw = (
    which: number,
    { count }: DrawnSignals,
    one: (random: RandomStream, index: number) => Emitter,
  ) => Array.from({ length: count }, (_, i) => one(randomStream(streamKey(seed, which, i)), i));
  const letters = [...new Set(pattern)];
  return {
    pattern,
    rowsPerScan,
    gapS,
    frequency,
    tsampS,
    tstartMjd,
    noise: settledNoise(recipe, randomStream(streamKey(seed, LEVEL))),
    bandpass: recipe.bandpass ?? {},
    emitters: [
      ...recipe.emitters,
      ...draw(NEEDLES, recipe.needles, (random, i) =>
        drawEmitter(random, recipe, recipe.needles, "needle", `needle ${i + 1}`),
      ),
      ...draw(INTERFERENCE, recipe.interference, (random, i) =>
        drawEmitter(random, recipe, recipe.interference, "interference", `interference ${i + 1}`),
      ),
    ],
    header: greenBankHeader,
    pointings: Object.fromEntries(
      letters.map((letter, i): [string, ObservationHeader] => [
        letter,
        {
          source_name: letter === "A" ? sourceName : `${sourceName}_OFF_${letter}`,
          src_raj: 22.957769,
          src_dej: 20.768833 + (letter === "A" ? 0 : 1 + 0.5 * i),
        },
      ]),
    ),
  };
}

function settledNoise(
  { noise, foffHz, tsampS }: ObservationRecipe,
  random: RandomStream,
): ObservationSpec["noise"] {
  if (noise.distribution !== "measured") return noise;
  // The table's frames have df dt = 2, so 8 degrees of freedom by the receiver equation.
  const level = drawNoiseLevel(random);
  return {
    distribution: "chi-squared",
    mean: level.mean,
    dof: Math.max(2, (pixelDof(foffHz * 1e-6, tsampS) * level.dof) / 8),
  };
}

/** What the ranges that cadence recipes give in rows are for. */
const USUAL_ROWS = 273;

function drawEmitter(
  random: RandomStream,
  recipe: ObservationRecipe,
  drawn: DrawnSignals | DrawnInterference,
  kind: Emitter["kind"],
  label: string,
): Emitter {
  const scale = scaleOfObservation(recipe);
  const { path: pathRecipe, time, profile } = defaultCadenceRecipe.needles;
  const rows = ([low, high]: Range): Range => {
    const factor = recipe.rowsPerScan / USUAL_ROWS;
    return [Math.max(1, low * factor), Math.max(2, high * factor)];
  };
  const perCadence = scale.durationS / scale.channelHz;
  const isStill = "still" in drawn && chance(random, drawn.still);
  const path = isStill
    ? ({ shape: "linear", driftHzPerS: 0 } as const)
    : drawPath(
        random,
        {
          ...pathRecipe,
          drift: [drawn.driftHzPerS[0] * perCadence, drawn.driftHzPerS[1] * perCadence],
          steep: 0,
          wanderRows: rows(pathRecipe.wanderRows),
          stepRows: rows(pathRecipe.stepRows),
          hopRows: rows(pathRecipe.hopRows),
        },
        pickKind(random, drawn.paths),
        scale,
      );
  const timeProfile = drawTime(
    random,
    { ...time, pulsePeriod: rows(time.pulsePeriod), scintillationRows: rows(time.scintillationRows) },
    pickKind(random, drawn.times),
    scale,
  );
  const frequencyProfile = drawProfile(random, profile, pickKind(random, drawn.profiles), scale);
  const snr = logUniformIn(random, drawn.snr);
  // The path passes a place off the band's edges in the middle of the observation.
  const channel = uniformIn(random, [0.04, 0.96]) * (recipe.nchans - 1);
  const axis = { fch1MHz: recipe.fch1MHz, foffMHz: recipe.foffHz * 1e-6, nchans: recipe.nchans };
  const offsetMHz = pathOffsetHz(path)(0.5 * (scale.durationS - recipe.tsampS)) * 1e-6;
  const signal = {
    frequencyMHz: channelFrequencyMHz(axis, channel) - offsetMHz,
    path,
    profile: frequencyProfile,
    timeProfile,
  };
  const scans = "scans" in drawn ? drawScans(random, drawn, recipe.pattern) : "on";
  return { kind, label, signal, strength: { snr, convention: drawn.convention }, scans };
}

/** `some`: from a scan on to the end, one of them OFF at least, where there is one. */
function drawScans(random: RandomStream, { scans }: DrawnInterference, pattern: string): Emitter["scans"] {
  const kind = pickKind(random, scans);
  const lastOff = cadenceRoles(pattern).lastIndexOf("OFF");
  if (kind === "all" || lastOff < 0) return "all";
  if (kind === "off") return "off";
  const from = Math.floor(random.uniform() * (lastOff + 1));
  return Array.from({ length: pattern.length - from }, (_, i) => from + i);
}

function scaleOfObservation(recipe: ObservationRecipe): CadenceScale {
  const { pattern, rowsPerScan, tsampS, gapS, foffHz, nchans } = recipe;
  return {
    channelHz: Math.abs(foffHz),
    rowS: tsampS,
    rows: rowsPerScan,
    channels: nchans,
    durationS: pattern.length * rowsPerScan * tsampS + (pattern.length - 1) * gapS,
  };
}
