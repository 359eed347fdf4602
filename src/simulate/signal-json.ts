/** Signals read from JSON that a person wrote: every number checked, every key known. docs/simulation.md lists them. */

import type { Fields, NumberRange } from "../signal/json-fields.ts";
import type { FrequencyProfile, LineShape } from "./frequency-profiles.ts";
import type { Emitter } from "./observation.ts";
import type { Path } from "./paths.ts";
import type { Signal } from "./signals.ts";
import type { TimeProfile } from "./time-profiles.ts";

export const pathShapes = ["linear", "quadratic", "sine", "random-walk", "stepped", "hopping"] as const;
export const profileShapes = ["tone", "box", "gaussian", "lorentzian", "voigt", "lines"] as const;
export const timeShapes = [
  "steady",
  "pulsed",
  "partial",
  "gaussian-pulses",
  "sine",
  "scintillating",
] as const;

/** Shorter times would cut every row of a common file into a hundred thousand pieces. */
const duration = { min: 1e-4, max: 1e9 } as const;
const width = { above: 0, max: 1e8 } as const;
const drift = { min: -1e6, max: 1e6 } as const;
const offset = { min: -1e9, max: 1e9 } as const;
const seed = { min: 0, whole: true } as const;

export const snrConventions = ["matched", "setigen", "cadence"] as const;
export const strengths: NumberRange = { above: 0, max: 1e12 };

/** `kind`, `label`, `signal`, `snr`, `convention`, `scans`: a needle in the ON scans unless it says otherwise. */
export function readEmitter(fields: Fields, index: number): Emitter {
  const kind = fields.choice("kind", ["needle", "interference"] as const, "needle");
  const scans = fields.any("scans") ?? (kind === "needle" ? "on" : "all");
  const isList = Array.isArray(scans) && scans.every((scan) => Number.isInteger(scan) && scan >= 0);
  if (!isList && scans !== "on" && scans !== "off" && scans !== "all") {
    fields.fail("scans", "on, off, all, or an array of scans, counted from 0");
  }
  return {
    kind,
    label: fields.text("label", `${kind} ${index + 1}`),
    signal: fields.object("signal", readSignal),
    strength: {
      snr: fields.number("snr", strengths),
      convention: fields.choice("convention", snrConventions, "matched"),
    },
    scans: scans as Emitter["scans"],
  };
}

/** A signal's own keys; of them, only `frequencyMHz` has no default: a steady tone that doesn't drift. */
export function readSignal(fields: Fields): Signal {
  return {
    frequencyMHz: fields.number("frequencyMHz", { above: 0, max: 1e9 }),
    path: fields.object("path", readPath, { shape: "linear", driftHzPerS: 0 } as const),
    profile: fields.object("profile", readProfile, { shape: "tone" } as const),
    timeProfile: fields.object("timeProfile", readTimeProfile, { shape: "steady" } as const),
  };
}

export function readPath(fields: Fields): Path {
  const shape = fields.choice("shape", pathShapes);
  const driftHzPerS = fields.number("driftHzPerS", drift, 0);
  switch (shape) {
    case "linear":
      return { shape, driftHzPerS };
    case "quadratic":
      return { shape, driftHzPerS, driftRateHzPerS2: fields.number("driftRateHzPerS2", drift) };
    case "sine":
      return {
        shape,
        driftHzPerS,
        amplitudeHz: fields.number("amplitudeHz", offset),
        periodS: fields.number("periodS", duration),
        phase: fields.number("phase", {}, 0),
      };
    case "random-walk":
      return {
        shape,
        driftHzPerS,
        stepHz: fields.number("stepHz", offset),
        stepS: fields.number("stepS", duration),
        seed: fields.number("seed", seed),
      };
    case "stepped": {
      const path = {
        shape,
        driftHzPerS,
        stepHz: fields.number("stepHz", offset),
        stepS: fields.number("stepS", duration),
      };
      const chance = fields.number("seed", seed, undefined);
      return chance === undefined ? path : { ...path, seed: chance };
    }
    case "hopping":
      return {
        shape,
        driftHzPerS,
        spreadHz: fields.number("spreadHz", width),
        stepS: fields.number("stepS", duration),
        seed: fields.number("seed", seed),
      };
  }
}

export function readProfile(fields: Fields): FrequencyProfile {
  const shape = fields.choice("shape", profileShapes);
  if (shape !== "lines") return readLineShape(fields);
  const lines = fields.list("lines", (line) => ({
    offsetHz: line.number("offsetHz", offset),
    weight: line.number("weight", { above: 0 }, 1),
    profile: line.object("profile", readLineShape, { shape: "tone" } as const),
  }));
  return lines.length === 0 ? fields.fail("lines", "an array of at least one line") : { shape, lines };
}

function readLineShape(fields: Fields): LineShape {
  const shape = fields.choice("shape", ["tone", "box", "gaussian", "lorentzian", "voigt"] as const);
  switch (shape) {
    case "tone":
      return { shape };
    case "box":
      return { shape, widthHz: fields.number("widthHz", width) };
    case "gaussian":
    case "lorentzian":
      return { shape, fwhmHz: fields.number("fwhmHz", width) };
    case "voigt":
      return {
        shape,
        gaussianFwhmHz: fields.number("gaussianFwhmHz", width),
        lorentzianFwhmHz: fields.number("lorentzianFwhmHz", width),
      };
  }
}

export function readTimeProfile(fields: Fields): TimeProfile {
  const shape = fields.choice("shape", timeShapes);
  switch (shape) {
    case "steady":
      return { shape };
    case "pulsed":
      return {
        shape,
        periodS: fields.number("periodS", duration),
        duty: fields.number("duty", { above: 0, max: 1 }),
        startS: fields.number("startS", offset, 0),
      };
    case "partial": {
      const startS = fields.number("startS", offset);
      const stopS = fields.number("stopS", offset);
      return startS < stopS ? { shape, startS, stopS } : fields.fail("stopS", `later than startS, ${startS}`);
    }
    case "gaussian-pulses": {
      const periodS = fields.number("periodS", duration);
      return {
        shape,
        periodS,
        fwhmS: fields.number("fwhmS", { ...duration, max: 100 * periodS }),
        startS: fields.number("startS", offset, 0),
      };
    }
    case "sine":
      return {
        shape,
        periodS: fields.number("periodS", duration),
        depth: fields.number("depth", { min: 0, max: 1 }),
        phase: fields.number("phase", {}, 0),
      };
    case "scintillating":
      return {
        shape,
        timescaleS: fields.number("timescaleS", duration),
        modulation: fields.number("modulation", { above: 0, max: 1 }),
        seed: fields.number("seed", seed),
      };
  }
}
