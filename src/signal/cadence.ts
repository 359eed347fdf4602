/** A cadence: scans of one observation, each ON the target or OFF it. */

import { UsageError } from "./errors.ts";

export type ScanRole = "ON" | "OFF";

export interface Scan<S> {
  readonly role: ScanRole;
  /** The letter of the pointing: A the target, other letters other places. */
  readonly pointing: string;
  readonly source: S;
}

/** Scans in the order of time, of whatever stands for one: a file, a spectrogram. */
export interface Cadence<S> {
  readonly pattern: string;
  readonly scans: readonly Scan<S>[];
}

/** The roles that a pattern such as ABACAD gives: A is ON, every other letter OFF. */
export function cadenceRoles(pattern: string): ScanRole[] {
  if (!/^[A-Za-z]+$/.test(pattern)) {
    throw new UsageError(
      `Cadence "${pattern}": a pattern is letters, one a scan, A for the target and others for elsewhere, such as ABACAD.`,
    );
  }
  const roles = [...pattern.toUpperCase()].map((letter): ScanRole => (letter === "A" ? "ON" : "OFF"));
  if (!roles.includes("ON"))
    throw new UsageError(`Cadence "${pattern}": no scan is A, the target. Mark at least one.`);
  return roles;
}

/** Pairs scans with a pattern's letters. Throws a UsageError where the counts differ. */
export function makeCadence<S>(pattern: string, sources: readonly S[]): Cadence<S> {
  const roles = cadenceRoles(pattern);
  if (roles.length !== sources.length) {
    throw new UsageError(
      `Cadence ${pattern} has ${roles.length} scans, but ${sources.length} were given. Give one file a letter, in the order of time.`,
    );
  }
  const letters = pattern.toUpperCase();
  return {
    pattern: letters,
    scans: sources.map((source, i) => ({ role: roles[i]!, pointing: letters[i]!, source })),
  };
}
