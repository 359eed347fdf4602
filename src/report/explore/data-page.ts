/** The page of a data set: what it holds, what is wrong with it, what its cadences look like. */

import { grouped } from "../../signal/describe.ts";
import { chartStyle, lineChart, type Point } from "../line-chart.ts";
import { html, type Markup } from "../markup.ts";
import { pageStyle } from "../page-style.ts";
import { table } from "../tables.ts";
import { counted } from "../values.ts";
import type { DataRecord, PeakHistogram, Sample, SplitRecord } from "./data-record.ts";
import { duplicateSentences, labelNames, labelRows, problemRows, sizeText, valueText } from "./data-text.ts";
import type { DuplicateMember } from "./duplicates.ts";

export interface DataPageContent {
  readonly record: DataRecord;
  /** Addresses of the two views of a sample, which may be data; samples without any are left out. */
  readonly pictures: ReadonlyMap<Sample, { readonly plain: string; readonly flat: string }>;
}

/** Problems and groups beyond this many are left to the tables. */
const MOST_ROWS = 500;

const style = `
.views { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: .8rem; }
.share { display: inline-block; height: .8rem; background: var(--on); vertical-align: middle; }
`;

export function dataPage({ record, pictures }: DataPageContent): string {
  const title = `Cadences of ${record.folder}`;
  const cadences = record.splits.reduce((sum, split) => sum + split.cadences, 0);
  const bytes = record.splits.reduce((sum, split) => sum + split.bytes, 0);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ markup: pageStyle + chartStyle + style }}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="quiet">${counted(cadences, "cadence")}, ${sizeText(bytes)}</p>
${record.notes.length > 0 && html`<ul>${record.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${record.splits.map((split) => splitSection(split, pictures))}
${duplicatesSection(record)}
<p class="quiet">${record.program.name} ${record.program.version}</p>
</main>
</body>
</html>
`;
  return page.markup;
}

function splitSection(split: SplitRecord, pictures: DataPageContent["pictures"]): Markup {
  const { cadences, read, layouts, peaks, values, pixels } = split;
  const labels = labelRows(split);
  return html`<h2>${split.split}</h2>
<p>${counted(cadences, "cadence")} in ${split.folder}; ${counted(read, "file was", "files were")} read whole.</p>
${
  labels.length === 0
    ? html`<p>No labels.</p>`
    : table(labels, [
        { title: "Label", cell: ({ name }) => name },
        { title: "Cadences", kind: "number", cell: ({ count }) => grouped(count) },
        { title: "Share", kind: "number", cell: ({ share }) => share },
        {
          title: "",
          cell: ({ count }) =>
            html`<span class="share" style="width: ${((14 * count) / cadences).toFixed(2)}rem"></span>`,
        },
      ])
}
${problemsSection(split)}
${picturesSection(split, pictures)}
<h3>Arrays and values</h3>
${table(layouts, [
  { title: "Shape and elements", cell: ({ layout }) => layout },
  { title: "Files", kind: "number", cell: ({ count }) => grouped(count) },
])}
${table(values, [
  { title: "", cell: ({ what }) => what },
  { title: "Of", cell: ({ of }) => of },
  { title: "Least", kind: "number", cell: ({ min }) => valueText(min) },
  { title: "5 %", kind: "number", cell: ({ p05 }) => valueText(p05) },
  { title: "Median", kind: "number", cell: ({ median }) => valueText(median) },
  { title: "95 %", kind: "number", cell: ({ p95 }) => valueText(p95) },
  { title: "Greatest", kind: "number", cell: ({ max }) => valueText(max) },
])}
${
  pixels.length > 0 &&
  html`<p>Of all values, from one in 17: ${pixels
    .map(({ quantile, value }) => `${Number((100 * quantile).toFixed(1))} % lie below ${valueText(value)}`)
    .join(", ")}.</p>`
}
${peaks && html`<div class="charts">${peaksChart(peaks)}</div>`}
${truthSection(split)}`;
}

function problemsSection(split: SplitRecord): Markup {
  const rows = problemRows(split);
  const { problems, flatPanels } = split;
  if (rows.length === 0 && flatPanels.length === 0) {
    return html`<p class="good">Every cadence has its file, of the right shape and with numbers throughout.</p>`;
  }
  return html`<h3>What is wrong</h3>
${
  rows.length > 0 &&
  table(rows, [
    { title: "Cadences", cell: ({ name }) => html`<span class="bad">${name}</span>` },
    { title: "", kind: "number", cell: ({ count }) => grouped(count) },
  ])
}
${
  problems.length > 0 &&
  html`<details><summary>${
    problems.length > MOST_ROWS
      ? `The first ${MOST_ROWS} of ${grouped(problems.length)}; problems.csv has all`
      : "Each of them"
  }</summary>
${table(problems.slice(0, MOST_ROWS), [
  { title: "Cadence", cell: ({ id }) => id },
  { title: "", kind: "wide", cell: ({ message }) => message },
])}</details>`
}
${
  flatPanels.length > 0 &&
  html`<p>In ${counted(flatPanels.length, "cadence")} a panel has one value throughout: ${flatPanels.slice(0, 20).join(" ")}${
    flatPanels.length > 20 && " and others"
  }.</p>`
}`;
}

function picturesSection({ split, samples }: SplitRecord, pictures: DataPageContent["pictures"]): Markup[] {
  const labels = [...new Set(samples.map(({ label }) => label))];
  return labels.map((label) => {
    const own = samples.filter((sample) => sample.label === label && pictures.has(sample));
    return html`<h3>${split}, ${labelNames[label]}: ${counted(own.length, "cadence")}</h3>
<p class="quiet">ON panels are of the target (A), OFF panels of other places. Left: values as they are. Right: each channel and each row by its own median and deviation.</p>
${own.map((sample) => {
  const { plain, flat } = pictures.get(sample)!;
  return html`<figure style="margin: 1.2rem 0">
<figcaption>${sample.id}${sample.holds.length > 0 && `: ${sample.holds.join("; ")}`}</figcaption>
<div class="views"><img src="${plain}" alt="The panels of ${sample.id}" loading="lazy"><img src="${flat}" alt="The panels of ${sample.id}, each channel and row by itself" loading="lazy"></div>
</figure>
`;
})}`;
  });
}

/** Shares of the cadences of each label, as steps. */
function peaksChart({ edges, positive, negative }: PeakHistogram): Markup {
  const steps = (counts: readonly number[]): Point[] => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.flatMap((count, i): Point[] => {
      const share = total === 0 ? 0 : count / total;
      return [
        [edges[i]!, share],
        [edges[i + 1]!, share],
      ];
    });
  };
  const [line, reference] = [steps(positive), steps(negative)];
  const highest = Math.max(...[...line, ...reference].map(([, share]) => share));
  return lineChart({
    title: "Largest ON value: positives, dashed negatives",
    x: { title: "Largest value", low: edges[0]!, high: edges.at(-1)!, log: true },
    y: { title: "Share of the label's cadences", low: 0, high: highest * 1.05 || 1 },
    line,
    reference,
  });
}

function truthSection({ truth }: SplitRecord): Markup | false {
  if (truth.length === 0) return false;
  return html`<h3>What was put in</h3>
${table(truth, [
  { title: "Kind", cell: ({ kind }) => kind },
  { title: "Path", cell: ({ shape }) => shape },
  { title: "Signals", kind: "number", cell: ({ count }) => grouped(count) },
  { title: "S/N, dB: least", kind: "number", cell: ({ lowDb }) => lowDb.toFixed(1) },
  { title: "median", kind: "number", cell: ({ medianDb }) => medianDb.toFixed(1) },
  { title: "greatest", kind: "number", cell: ({ highDb }) => highDb.toFixed(1) },
])}`;
}

function duplicatesSection(record: DataRecord): Markup {
  const { groups, sharedPanels } = record.duplicates;
  const sentences = duplicateSentences(record);
  return html`<h2>Duplicates</h2>
${
  sentences.length === 0
    ? html`<p class="good">No cadence is a copy of another, and no two share a panel.</p>`
    : sentences.map((sentence) => html`<p>${sentence}</p>`)
}
${
  groups.length > 0 &&
  html`<h3>The same throughout</h3>
${groups.length > MOST_ROWS && html`<p class="quiet">The first ${MOST_ROWS} of ${grouped(groups.length)} groups.</p>`}
${table(groups.slice(0, MOST_ROWS), [
  { title: "Cadences", kind: "wide", cell: ({ members }) => members.map(memberText).join(", ") },
  {
    title: "",
    cell: ({ conflicting }) => conflicting && html`<span class="bad">different targets</span>`,
  },
])}`
}
${
  sharedPanels.length > 0 &&
  html`<h3>Panels in two cadences</h3>
<p class="quiet">The first ${sharedPanels.length}.</p>
${table(sharedPanels, [
  { title: "Panel", cell: ({ panels, members }) => `${panels[0]} of ${memberText(members[0])}` },
  { title: "Panel", cell: ({ panels, members }) => `${panels[1]} of ${memberText(members[1])}` },
])}`
}`;
}

function memberText({ split, id, target }: DuplicateMember): string {
  return `${id} (${split}${target === null ? "" : `, ${target}`})`;
}
