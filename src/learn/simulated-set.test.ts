import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCadenceSet } from "../formats/cadence-folder.node.ts";
import { parseTruthCsv } from "../formats/truth-csv.ts";
import { encodeFloat16s } from "../signal/float16.ts";
import { readCadenceRecipe } from "../simulate/cadence-recipe.ts";
import { simulateCadence } from "../simulate/cadences.ts";
import { writeSimulatedSet } from "./simulated-set.node.ts";
import { memberPath, type SetSpec, setMembers } from "./simulated-set.ts";

// One kind of noise: each thread makes the tables of those that it meets.
const recipe = readCadenceRecipe(
  {
    cadence: { rows: 20, channels: 24 },
    positives: 0.2,
    background: { noise: { kind: { gaussian: 1 } } },
  },
  "test",
);
const spec: SetSpec = { recipe, seed: 5, train: 40, test: 15 };

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-set-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function contents(path: string): Promise<Map<string, string>> {
  const names = (await readdir(path, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  const texts = names.map(async (one) => {
    const file = join(one.parentPath, one.name);
    return [file.slice(path.length), (await readFile(file)).toString("base64")] as const;
  });
  return new Map((await Promise.all(texts)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("the members of a set", () => {
  it("have ids of 15 digits that differ, and the recipe's share of positives, whatever the number", () => {
    const members = setMembers({ ...spec, train: 2000, test: 999 });
    expect(new Set(members.map(({ id }) => id)).size).toBe(2999);
    for (const { id } of members) expect(id).toMatch(/^[0-9a-f]{15}$/);
    for (const count of [1, 10, 55, 300]) {
      const positives = setMembers({ ...spec, train: count, test: 0 }).filter(
        ({ label }) => label === 1,
      ).length;
      expect(positives).toBe(Math.floor(0.2 * count + 1e-9));
    }
    expect(members.filter(({ split, label }) => split === "test" && label === 1)).toHaveLength(199);
  });

  it("tell nothing of the label by the order of their ids", () => {
    const members = setMembers({ ...spec, train: 1000, test: 0 }).sort((a, b) => (a.id < b.id ? -1 : 1));
    const early = members.slice(0, 500).filter(({ label }) => label === 1).length;
    expect(Math.abs(early - 100)).toBeLessThan(30);
  });

  it("begin with those of a smaller set", () => {
    const large = setMembers({ ...spec, train: 90 }).filter(({ split }) => split === "train");
    const less = setMembers(spec).filter(({ split }) => split === "train");
    expect(large.slice(0, 40)).toEqual(less);
    expect(setMembers({ ...spec, seed: 6 })[0]!.id).not.toBe(less[0]!.id);
  });
});

describe("a simulated set", () => {
  let first = "";
  beforeAll(async () => {
    first = join(folder, "first");
    const done: number[] = [];
    const set = await writeSimulatedSet(first, spec, { threads: 2, onProgress: (count) => done.push(count) });
    expect(set).toMatchObject({
      train: 40,
      trainPositives: 8,
      test: 15,
      testPositives: 3,
      written: 55,
      kept: 0,
    });
    expect(done.at(-1)).toBe(55);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  it("opens as the competition's does, with labels that the truth agrees with", async () => {
    const train = await openCadenceSet(first, { split: "train" });
    const test = await openCadenceSet(first, { split: "test" });
    expect([...train.problems, ...test.problems]).toEqual([]);
    expect(train.ids).toHaveLength(40);
    expect(train.ids).toEqual([...train.ids].sort());
    expect(test.labels!.reduce((sum, label) => sum + label, 0)).toBe(3);
    expect(train.shape).toEqual({ panels: 6, rows: 20, channels: 24 });
    const truth = parseTruthCsv(await readFile(join(first, "truth.csv"), "utf8"), "truth.csv");
    for (const set of [train, test]) {
      set.ids.forEach((id, place) => {
        const rows = truth.filter((row) => row.id === id);
        expect(rows.filter(({ kind }) => kind === "needle")).toHaveLength(set.labels![place]!);
        for (const row of rows) {
          expect(row.label).toBe(set.labels![place]);
          expect(20 * Math.log10(row.snr)).toBeCloseTo(row.snrDb, 3);
          if (row.kind === "needle") expect(row.scans).toMatch(/^[01] 0 [01] 0 [01] 0$/);
          expect(JSON.parse(row.path).path.shape).toBe(row.shape);
        }
      });
    }
    const submission = await readFile(join(first, "sample_submission.csv"), "utf8");
    expect(submission.split("\n").slice(0, 2)).toEqual(["id,target", `${test.ids[0]},0.5`]);
  });

  it("holds the cadences of its seed, in half precision", async () => {
    const train = await openCadenceSet(first, { split: "train" });
    for (const member of setMembers(spec).slice(0, 6)) {
      const place = train.ids.indexOf(member.id);
      expect(train.pathOf(place)).toBe(join(first, memberPath(member)));
      const { data } = await train.read(place);
      const { panels } = simulateCadence(recipe, 5, member.index, { positive: member.label === 1 });
      const [stored, made] = [data, panels.data].map((values) => {
        const halves = new Uint16Array(values.length);
        encodeFloat16s(values, halves);
        return halves;
      });
      expect(stored).toEqual(made);
    }
  });

  it("has the same bytes for any number of threads, and when it is stopped and gone on with", async () => {
    const whole = await contents(first);
    const single = join(folder, "single");
    await writeSimulatedSet(single, spec, { threads: 1 });
    expect(await contents(single)).toEqual(whole);

    const stopped = join(folder, "stopped");
    const controller = new AbortController();
    const begun = await writeSimulatedSet(stopped, spec, {
      threads: 2,
      signal: controller.signal,
      onProgress: (done) => done >= 12 && controller.abort(),
    });
    expect(begun.interrupted).toBe(true);
    expect(begun.written).toBeLessThan(30);
    const part = [...(await contents(stopped)).keys()];
    expect(part.filter((name) => name.endsWith(".npy"))).toHaveLength(begun.written);
    expect(part.filter((name) => !name.endsWith(".npy"))).toEqual(["/simulation.json"]);
    await writeFile(join(stopped, "train", "0", ".killed.npy.tmp"), "half").catch(() => {});
    const ended = await writeSimulatedSet(stopped, spec, { threads: 2 });
    expect(ended).toMatchObject({ interrupted: false, kept: begun.written, written: 55 - begun.written });
    expect(await contents(stopped)).toEqual(whole);
  });

  it("is left alone by another set, unless forced, and so is any other folder", async () => {
    const mine = join(folder, "mine");
    await writeSimulatedSet(mine, { ...spec, train: 3, test: 0 }, { threads: 1 });
    const before = await contents(mine);
    const other = { ...spec, seed: 6, train: 2, test: 1 };
    await expect(writeSimulatedSet(mine, other, { threads: 1 })).rejects.toThrow(
      "pass --force to replace it",
    );
    expect(await contents(mine)).toEqual(before);
    await writeSimulatedSet(mine, other, { threads: 1, force: true });
    const after = [...(await contents(mine)).keys()];
    expect(after.filter((name) => name.endsWith(".npy"))).toHaveLength(3);
    expect(after).toContain("/test_labels.csv");

    const precious = join(folder, "precious");
    await mkdir(precious);
    await writeFile(join(precious, "train_labels.csv"), "id,target\n");
    await expect(writeSimulatedSet(precious, spec, { force: true })).rejects.toThrow("no simulated set");
    expect(await readdir(precious)).toEqual(["train_labels.csv"]);
  });

  it("says what can't be done", async () => {
    await expect(writeSimulatedSet(join(folder, "none"), { ...spec, train: 0, test: 0 })).rejects.toThrow(
      "No cadences were asked for",
    );
    await expect(
      writeSimulatedSet(join(folder, "vast"), { ...spec, train: 2 ** 45 / 1000, test: 0 }),
    ).rejects.toThrow(/cadences take .* and the disk has .* left/);
    expect(await readdir(join(folder, "vast"))).toEqual([]);
    await writeFile(join(folder, "file"), "");
    await expect(writeSimulatedSet(join(folder, "file"), spec)).rejects.toThrow("this is a file");
  });
});
