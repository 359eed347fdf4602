/** Quantities as a person reads them: dates, frequencies, durations, positions, sizes. */

const MJD_OF_1970 = 40_587;
const MS_PER_DAY = 86_400_000;

/** A modified Julian date as "2016-09-19 18:45:40 UTC". Empty where it is 0, that is not known, or no date. */
export function describeUtc(mjd: number): string {
  const ms = Math.round(((mjd - MJD_OF_1970) * MS_PER_DAY) / 1000) * 1000;
  if (mjd === 0 || !(Math.abs(ms) < 8.64e15)) return "";
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A frequency or a width with the unit that suits it: "2.794 Hz", "187.5 MHz". `digits` counts all of them. */
export function describeHz(hz: number, digits = 4): string {
  const size = Math.abs(hz);
  const [factor, unit] =
    size >= 1e9 ? [1e9, "GHz"] : size >= 1e6 ? [1e6, "MHz"] : size >= 1e3 ? [1e3, "kHz"] : [1, "Hz"];
  return `${significant(hz / factor, digits)} ${unit}`;
}

/** A duration: "18.25 s", "292.1 s (4 min 52 s)", "64 µs". */
export function describeSeconds(seconds: number, digits = 4): string {
  if (seconds !== 0 && seconds < 1e-3) return `${significant(seconds * 1e6, digits)} µs`;
  if (seconds !== 0 && seconds < 1) return `${significant(seconds * 1e3, digits)} ms`;
  const plain = `${significant(seconds, digits)} s`;
  return seconds < 120 ? plain : `${plain} (${describeClock(seconds)})`;
}

/** "4 min 52 s", "2 h 05 min". */
export function describeClock(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** "5.00 GB (5,000,000,000 bytes)"; small sizes in bytes alone. */
export function describeBytes(bytes: number): string {
  const exact = `${grouped(bytes)} bytes`;
  if (bytes < 1000) return exact;
  const units = ["kB", "MB", "GB", "TB", "PB", "EB"];
  // What rounds to 1,000 of a unit is one of the next.
  const rounded = Number(bytes.toPrecision(3));
  const power = Math.min(units.length, Math.floor(Math.log10(rounded) / 3));
  const count = rounded / 1000 ** power;
  return `${count < 1000 ? count.toPrecision(3) : grouped(count)} ${units[power - 1]} (${exact})`;
}

/** Right ascension (hours) or declination (degrees) in sexagesimals: "17:12:40.1", "-12:07:33". */
export function describeSexagesimal(value: number, secondDigits: number): string {
  const scale = 10 ** secondDigits;
  const total = Math.round(Math.abs(value) * 3600 * scale);
  const pad = (n: number) => String(n).padStart(2, "0");
  const seconds = ((total % (60 * scale)) / scale).toFixed(secondDigits);
  const minutes = Math.floor(total / (60 * scale)) % 60;
  const units = Math.floor(total / (3600 * scale));
  return `${value < 0 ? "-" : ""}${pad(units)}:${pad(minutes)}:${seconds.padStart(secondDigits === 0 ? 2 : secondDigits + 3, "0")}`;
}

/** "1,048,576". */
export function grouped(n: number): string {
  return n.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

function significant(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}
