import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { bandPicture, eventPicture } from "./event-pictures.ts";
import { writeSearchReport } from "./search-report.node.ts";
import { eventOf, hitOf, recordOf, smallObservation } from "./testing/small-record.ts";

const observation = smallObservation();
const { cadence, truth } = observation;
const hit = (line: number, scan: number) => hitOf(observation, truth[line]!, scan);
const record = recordOf(
  observation,
  [eventOf([hit(0, 0), hit(0, 2)]), eventOf([hit(1, 2)]), eventOf([hit(2, 0)])],
  [],
);
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

it("writes the page, a picture of the band, and one an event up to the limit; removes those of before", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lodestone-report-"));
  folders.push(folder);
  await writeFile(join(folder, "event-7.png"), "an earlier one");
  await writeFile(join(folder, "event-notes.txt"), "a person's own");
  const shares: number[] = [];
  const page = await writeSearchReport(folder, record, cadence, {
    mostPictures: 2,
    onProgress: (share) => shares.push(share),
  });
  expect(page).toBe(join(folder, "report.html"));
  expect((await readdir(folder)).sort()).toEqual([
    "band.png",
    "event-1.png",
    "event-2.png",
    "event-notes.txt",
    "report.html",
  ]);
  const text = await readFile(page, "utf8");
  for (const name of ["band.png", "event-1.png", "event-2.png"]) {
    expect(text).toContain(`src="${name}"`);
    expect([...(await readFile(join(folder, name))).subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
  }
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
});

it("draws an event in every scan: between lines where it was found, by its ends elsewhere", async () => {
  const picture = await eventPicture(cadence, record, record.events[1]!, 2);
  // A panel a scan and the colour bar.
  expect(picture.rasters).toHaveLength(5);
  const clips = picture.marks.filter((mark) => mark.kind === "clip");
  const kinds = clips.map(({ marks }) => ({
    lines: marks.filter(({ kind }) => kind === "line").length,
    heads: marks.filter(({ kind }) => kind === "shape").length,
  }));
  expect(kinds).toEqual([
    { lines: 0, heads: 2 },
    { lines: 0, heads: 2 },
    { lines: 4, heads: 0 },
    { lines: 0, heads: 2 },
  ]);
});

it("draws the path where the event is: the brightest columns of its scan lie between its lines", async () => {
  const picture = await eventPicture(cadence, record, record.events[0]!, 1);
  const raster = picture.rasters[2]!;
  const [line0, line1] = picture.marks
    .filter((mark) => mark.kind === "clip")[2]!
    .marks.filter((mark) => mark.kind === "line" && mark.colour === "#ffffff");
  if (line0?.kind !== "line" || line1?.kind !== "line") throw new Error("The path's two lines are missing.");
  const middle = 0.25 * (line0.x1 + line0.x2 + line1.x1 + line1.x2) * picture.pixelRatio - raster.x;
  const row = Math.floor(raster.height / 2);
  const brightness = Array.from({ length: raster.width }, (_, x) => {
    const at = 3 * (row * raster.width + x);
    return raster.rgb[at]! + raster.rgb[at + 1]! - raster.rgb[at + 2]!;
  });
  const near = brightness.slice(Math.round(middle) - 30, Math.round(middle) + 30);
  expect(Math.max(...near)).toBe(Math.max(...brightness));
});

it("numbers the events in the picture of the whole band", async () => {
  const picture = await bandPicture(cadence, record);
  const labels = picture.marks.flatMap((mark) =>
    mark.kind === "clip" ? [mark.marks.flatMap((inner) => (inner.kind === "text" ? [inner.text] : []))] : [],
  );
  expect(labels.map((panel) => [...panel].sort())).toEqual([
    ["1", "3"],
    ["1", "2"],
  ]);
});
