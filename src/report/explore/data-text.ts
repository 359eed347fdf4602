/** A data set's record in words: for the terminal and the page alike. */

import type { CadenceProblem } from "../../formats/cadence-folder.node.ts";
import { grouped } from "../../signal/describe.ts";
import { counted } from "../values.ts";
import type { DataRecord, LabelCounts, SplitRecord, ValueSpread } from "./data-record.ts";

export const problemNames: Readonly<Record<CadenceProblem["kind"], string>> = {
  "missing-file": "named in a table, without a file",
  "unlabelled-file": "files that no table names",
  "wrong-shape": "of another shape than the rest",
  "not-finite": "with values that are NaN or infinite",
  unreadable: "that can't be read",
  "bad-label": "with a target that is none",
  "duplicate-id": "of which an id stands twice",
};

export const labelNames: Readonly<Record<keyof LabelCounts, string>> = {
  positive: "positive (target 1)",
  between: "between 0 and 1",
  negative: "negative (target 0)",
  unlabelled: "without a label",
};

/** Four digits, or two of what is below a thousandth: "0.03516", "1.2e−6". */
export function valueText(value: number): string {
  const small = value !== 0 && Math.abs(value) < 1e-3;
  return (small ? value.toExponential(1) : String(Number(value.toPrecision(4)))).replaceAll("-", "−");
}

export function sizeText(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

function percentText(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

/** Labels that occur, positives first. */
export function labelRows({
  labels,
  cadences,
}: SplitRecord): { name: string; count: number; share: string }[] {
  if (labels === null) return [];
  return (["positive", "between", "negative", "unlabelled"] as const)
    .filter((label) => labels[label] > 0)
    .map((label) => ({
      name: labelNames[label],
      count: labels[label],
      share: percentText(labels[label], cadences),
    }));
}

export function problemRows({ problemCounts }: SplitRecord): { name: string; count: number }[] {
  return (Object.keys(problemNames) as CadenceProblem["kind"][]).flatMap((kind) => {
    const count = problemCounts[kind];
    return count === undefined ? [] : [{ name: problemNames[kind], count }];
  });
}

/** Sentences on what is the same; none where nothing is. */
export function duplicateSentences({ duplicates }: DataRecord): string[] {
  const { groups, spare, sharing, sharingAcrossSplits } = duplicates;
  const sentences: string[] = [];
  if (spare > 0) {
    const conflicting = groups.filter((group) => group.conflicting).length;
    const across = groups.filter((group) => group.acrossSplits).length;
    sentences.push(
      `${counted(spare, "cadence is a copy", "cadences are copies")} of another, in ${counted(groups.length, "group")}` +
        `${across > 0 ? `; ${counted(across, "group lies", "groups lie")} in train and test` : ""}` +
        `${conflicting > 0 ? `; ${counted(conflicting, "group has", "groups have")} different targets` : ""}.`,
    );
  }
  if (sharing > 0) {
    sentences.push(
      `${counted(sharing, "cadence shares", "cadences share")} a panel with another that is not the same throughout` +
        `${sharingAcrossSplits > 0 ? `; ${grouped(sharingAcrossSplits)} of them across train and test` : ""}.`,
    );
  }
  return sentences;
}

/** What a person sees on the terminal. */
export function dataText(record: DataRecord): string {
  const lines: string[] = [];
  for (const split of record.splits) {
    lines.push(
      `${split.folder}`,
      ...splitLines(split).map(([name, text]) => `  ${name.padEnd(12)} ${text}`),
      "",
    );
  }
  const same = duplicateSentences(record);
  lines.push(...(same.length > 0 ? same : ["No cadence is a copy of another, and no two share a panel."]));
  lines.push(...record.notes.map((note) => `Note: ${note}`));
  return `${lines.join("\n")}\n`;
}

function splitLines(split: SplitRecord): [string, string][] {
  const { cadences, read, bytes, layouts, flatPanels, pixels } = split;
  const labels = labelRows(split);
  const problems = problemRows(split);
  const spreadOf = (what: string) => split.values.find((one) => one.what === what && one.of === "all");
  const between = ({ min, max }: ValueSpread) => `${valueText(min)} to ${valueText(max)}`;
  const lowest = spreadOf("smallest value");
  const highest = split.values.filter(({ what }) => what.startsWith("largest value"));
  const mean = spreadOf("mean of a panel");
  const deviation = spreadOf("standard deviation of a panel");
  return [
    ["Cadences", counted(cadences, "cadence")],
    ...(labels.length === 0
      ? [["Labels", "none"] as [string, string]]
      : labels.map(({ name, count, share }, i): [string, string] => [
          i === 0 ? "Labels" : "",
          `${grouped(count).padStart(7)}  ${share.padStart(6)}  ${name}`,
        ])),
    ["Files", `${grouped(read)} read whole, ${sizeText(bytes)}`],
    ...layouts
      .slice(0, 5)
      .map(({ layout, count }, i): [string, string] => [
        i === 0 ? "Arrays" : "",
        `${grouped(count).padStart(7)}  ${layout}`,
      ]),
    ...(lowest === undefined
      ? []
      : ([
          ["Values", `${valueText(lowest.min)} to ${valueText(Math.max(...highest.map(({ max }) => max)))}`],
          [
            "",
            `99.8 % of them lie from ${valueText(pixels[0]!.value)} to ${valueText(pixels.at(-1)!.value)}`,
          ],
          ["Panels", `means ${between(mean!)}, standard deviations ${between(deviation!)}`],
        ] as [string, string][])),
    ...problems.map(({ name, count }, i): [string, string] => [
      i === 0 ? "Problems" : "",
      `${grouped(count).padStart(7)}  ${name}`,
    ]),
    ...(problems.length === 0 ? [["Problems", "none"] as [string, string]] : []),
    ...(flatPanels.length === 0
      ? []
      : ([["", `${grouped(flatPanels.length).padStart(7)}  with a panel of one value`]] as [
          string,
          string,
        ][])),
  ];
}
