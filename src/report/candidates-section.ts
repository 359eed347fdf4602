/** The part of a search's page that tells of a detector. */

import { describeHz } from "../signal/describe.ts";
import type { CadenceEvent } from "../signal/hit.ts";
import type { SearchRecord } from "../signal/search-record.ts";
import { hitsWithin, scoreText } from "./candidate-values.ts";
import { html, type Markup } from "./markup.ts";
import { type Column, table } from "./tables.ts";
import { counted, frequencyText } from "./values.ts";

/** Candidates beyond this many, those of the lowest score, are left to the tables. */
const MOST_ROWS = 200;

/** The detector's score in a table of events; none where there is no detector. */
export function scoreColumns({ detector }: SearchRecord): Column<CadenceEvent>[] {
  if (detector === undefined) return [];
  return [
    {
      title: "Detector",
      kind: "number",
      cell: ({ detectorScore }) => (detectorScore === undefined ? "" : scoreText(detectorScore)),
    },
  ];
}

/** Nothing where there is no detector. `pictures`: their addresses, one a candidate as far as there are any. */
export function candidatesSection(record: SearchRecord, pictures: readonly string[]): Markup | false {
  const { detector } = record;
  if (detector === undefined) return false;
  const { candidates, model, threshold, windows, bandWindows } = detector;
  if (windows === 0) {
    return html`<h2>The detector</h2>
<p>${model} scored the events alone. It did not look at the ${counted(bandWindows, "window")} of the band for what the drift search doesn't find.</p>`;
  }
  const shown = candidates.slice(0, MOST_ROWS);
  return html`<h2>Found by the detector alone</h2>
<p>${model} looked at ${counted(windows, "window")} of the band. ${counted(candidates.length, "candidate")} with a score of ${threshold} or more
${candidates.length === 1 ? "lies" : "lie"} where no event does.</p>
${
  shown.length > 0 &&
  html`<p class="quiet">The score is the network's probability among cadences like those it was trained on, and no chance of a discovery. Hits that
pass through the same frequencies are counted; where there are some in OFF scans, interference is the likelier cause.</p>
${table(shown, [
  {
    title: "",
    kind: "number",
    cell: (_, i) => (pictures[i] ? html`<a href="#candidate-${i + 1}">${i + 1}</a>` : i + 1),
  },
  { title: "Score", kind: "number", cell: ({ score }) => scoreText(score) },
  { title: "From MHz", kind: "number", cell: ({ lowMHz }) => frequencyText(lowMHz) },
  { title: "To MHz", kind: "number", cell: ({ highMHz }) => frequencyText(highMHz) },
  { title: "Width", kind: "number", cell: ({ lowMHz, highMHz }) => describeHz((highMHz - lowMHz) * 1e6, 3) },
  { title: "Windows", kind: "number", cell: ({ windows }) => windows },
  { title: "ON hits", kind: "number", cell: (candidate) => hitsWithin(record, candidate).on },
  { title: "OFF hits", kind: "number", cell: (candidate) => hitsWithin(record, candidate).off },
])}`
}
${
  shown.length < candidates.length &&
  html`<p class="quiet">The ${shown.length} of the highest score are shown; results.json has all.</p>`
}
${pictures.map(
  (picture, i) => html`<section id="candidate-${i + 1}">
<h3>Candidate ${i + 1}: ${frequencyText(candidates[i]!.best.lowMHz)} to ${frequencyText(candidates[i]!.best.highMHz)} MHz</h3>
<img src="${picture}" alt="Waterfalls of all scans about candidate ${i + 1}" loading="lazy">
</section>
`,
)}`;
}
