/** Putting together what was seen of a split's files. */

import type { CadenceProblem, CadenceSet } from "../../formats/cadence-folder.node.ts";
import type { TruthRow } from "../../formats/truth-csv.ts";
import { float16Table } from "../../signal/float16.ts";
import { quantiles } from "../../signal/robust.ts";
import { PANEL_FIELDS } from "./cadence-summary.ts";
import {
  type LabelCounts,
  type LabelName,
  labelName,
  type PeakHistogram,
  type Sample,
  type SplitRecord,
  type ValueSpread,
} from "./data-record.ts";
import type { HashedCadence } from "./duplicates.ts";
import { groupBy } from "./group-by.ts";
import type { FileLook } from "./scan-messages.ts";
import { describeTruth, truthGroups } from "./truth-groups.ts";

const [MIN, MAX, MEAN, DEVIATION] = [0, 1, 2, 3];

export interface SplitOptions {
  readonly name: SplitRecord["split"];
  /** Cadences of each label that are pictured. */
  readonly samples: number;
  /** Of all splits. */
  readonly truth: readonly TruthRow[];
}

/** Takes looks at a set's files, in any order, and makes the record of them. Holds 32 bytes a panel and some 200 a cadence. */
export function collectSplit(set: CadenceSet, options: SplitOptions) {
  const { ids, labels, shape } = set;
  const perCadence = shape.panels * PANEL_FIELDS.length;
  const fields = new Float32Array(ids.length * perCadence).fill(Number.NaN);
  const hashes = new Array<string | undefined>(ids.length);
  /** NaN for panels that can't be the same as another: of files of another shape, of one value throughout. */
  const panelHashes = new Float64Array(ids.length * shape.panels).fill(Number.NaN);
  const problems: { place: number; problem: CadenceProblem }[] = [];
  const layouts = new Map<string, number>();
  const flat = new Set<number>();
  let read = 0;
  let bytes = 0;

  const targetOf = (place: number) => labels?.[place] ?? Number.NaN;
  const field = (place: number, panel: number, which: number) =>
    fields[place * perCadence + panel * PANEL_FIELDS.length + which]!;

  return {
    take(place: number, look: FileLook): void {
      bytes += look.bytes;
      if (look.problem !== undefined) problems.push({ place, problem: look.problem });
      if (look.shape !== undefined) {
        const { panels, rows, channels } = look.shape;
        const layout = `(${panels}, ${rows}, ${channels}) ${look.descr}`;
        layouts.set(layout, (layouts.get(layout) ?? 0) + 1);
      }
      hashes[place] = look.hash;
      if (look.panels === undefined) return;
      read++;
      fields.set(look.panels, place * perCadence);
      panelHashes.set(look.panelHashes!, place * shape.panels);
      for (let panel = 0; panel < shape.panels; panel++) {
        if (field(place, panel, DEVIATION!) !== 0) continue;
        flat.add(place);
        panelHashes[place * shape.panels + panel] = Number.NaN;
      }
    },

    hashed(): HashedCadence[] {
      return ids.flatMap((id, place) => {
        const hash = hashes[place];
        if (hash === undefined) return [];
        const own = panelHashes.subarray(place * shape.panels, (place + 1) * shape.panels);
        return [{ split: options.name, id, target: targetOf(place), hash, panelHashes: own }];
      });
    },

    record(counts: Float64Array): SplitRecord {
      const ordered = problems.sort((a, b) => a.place - b.place).map(({ problem }) => problem);
      const all = [...set.problems, ...ordered];
      const own = new Set(ids);
      const rows = options.truth.filter(({ id }) => own.has(id));
      const places = ids.map((_, place) => place);
      const bad = new Set(problems.map(({ place }) => place));
      const shown = places.filter((place) => hashes[place] !== undefined && !bad.has(place));
      return {
        split: options.name,
        folder: set.name,
        cadences: ids.length,
        read,
        bytes,
        labels: labels === undefined ? null : countLabels(labels),
        shape,
        layouts: [...layouts]
          .map(([layout, count]) => ({ layout, count }))
          .sort((a, b) => b.count - a.count || (a.layout < b.layout ? -1 : 1)),
        problemCounts: countKinds(all),
        problems: all,
        flatPanels: [...flat].sort((a, b) => a - b).map((place) => ids[place]!),
        values: valueSpreads(places),
        pixels: pixelQuantiles(counts),
        peaks: labels === undefined ? null : peakHistogram(places),
        truth: truthGroups(rows),
        samples: chooseSamples(shown, rows),
      };
    },
  };

  /** Spreads over all cadences, and over those of each label where there are several. */
  function valueSpreads(places: readonly number[]): ValueSpread[] {
    const groups = groupBy(places, (place) => labelName(targetOf(place)));
    const named = [...groups].sort(([a], [b]) => LABEL_ORDER.indexOf(a) - LABEL_ORDER.indexOf(b));
    const over = (what: string, valuesOf: (place: number) => number[]): ValueSpread[] => [
      ...spread(what, "all", places.flatMap(valuesOf)),
      ...(named.length > 1
        ? named.flatMap(([label, own]) => spread(what, label, own.flatMap(valuesOf)))
        : []),
    ];
    const panels = Array.from({ length: shape.panels }, (_, i) => i);
    const largest = (place: number, which: readonly number[]) => [
      Math.max(...which.map((panel) => field(place, panel, MAX!))),
    ];
    return [
      ...over("smallest value", (place) => [Math.min(...panels.map((panel) => field(place, panel, MIN!)))]),
      ...over("largest value, ON panels", (place) => largest(place, panels.filter(isOn))),
      ...(shape.panels > 1
        ? over("largest value, OFF panels", (place) =>
            largest(
              place,
              panels.filter((panel) => !isOn(panel)),
            ),
          )
        : []),
      ...over("mean of a panel", (place) => panels.map((panel) => field(place, panel, MEAN!))),
      ...over("standard deviation of a panel", (place) =>
        panels.map((panel) => field(place, panel, DEVIATION!)),
      ),
    ];
  }

  function peakHistogram(places: readonly number[]): PeakHistogram | null {
    const on = Array.from({ length: shape.panels }, (_, i) => i).filter(isOn);
    const peaks = places
      .map((place) => ({
        peak: Math.max(...on.map((panel) => field(place, panel, MAX!))),
        label: labelName(targetOf(place)),
      }))
      .filter(({ peak }) => peak > 0 && Number.isFinite(peak));
    if (peaks.length === 0) return null;
    const sorted = Float32Array.from(peaks, ({ peak }) => peak);
    const [low, high] = quantiles(sorted, [0, 1]) as [number, number];
    const step = Math.max(Math.log(high / low), 1e-3) / PEAK_BINS;
    const edges = Array.from({ length: PEAK_BINS + 1 }, (_, i) => low * Math.exp(i * step));
    const count = (wanted: LabelName) => {
      const bins = new Array<number>(PEAK_BINS).fill(0);
      for (const { peak, label } of peaks) {
        if (label !== wanted) continue;
        bins[Math.min(PEAK_BINS - 1, Math.floor(Math.log(peak / low) / step))]!++;
      }
      return bins;
    };
    return { edges, positive: count("positive"), negative: count("negative") };
  }

  /** Evenly spread over the cadences of each label. */
  function chooseSamples(places: readonly number[], rows: readonly TruthRow[]): Sample[] {
    const byLabel = groupBy(places, (place) => labelName(targetOf(place)));
    return LABEL_ORDER.flatMap((label) => {
      const own = byLabel.get(label) ?? [];
      const count = Math.min(options.samples, own.length);
      return Array.from({ length: count }, (_, i): Sample => {
        const place = own[Math.floor(((i + 0.5) / count) * own.length)]!;
        const id = ids[place]!;
        const target = targetOf(place);
        return {
          id,
          path: set.pathOf(place),
          label,
          target: Number.isNaN(target) ? null : target,
          holds: rows.filter((row) => row.id === id).map(describeTruth),
        };
      });
    });
  }
}

const LABEL_ORDER: readonly LabelName[] = ["positive", "between", "negative", "unlabelled"];
const PEAK_BINS = 30;
const PIXEL_QUANTILES = [0.001, 0.01, 0.05, 0.5, 0.95, 0.99, 0.999];

const isOn = (panel: number): boolean => panel % 2 === 0;

function countLabels(labels: Float32Array): LabelCounts {
  const counts = { positive: 0, negative: 0, between: 0, unlabelled: 0 };
  for (const target of labels) counts[labelName(target)]++;
  return counts;
}

function countKinds(problems: readonly CadenceProblem[]): SplitRecord["problemCounts"] {
  const counts: Partial<Record<CadenceProblem["kind"], number>> = {};
  for (const { kind } of problems) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function spread(what: string, of: ValueSpread["of"], all: readonly number[]): ValueSpread[] {
  const values = Float32Array.from(all.filter((value) => !Number.isNaN(value)));
  if (values.length === 0) return [];
  const [min, p05, median, p95, max] = quantiles(values, [0, 0.05, 0.5, 0.95, 1]) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return [{ what, of, count: values.length, min, p05, median, p95, max }];
}

/** Quantiles of values that were counted by their half-precision pattern. */
function pixelQuantiles(counts: Float64Array): SplitRecord["pixels"] {
  const table = float16Table();
  const finite = (pattern: number) => (pattern & 0x7c00) !== 0x7c00;
  const rising = [
    ...Array.from({ length: 0x7c00 }, (_, i) => 0xfbff - i),
    ...Array.from({ length: 0x7c00 }, (_, i) => i),
  ].filter((pattern) => finite(pattern) && counts[pattern]! > 0);
  const total = rising.reduce((sum, pattern) => sum + counts[pattern]!, 0);
  if (total === 0) return [];
  let at = 0;
  let below = counts[rising[0]!]!;
  return PIXEL_QUANTILES.map((quantile) => {
    while (below < quantile * total && at < rising.length - 1) below += counts[rising[++at]!]!;
    return { quantile, value: table[rising[at]!]! };
  });
}
