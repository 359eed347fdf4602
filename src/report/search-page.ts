/** The page of a search's report: what was found, what was rejected and why, what was searched and how. */

import { describeHz, describeSeconds, describeUtc, grouped } from "../signal/describe.ts";
import type { CadenceEvent, Hit } from "../signal/hit.ts";
import type { SearchRecord } from "../signal/search-record.ts";
import { bandEdgesMHz } from "../signal/spectrogram.ts";
import { candidatesSection, scoreColumns } from "./candidates-section.ts";
import { html, type Markup } from "./markup.ts";
import { pageStyle } from "./page-style.ts";
import { type Column, table } from "./tables.ts";
import type { NeedleResult, TruthComparison } from "./truth.ts";
import { counted, driftText, expectedText, frequencyText, snrText } from "./values.ts";

export interface SearchPageContent {
  readonly record: SearchRecord;
  /** Addresses of the pictures, relative to the page: of the whole band, and one an event as far as there are any. */
  readonly bandPicture?: string;
  readonly eventPictures: readonly string[];
  /** One a candidate of the detector's, as far as there are any. */
  readonly candidatePictures?: readonly string[];
  /** Other files of the report. */
  readonly files?: readonly { readonly name: string; readonly what: string }[];
  /** Of a simulated observation. */
  readonly truth?: TruthComparison;
}

/** Rejected hits and plain hits beyond this many, the weakest, are left to the tables. */
const MOST_ROWS = 500;

export function searchPage(content: SearchPageContent): string {
  const { record, bandPicture, files = [], truth } = content;
  const title = `Drifting signals: ${targetName(record)}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ markup: pageStyle }}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="quiet">${subtitle(record)}</p>
<p>${summary(record)}</p>
<p>At S/N ${record.parameters.snr} noise alone is expected to make ${expectedText(record.expectedFalseHits)} hits in all scans.</p>
${record.notes.length > 0 && html`<ul>${record.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${truth && truthSection(truth, content.candidatePictures?.length ?? 0)}
${eventsSection(content)}
${candidatesSection(record, content.candidatePictures ?? [])}
${bandPicture && html`<h2>The whole band</h2><img src="${bandPicture}" alt="Waterfalls of all scans over the whole band" loading="lazy">`}
${rejectedSection(record)}
${hitsSection(record)}
${scansSection(record)}
${parametersSection(record)}
${
  files.length > 0 &&
  html`<h2>Files</h2><ul>${files.map(({ name, what }) => html`<li><a href="${name}">${name}</a>: ${what}</li>`)}</ul>`
}
</main>
</body>
</html>
`;
  return page.markup;
}

function targetName({ scans }: SearchRecord): string {
  const target = scans.find(({ role }) => role === "ON") ?? scans[0];
  return target?.header.source_name?.trim() || (target?.file ?? "no scans");
}

function subtitle({ scans }: SearchRecord): string {
  const first = scans[0];
  if (!first) return "";
  const { low, high } = bandEdgesMHz(first.frequency);
  const parts = [
    scans.length > 1
      ? `${scans.length} scans, cadence ${scans.map(({ pointing }) => pointing).join("")}`
      : "One scan",
    describeUtc(first.time.tstartMjd),
    `${low.toFixed(4)} to ${high.toFixed(4)} MHz`,
    `channels of ${describeHz(Math.abs(first.frequency.foffMHz) * 1e6)}`,
    `rows of ${describeSeconds(first.time.tsampS)}`,
  ];
  return parts.filter((part) => part !== "").join("  ·  ");
}

function summary({ events, rejected, hits, scans }: SearchRecord): string {
  const onHits = hits.filter(({ scan }) => scans[scan]?.role === "ON").length;
  const levels = ([3, 2, 1] as const)
    .map((level) => ({ level, count: events.filter((event) => event.level === level).length }))
    .filter(({ count }) => count > 0)
    .map(({ level, count }) => `${count} ${levelMeaning[level]}`);
  const found = events.length > 0 ? `${counted(events.length, "event")}: ${levels.join(", ")}.` : "No event.";
  return (
    `${found} They come from ${counted(onHits, "hit")} in ON scans, of which ${grouped(rejected.length)} ` +
    `${rejected.length === 1 ? "was" : "were"} rejected; the OFF scans have ${counted(hits.length - onHits, "hit")}.`
  );
}

const levelMeaning = {
  3: "in every ON scan and in no OFF scan",
  2: "in some ON scans and in no OFF scan",
  1: "not compared with OFF scans",
};

function truthSection(
  { needles, events, falseEvents, candidates, falseCandidates }: TruthComparison,
  pictured: number,
): Markup {
  const linked = (what: "event" | "candidate", i: number) => {
    const name = `${what} ${i + 1}`;
    return what === "event" || i < pictured ? html`<a href="#${what}-${i + 1}">${name}</a>` : name;
  };
  const falseOnes = (found: TruthComparison["events"], what: "event" | "candidate") =>
    found.map((line, i) =>
      line?.kind === "needle"
        ? ""
        : html`${linked(what, i)} (${line ? `the interferer “${line.label}”` : "nothing was put there"}) `,
    );
  const howFound = ({ event, candidate, rejected }: NeedleResult) => {
    if (event !== undefined) return linked("event", event);
    if (candidate !== undefined) return html`${linked("candidate", candidate)}, by the detector alone`;
    return html`<span class="bad">missed</span>${rejected ? `: ${rejected.reason}` : ": no hit"}`;
  };
  const found = needles.filter(({ event }) => event !== undefined).length;
  const more = needles.filter(({ candidate }) => candidate !== undefined).length;
  return html`<h2>What was put in</h2>
<p>This observation is simulated. Of ${counted(needles.length, "needle")}, ${found} ${found === 1 ? "was" : "were"} found${
    candidates.length > 0 && ` by the drift search and ${more} by the detector alone`
  };
${falseEvents === 0 ? "no event is" : counted(falseEvents, "event is", "events are")} false${
    candidates.length > 0 &&
    `, ${falseCandidates === 0 ? "no candidate is" : counted(falseCandidates, "candidate is", "candidates are")} false`
  }.</p>
${table(needles, [
  { title: "Needle", cell: ({ needle }) => needle.label },
  { title: "MHz", kind: "number", cell: ({ needle }) => frequencyText(needle.frequencyMHz) },
  { title: "Hz/s", kind: "number", cell: ({ needle }) => driftText(needle.driftHzPerS) },
  { title: "S/N a scan", kind: "number", cell: ({ needle }) => snrText(Math.max(...needle.snrByScan)) },
  { title: "Found", kind: "wide", cell: howFound },
])}
${falseEvents > 0 && html`<p>False events: ${falseOnes(events, "event")}</p>`}
${falseCandidates > 0 && html`<p>False candidates: ${falseOnes(candidates, "candidate")}</p>`}`;
}

function eventsSection({ record, eventPictures }: SearchPageContent): Markup {
  const { events, scans } = record;
  if (events.length === 0) return html`<h2>Events</h2><p>None.</p>`;
  const list = table(events, [
    { title: "", kind: "number", cell: (_, i) => html`<a href="#event-${i + 1}">${i + 1}</a>` },
    { title: "Level", kind: "number", cell: ({ level }) => level },
    { title: "MHz", kind: "number", cell: ({ frequencyMHz }) => frequencyText(frequencyMHz) },
    { title: "Hz/s", kind: "number", cell: ({ driftHzPerS }) => driftText(driftHzPerS) },
    { title: "S/N", kind: "number", cell: ({ snr }) => snrText(snr) },
    ...scoreColumns(record),
    { title: "In scans", cell: ({ hits }) => hits.map(({ scan }) => scan + 1).join(", ") },
  ]);
  return html`<h2>Events</h2>
<p class="quiet">The frequency is that at the centre of the first row of the first scan that has the event; the S/N is that of all its hits together.</p>
${list}
${events.map((event, i) => eventDetail(event, i, scans.length, eventPictures[i]))}
${
  eventPictures.length < events.length &&
  html`<p class="quiet">Pictures were made of the first ${counted(eventPictures.length, "event")} only.</p>`
}`;
}

function eventDetail(event: CadenceEvent, i: number, scans: number, picture: string | undefined): Markup {
  const title = `Event ${i + 1}: ${frequencyText(event.frequencyMHz)} MHz, ${driftText(event.driftHzPerS)} Hz/s`;
  return html`<section id="event-${i + 1}">
<h3>${title}</h3>
${table(event.hits, hitColumns(scans))}
${picture && html`<img src="${picture}" alt="Waterfalls of all scans about event ${i + 1}" loading="lazy">`}
</section>
`;
}

function hitColumns(scans: number): Column<Hit>[] {
  return [
    { title: "Scan", cell: ({ scan }) => `${scan + 1} of ${scans}` },
    { title: "MHz", kind: "number", cell: ({ frequencyMHz }) => frequencyText(frequencyMHz) },
    {
      title: "Hz/s",
      kind: "number",
      cell: ({ driftHzPerS, driftUncertaintyHzPerS }) =>
        `${driftText(driftHzPerS)} ± ${driftUncertaintyHzPerS.toFixed(4)}`,
    },
    { title: "S/N", kind: "number", cell: ({ snr }) => snrText(snr) },
    { title: "Width", kind: "number", cell: ({ widthHz }) => describeHz(widthHz, 3) },
    { title: "Bandwidth", kind: "number", cell: ({ bandwidthHz }) => describeHz(bandwidthHz, 3) },
    { title: "Channel", kind: "number", cell: ({ channel }) => channel },
  ];
}

function rejectedSection({ rejected, scans }: SearchRecord): Markup | false {
  if (rejected.length === 0) return false;
  const shown = [...rejected].sort((a, b) => b.hit.snr - a.hit.snr).slice(0, MOST_ROWS);
  return html`<h2>Rejected hits</h2>
<p>Hits of ON scans that are no event's, the strongest first.${
    shown.length < rejected.length && ` The ${shown.length} strongest of ${grouped(rejected.length)}.`
  }</p>
${table(shown, [
  { title: "Scan", cell: ({ hit }) => `${hit.scan + 1} of ${scans.length}` },
  { title: "MHz", kind: "number", cell: ({ hit }) => frequencyText(hit.frequencyMHz) },
  { title: "Hz/s", kind: "number", cell: ({ hit }) => driftText(hit.driftHzPerS) },
  { title: "S/N", kind: "number", cell: ({ hit }) => snrText(hit.snr) },
  { title: "Why", kind: "wide", cell: ({ reason }) => reason },
])}`;
}

function hitsSection({ hits, scans }: SearchRecord): Markup | false {
  if (hits.length === 0) return false;
  const shown = [...hits].sort((a, b) => b.snr - a.snr).slice(0, MOST_ROWS);
  const [role, ...rest] = hitColumns(scans.length);
  const columns: Column<Hit>[] = [role!, { title: "", cell: ({ scan }) => scans[scan]?.role }, ...rest];
  const which =
    shown.length < hits.length ? `the ${shown.length} strongest of ${hits.length}` : `${hits.length}`;
  return html`<h2>All hits</h2>
<details><summary>Hits of all scans, the strongest first: ${which}</summary>
${table(shown, columns)}
</details>`;
}

function scansSection({ scans }: SearchRecord): Markup {
  return html`<h2>Scans</h2>
${table(scans, [
  { title: "", kind: "number", cell: (_, i) => i + 1 },
  { title: "Role", cell: ({ role, pointing }) => `${role} (${pointing})` },
  { title: "Source", cell: ({ header }) => header.source_name },
  { title: "Start", cell: ({ time }) => describeUtc(time.tstartMjd) },
  { title: "Rows", kind: "number", cell: ({ time }) => time.nsamples },
  { title: "Channels", kind: "number", cell: ({ frequency }) => grouped(frequency.nchans) },
  { title: "File", kind: "wide", cell: ({ file }) => file },
])}`;
}

function parametersSection({ parameters, program }: SearchRecord): Markup {
  return html`<h2>Parameters</h2>
${table(Object.entries(parameters), [
  { title: "Name", cell: ([name]) => name },
  { title: "Value", kind: "wide", cell: ([, value]) => String(value ?? "not set") },
])}
<p class="quiet">${program.name} ${program.version}</p>`;
}
