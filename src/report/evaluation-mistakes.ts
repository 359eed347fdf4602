/** The worst mistakes on an evaluation's page. */

import { presentScans } from "../formats/truth-csv.ts";
import type { Evaluation } from "../learn/evaluation.ts";
import { interfererName, type Mistake } from "../learn/evaluation-parts.ts";
import { percent, scoreText } from "./evaluation-values.ts";
import { html, type Markup } from "./markup.ts";
import { table } from "./tables.ts";
import { counted } from "./values.ts";

/** `pictures` by id: addresses, which may be data. */
export function mistakesSection(
  { falseAlarms, missed }: Evaluation,
  pictures: ReadonlyMap<string, string> = new Map(),
): Markup {
  return html`<h2>The worst mistakes</h2>
${
  falseAlarms.length + missed.length === 0 &&
  html`<p>None: no cadence without a needle scores above one that has one.</p>`
}
${mistakeList("Needles with the lowest scores", missed, pictures, "of the cadences without a needle score higher")}
${mistakeList("False alarms with the highest scores", falseAlarms, pictures, "of the needles score lower")}`;
}

function mistakeList(
  title: string,
  mistakes: readonly Mistake[],
  pictures: ReadonlyMap<string, string>,
  beyond: string,
): Markup | false {
  if (mistakes.length === 0) return false;
  const shown = mistakes.filter(({ id }) => pictures.has(id));
  const list = table(mistakes, [
    {
      title: "Cadence",
      cell: ({ id }) => (pictures.has(id) ? html`<a href="#cadence-${id}">${id}</a>` : id),
    },
    { title: "Score", kind: "number", cell: ({ score }) => scoreText(score) },
    { title: "", cell: ({ wrongSideOf }) => `${percent(wrongSideOf)} ${beyond}` },
    { title: "Holds", kind: "wide", cell: ({ holds }) => holds.map(describeRow).join("; ") },
  ]);
  return html`<h3>${title}</h3>
${shown.map(
  ({ id, score, holds }) => html`<figure id="cadence-${id}" style="margin: 1.5rem 0">
<figcaption>${id}, score ${scoreText(score)}${holds.length > 0 && `: ${holds.map(describeRow).join("; ")}`}</figcaption>
<img src="${pictures.get(id)}" alt="The panels of cadence ${id}" style="max-width: 760px">
</figure>
`,
)}<details${{ markup: shown.length === 0 ? " open" : "" }}><summary>${counted(mistakes.length, "cadence")}, the worst first</summary>
${list}</details>`;
}

function describeRow(row: Mistake["holds"][number]): string {
  const { kind, shape, time, profile, snrDb, driftHzPerS } = row;
  const name = kind === "needle" ? kind : `interference (${interfererName(row)})`;
  return (
    `${name}: ${shape}, ${time}, ${profile}, ${snrDb.toFixed(1)} dB, ${driftHzPerS.toFixed(3)} Hz/s, ` +
    `scans ${presentScans(row).join(" ")}`
  );
}
