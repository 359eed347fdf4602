/** Where an axis has its ticks, and what they say. */

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export interface AxisTicks {
  readonly title: string;
  readonly ticks: readonly Tick[];
}

/** The smallest of 1, 2 and 5 times a power of ten that cuts `span` into at most `most` pieces. */
export function niceStep(span: number, most: number): number {
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((f) => f * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Ticks at the multiples of a nice step within `low` to `high`, labelled with the digits that the step needs. */
export function linearTicks(low: number, high: number, most: number): Tick[] {
  const step = niceStep(high - low, most);
  const decimals = decimalsOf(step);
  return multiplesWithin(low, high, step).map((k) => ({
    value: k * step,
    label: minusSign((k * step).toFixed(decimals)),
  }));
}

/**
 * A frequency axis: in MHz where three decimals tell the ticks apart, else in kHz or Hz from a round frequency within the band,
 * which the title gives; a band about 0, of a file that doesn't know its frequency, has plain offsets. `low` and `high` in MHz;
 * so are the ticks' values.
 */
export function frequencyTicks(low: number, high: number, most: number): AxisTicks {
  const step = niceStep(high - low, most);
  if (decimalsOf(step) <= 3) return { title: "Frequency, MHz", ticks: linearTicks(low, high, most) };
  const spanHz = (high - low) * 1e6;
  const [unit, unitHz] = spanHz >= 2000 ? (["kHz", 1000] as const) : (["Hz", 1] as const);
  if (low < 0 && high >= 0)
    return { title: `Frequency offset, ${unit}`, ticks: offsetTicks(low, high, 0, unitHz, most) };
  const round = 10 ** Math.floor(Math.log10(high - low));
  const digits = decimalsOf(round);
  const base = Number((Math.round((low + high) / 2 / round) * round).toFixed(digits));
  const ticks = offsetTicks(low, high, base, unitHz, most);
  return { title: `Frequency from ${base.toFixed(digits)} MHz, ${unit}`, ticks };
}

function offsetTicks(low: number, high: number, base: number, unitHz: number, most: number): Tick[] {
  const perUnit = 1e6 / unitHz;
  return linearTicks((low - base) * perUnit, (high - base) * perUnit, most).map(({ value, label }) => ({
    value: base + value / perUnit,
    label: value > 0 ? `+${label}` : label,
  }));
}

/** Ticks of power; large and small numbers are divided by a power of ten that the title gives. */
export function powerTicks(low: number, high: number, most: number, title: string): AxisTicks {
  const size = Math.max(Math.abs(low), Math.abs(high));
  const exponent = size >= 1e4 || size < 0.01 ? 3 * Math.floor(Math.log10(size) / 3) : 0;
  const factor = 10 ** exponent;
  const ticks = linearTicks(low / factor, high / factor, most).map(({ value, label }) => ({
    value: value * factor,
    label,
  }));
  return { title: exponent === 0 ? title : `${title}, units of 1e${exponent}`, ticks };
}

function multiplesWithin(low: number, high: number, step: number): number[] {
  const slack = 1e-6;
  const first = Math.ceil(low / step - slack);
  const last = Math.floor(high / step + slack);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i + 0);
}

function decimalsOf(step: number): number {
  return Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
}

function minusSign(label: string): string {
  return label.replace("-", "−");
}
