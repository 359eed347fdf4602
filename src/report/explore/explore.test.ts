import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeLabels } from "../../formats/cadence-labels.ts";
import { encodeCadence } from "../../formats/cadence-npy.ts";
import { encodeTruthCsv, type TruthRow } from "../../formats/truth-csv.ts";
import { randomStream, streamKey } from "../../simulate/random.ts";
import { writeDataReport } from "./data-report.node.ts";
import { dataText } from "./data-text.ts";
import { exploreCadences } from "./explore.node.ts";
import { flattenPanels, samplePictures } from "./sample-pictures.ts";

const SHAPE = { panels: 6, rows: 12, channels: 16 };
const LENGTH = 6 * 12 * 16;

function noise(seed: number) {
  const random = randomStream(streamKey(7, seed));
  // Eighths are exact in half precision.
  return { ...SHAPE, data: Float32Array.from({ length: LENGTH }, () => Math.round(8 * random.normal()) / 8) };
}

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-explore-"));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content);

/** 40 cadences of train, every fourth positive, in plain files under train/; 6 of test. */
async function writeSet(): Promise<string[]> {
  const ids = Array.from({ length: 40 }, (_, i) => `c${String(i).padStart(2, "0")}`);
  await mkdir(join(folder, "train"));
  await mkdir(join(folder, "test"));
  for (const [i, id] of ids.entries()) await write(`train/${id}.npy`, encodeCadence(noise(i)));
  await write(
    "train_labels.csv",
    encodeLabels(
      ids,
      ids.map((_, i) => Number(i % 4 === 0)),
    ),
  );
  const tests = ids.slice(0, 6).map((id) => `t${id}`);
  for (const [i, id] of tests.entries()) await write(`test/${id}.npy`, encodeCadence(noise(100 + i)));
  await write("sample_submission.csv", encodeLabels(tests, [0, 0, 0, 0, 0, 0]));
  return ids;
}

describe("exploreCadences", () => {
  test("counts and measures a sound set, the same for any number of threads", async () => {
    await writeSet();
    const shares: number[] = [];
    const record = await exploreCadences(folder, { threads: 3, onProgress: (share) => shares.push(share) });
    expect(await exploreCadences(folder, { threads: 1 })).toEqual(record);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    const [train, test] = record.splits;
    const fileBytes = encodeCadence(noise(0)).length;
    expect(train).toMatchObject({
      split: "train",
      cadences: 40,
      read: 40,
      bytes: 40 * fileBytes,
      labels: { positive: 10, negative: 30, between: 0, unlabelled: 0 },
      layouts: [{ layout: "(6, 12, 16) <f2", count: 40 }],
      problems: [],
      flatPanels: [],
    });
    expect(test).toMatchObject({ split: "test", cadences: 6, labels: null, peaks: null });
    expect(record.duplicates).toMatchObject({ spare: 0, sharing: 0 });
    const all = Array.from({ length: 40 }, (_, i) => noise(i).data);
    const smallest = train!.values.find(({ what, of }) => what === "smallest value" && of === "all")!;
    const leasts = all.map((data) => Math.min(...data)).toSorted((a, b) => a - b);
    expect(smallest).toMatchObject({ count: 40, min: leasts[0], max: leasts[39] });
    expect(smallest.median).toBeCloseTo((leasts[19]! + leasts[20]!) / 2, 6);
    const onPeaks = all.map((data) => Math.max(...data.filter((_, i) => Math.floor(i / 192) % 2 === 0)));
    const positives = onPeaks.filter((_, i) => i % 4 === 0);
    const largest = train!.values.find(
      ({ what, of }) => what === "largest value, ON panels" && of === "positive",
    );
    expect(largest).toMatchObject({ count: 10, min: Math.min(...positives), max: Math.max(...positives) });
    expect(train!.peaks!.positive.reduce((a, b) => a + b)).toBe(10);
    expect(train!.peaks!.negative.reduce((a, b) => a + b)).toBe(30);
    const sampled = all.flatMap((data) => [...data].filter((_, i) => i % 17 === 0)).toSorted((a, b) => a - b);
    for (const { quantile, value } of train!.pixels) {
      expect(value).toBe(sampled[Math.ceil(quantile * sampled.length) - 1]);
    }
    expect(train!.samples.map(({ label }) => label)).toEqual([
      ...Array(4).fill("positive"),
      ...Array(4).fill("negative"),
    ]);
    expect(new Set(train!.samples.map(({ id }) => id)).size).toBe(8);
  });

  test("tells what is broken, missing or twice there, and goes on", async () => {
    const ids = await writeSet();
    const place = (i: number) => `train/${ids[i]}.npy`;
    const whole = encodeCadence(noise(1));
    await write(place(1), whole.subarray(0, 500));
    await write(place(2), "not an array");
    await write(place(3), encodeCadence({ ...SHAPE, rows: 16, channels: 12, data: noise(3).data }));
    const holed = noise(5);
    holed.data.set([Number.NaN, Number.NaN, Infinity], 200);
    await write(place(5), encodeCadence(holed));
    const dead = noise(6);
    dead.data.fill(0.5, 192, 384);
    await write(place(6), encodeCadence(dead));
    await write(place(8), encodeCadence(noise(9)));
    const mixed = noise(10);
    mixed.data.set(noise(11).data.subarray(0, 192), 2 * 192);
    await write(place(10), encodeCadence(mixed));
    await write("test/tc00.npy", encodeCadence(noise(12)));
    await rm(join(folder, place(20)));
    const record = await exploreCadences(folder, { threads: 1 });
    const [train] = record.splits;
    expect(train!.problemCounts).toEqual({
      "missing-file": 1,
      unreadable: 2,
      "wrong-shape": 1,
      "not-finite": 1,
    });
    const told = train!.problems.map(({ kind, id, message }) => [
      kind,
      id,
      message.startsWith(join(folder, "train", `${id}.npy`)) || kind === "missing-file",
    ]);
    expect(told).toEqual([
      ["missing-file", "c20", true],
      ["unreadable", "c01", true],
      ["unreadable", "c02", true],
      ["wrong-shape", "c03", true],
      ["not-finite", "c05", true],
    ]);
    expect(train!.problems.at(-1)!.message).toContain("2 values are NaN and 1 infinite, of 1,152.");
    expect(train).toMatchObject({ cadences: 39, read: 36, flatPanels: ["c06"] });
    expect(train!.layouts).toEqual([
      { layout: "(6, 12, 16) <f2", count: 36 },
      { layout: "(6, 16, 12) <f2", count: 1 },
    ]);
    expect(
      record.duplicates.groups.map(({ members, conflicting, acrossSplits }) => [
        members.map(({ id }) => id),
        conflicting,
        acrossSplits,
      ]),
    ).toEqual([
      [["c08", "c09"], true, false],
      [["c12", "tc00"], false, true],
    ]);
    expect(
      record.duplicates.sharedPanels.map(({ panels, members }) => [panels, members.map(({ id }) => id)]),
    ).toEqual([
      [
        [3, 1],
        ["c10", "c11"],
      ],
    ]);
    const text = dataText(record);
    for (const line of [
      "2  that can't be read",
      "1  with a panel of one value",
      "2 cadences are copies of another, in 2 groups; 1 group lies in train and test; 1 group has different targets.",
    ]) {
      expect(text).toContain(line);
    }
  });

  test("one split alone; a split that can't be opened is noted beside the other", async () => {
    await writeSet();
    expect(
      (await exploreCadences(folder, { split: "test", threads: 1 })).splits.map(({ split }) => split),
    ).toEqual(["test"]);
    await rm(join(folder, "test"), { recursive: true });
    await mkdir(join(folder, "test"));
    const record = await exploreCadences(folder, { threads: 1 });
    expect(record.splits.map(({ split }) => split)).toEqual(["train"]);
    expect(record.notes).toEqual([
      `${join(folder, "test")}: no .npy file lies in this folder. Give the folder of a data set.`,
    ]);
    const plain = await exploreCadences(join(folder, "train"), { threads: 1 });
    expect(plain.splits[0]).toMatchObject({ split: "cadences", cadences: 40, labels: null });
  });

  test("tells what was put in, from this program's truth table; another's is noted", async () => {
    await writeSet();
    const row: TruthRow = {
      id: "c00",
      label: 1,
      kind: "needle",
      shape: "sine",
      profile: "tone",
      time: "steady",
      snr: 100,
      snrDb: 40,
      driftHzPerS: 0.5,
      scans: "1 0 0 0 1 0",
      path: "{}",
    };
    const rows = [
      row,
      { ...row, id: "c04", snrDb: 20 },
      { ...row, id: "tc01", shape: "linear" },
      { ...row, kind: "interference" as const },
    ];
    await write("truth.csv", encodeTruthCsv(rows));
    const [train, test] = (await exploreCadences(folder, { samples: 10, threads: 1 })).splits;
    expect(train!.truth).toEqual([
      { kind: "needle", shape: "sine", count: 2, lowDb: 20, medianDb: 30, highDb: 40 },
      { kind: "interference", shape: "sine", count: 1, lowDb: 40, medianDb: 40, highDb: 40 },
    ]);
    expect(test!.truth.map(({ shape }) => shape)).toEqual(["linear"]);
    expect(train!.samples[0]).toMatchObject({
      id: "c00",
      holds: [
        "needle: sine, steady, 40.0 dB, 0.500 Hz/s, panels 1 5",
        expect.stringContaining("interference"),
      ],
    });
    await write("truth.csv", "id,what\nc00,1\n");
    const other = await exploreCadences(folder, { threads: 1 });
    expect(other.splits[0]!.truth).toEqual([]);
    expect(other.notes[0]).toContain("What was put in is not told.");
  });

  test("stops when it is told to", async () => {
    await writeSet();
    const controller = new AbortController();
    const explored = exploreCadences(folder, {
      threads: 1,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(explored).rejects.toThrow("enough");
  });
});

describe("the report", () => {
  test("holds its pictures, stands beside them, and takes those of before away", async () => {
    await writeSet();
    await write("train/c03.npy", "no array");
    const out = join(folder, "out");
    await mkdir(out);
    await writeFile(join(out, "train-positive-7-flat.png"), "of an earlier report");
    await writeFile(join(out, "train-notes.png"), "a person's own");
    const names = await writeDataReport(out, await exploreCadences(folder, { samples: 1, threads: 1 }));
    expect((await readdir(out)).sort()).toEqual([...names, "train-notes.png"].sort());
    expect(names).toEqual([
      "report.html",
      "report.json",
      "problems.csv",
      ...["train-positive-1", "train-negative-1", "test-unlabelled-1"].flatMap((stem) => [
        `${stem}.png`,
        `${stem}-flat.png`,
      ]),
    ]);
    const page = await readFile(join(out, "report.html"), "utf8");
    const addresses = [...page.matchAll(/(?:src|href)="([^"]{0,40})/g)].map(([, address]) => address!);
    expect(addresses).toHaveLength(6);
    for (const address of addresses) expect(address).toMatch(/^data:image\/webp;base64,/);
    const embedded = Buffer.from(/data:image\/webp;base64,([^"]+)/.exec(page)![1]!, "base64");
    const pixels = (image: Buffer | string) => sharp(image).removeAlpha().raw().toBuffer();
    const file = await pixels(join(out, "train-positive-1.png"));
    expect((await pixels(embedded)).equals(file)).toBe(true);
    expect(await readFile(join(out, "problems.csv"), "utf8")).toContain("train,unreadable,c03,");
    expect(JSON.parse(await readFile(join(out, "report.json"), "utf8")).splits).toHaveLength(2);
  });

  test("escapes what names of files hold", async () => {
    const odd = join(folder, "a<b>&");
    await mkdir(odd);
    await writeFile(join(odd, "<i>.npy"), encodeCadence(noise(1)));
    const names = await writeDataReport(
      join(folder, "out"),
      await exploreCadences(odd, { samples: 0, threads: 1 }),
    );
    const page = await readFile(join(folder, "out", names[0]!), "utf8");
    expect(page).toContain("a&lt;b&gt;&amp;");
    expect(page).not.toContain("<i>");
  });

  test("pictures mark ON and OFF, A to D, and what the target is", () => {
    const { plain, flat } = samplePictures(noise(1), {
      id: "c01",
      path: "",
      label: "positive",
      target: 1,
      holds: [],
    });
    for (const { rasters, marks } of [plain, flat]) {
      const texts = marks.flatMap((mark) => (mark.kind === "text" ? [mark.text] : []));
      expect(texts.filter((text) => text === "ON" || text === "OFF")).toEqual([
        "ON",
        "OFF",
        "ON",
        "OFF",
        "ON",
        "OFF",
      ]);
      expect(texts.filter((text) => /^[A-D]$/.test(text)).join("")).toBe("ABACAD");
      expect(texts.some((text) => text.startsWith("target 1"))).toBe(true);
      // Six panels and the colour bar.
      expect(rasters).toHaveLength(7);
    }
  });

  test("the flat view takes carriers and bright rows away, and leaves what drifts", () => {
    const cadence = noise(3);
    const { rows, channels } = SHAPE;
    for (let row = 0; row < rows; row++) {
      cadence.data[row * channels + 4]! += 50;
      cadence.data[row * channels + Math.floor(6 + row / 2)]! += 12;
    }
    for (let channel = 0; channel < channels; channel++) cadence.data[7 * channels + channel]! += 30;
    const flat = flattenPanels(cadence).data;
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const index = Array.from({ length: rows }, (_, row) => row);
    expect(Math.abs(mean(index.map((row) => flat[row * channels + 4]!)))).toBeLessThan(1);
    expect(Math.abs(mean(Array.from({ length: 4 }, (_, c) => flat[7 * channels + c]!)))).toBeLessThan(1.5);
    expect(mean(index.map((row) => flat[row * channels + Math.floor(6 + row / 2)]!))).toBeGreaterThan(4);
  });
});
