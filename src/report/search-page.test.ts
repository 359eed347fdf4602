import { describe, expect, it } from "vitest";
import { html } from "./markup.ts";
import { searchPage } from "./search-page.ts";
import { eventOf, hitOf, recordOf, smallObservation } from "./testing/small-record.ts";
import { compareWithTruth } from "./truth.ts";

const observation = smallObservation();
const hit = (line: number, scan: number) => hitOf(observation, observation.truth[line]!, scan);
const rejected = {
  hit: hit(3, 0),
  level: 1 as const,
  rule: "in-off-scan" as const,
  reason: "In OFF scan 2 of 4.",
  offHit: hit(3, 1),
};
const record = recordOf(observation, [eventOf([hit(0, 0), hit(0, 2)]), eventOf([hit(1, 2)])], [rejected]);

/** The text of the page with its tags taken out. */
const textOf = (page: string) =>
  page
    .replace(/<style>.*?<\/style>/s, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");

describe("searchPage", () => {
  it("says what was found, where and in which scans", () => {
    const text = textOf(searchPage({ record, eventPictures: ["event-1.png"] }));
    expect(text).toContain(
      "2 events: 1 in every ON scan and in no OFF scan, 1 in some ON scans and in no OFF scan.",
    );
    expect(text).toContain("4 hits in ON scans, of which 1 was rejected; the OFF scans have 0 hits");
    expect(text).toContain("Event 1: 1419.996000 MHz, +1.1000 Hz/s");
    expect(text).toContain("+1.1000 ± 0.0100 50.0 3 Hz 9 Hz");
    expect(text).toContain("Pictures were made of the first 1 event only.");
  });

  it("gives every rejected hit its reason, every scan, every parameter, the version and the notes", () => {
    const text = textOf(searchPage({ record, eventPictures: [] }));
    for (const part of [
      "In OFF scan 2 of 4.",
      "OFF (C)",
      "maxDriftHzPerS 4",
      "offSnr not set",
      "lodestone 1.2.3",
      "a note",
    ]) {
      expect(text).toContain(part);
    }
  });

  it("shows pictures and files where there are any", () => {
    const page = searchPage({
      record,
      eventPictures: ["event-1.png", "event-2.png"],
      bandPicture: "band.png",
      files: [{ name: "hits.csv", what: "all hits" }],
    });
    expect([...page.matchAll(/<img src="([^"]*)" alt="[^"]+"/g)].map((match) => match[1])).toEqual([
      "event-1.png",
      "event-2.png",
      "band.png",
    ]);
    expect(page).toContain('<a href="hits.csv">hits.csv</a>: all hits');
    expect(page).not.toContain("Pictures were made");
  });

  it("sets what was found beside what was put in", () => {
    const truth = compareWithTruth(record, observation);
    const text = textOf(searchPage({ record, eventPictures: [], truth }));
    expect(text).toContain("Of 3 needles, 2 were found; no event is false.");
    expect(text).toContain("third needle 1419.991000 -0.9000 50.0 missed : no hit");
  });

  it("tells needles that the detector alone found, and its false candidates", () => {
    const truth = compareWithTruth(record, observation);
    const { needles } = truth;
    const third = { needle: needles[2]!.needle, candidate: 1 };
    const candidates = [undefined, third.needle];
    const text = textOf(
      searchPage({
        record,
        eventPictures: [],
        truth: { ...truth, needles: [...needles.slice(0, 2), third], candidates, falseCandidates: 1 },
      }),
    );
    expect(text).toContain(
      "Of 3 needles, 2 were found by the drift search and 1 by the detector alone; no event is false, 1 candidate is false.",
    );
    expect(text).toContain("third needle 1419.991000 -0.9000 50.0 candidate 2, by the detector alone");
    expect(text).toContain("False candidates: candidate 1 (nothing was put there)");
  });

  it("links to what is on the page", () => {
    const page = searchPage({ record, eventPictures: [], truth: compareWithTruth(record, observation) });
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
    const links = [...page.matchAll(/href="#([^"]*)"/g)].map((match) => match[1]);
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) expect(ids).toContain(link);
  });

  it("lets no header or file name become markup, and fetches nothing", () => {
    const page = searchPage({ record, eventPictures: [] });
    expect(page).toContain("<h1>Drifting signals: STAR &lt;1&gt; &amp; &quot;more&quot;</h1>");
    expect(page).not.toMatch(/<script|https?:|url\(/);
  });

  it("has a page for a search that found nothing", () => {
    const text = textOf(searchPage({ record: recordOf(observation, [], []), eventPictures: [] }));
    expect(text).toContain("No event.");
    expect(text).not.toContain("Rejected hits");
  });
});

describe("html", () => {
  it("escapes text, keeps markup, joins lists, leaves out what is missing", () => {
    const { markup } =
      html`<p class="${'"'}">${["<", html`<b>${"&"}</b>`, 3]}${undefined}${false}${null}${"'"}</p>`;
    expect(markup).toBe('<p class="&quot;">&lt;<b>&amp;</b>3&#39;</p>');
  });
});
