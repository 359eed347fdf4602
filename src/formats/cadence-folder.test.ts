import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openCadenceSet, readCadence } from "./cadence-folder.node.ts";
import { encodeLabels, parseLabels } from "./cadence-labels.ts";
import { encodeCadence } from "./cadence-npy.ts";
import { SMALL_SHAPE, smallCadence, writeSmallCadences } from "./testing/cadence-files.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-cadences-"));
});
afterEach(() => rm(folder, { recursive: true }));

const ids = ["0a1", "0b2", "1c3", "f00"];
const write = (name: string, text: string) => writeFile(join(folder, name), text);

describe("train", () => {
  test("gives ids, labels and cadences in the table's order", async () => {
    const paths = await writeSmallCadences(folder, "train", ids);
    await write("train_labels.csv", encodeLabels(["f00", "0a1", "1c3", "0b2"], [1, 0, 0.25, 0]));
    const set = await openCadenceSet(folder, { split: "train" });
    expect(set).toMatchObject({ name: join(folder, "train"), problems: [], shape: SMALL_SHAPE });
    expect(set.ids).toEqual(["f00", "0a1", "1c3", "0b2"]);
    expect(set.labels).toEqual(Float32Array.of(1, 0, 0.25, 0));
    expect(set.pathOf(0)).toBe(paths[3]);
    expect(await set.read(0)).toEqual(smallCadence(3));
    const into = new Float32Array(120);
    expect((await set.read(2, into)).data).toBe(into);
    expect(into).toEqual(smallCadence(2).data);
  });

  test("tells of everything that it leaves out, with its file", async () => {
    const paths = await writeSmallCadences(folder, "train", [...ids, "0dd"]);
    await write("train_labels.csv", "id,target\n0a1,0\n999,1\n0b2,2\n1c3,\nf00,1\n0a1,1\n");
    const set = await openCadenceSet(folder, { split: "train" });
    expect(set.ids).toEqual(["0a1", "f00"]);
    expect(set.labels).toEqual(Float32Array.of(0, 1));
    const table = join(folder, "train_labels.csv");
    expect(set.problems).toEqual([
      {
        kind: "bad-label",
        id: "0b2",
        message: `${table}: line 4: the target of 0b2 is "2"; it must be a number from 0 to 1.`,
      },
      {
        kind: "bad-label",
        id: "1c3",
        message: `${table}: line 5: the target of 1c3 is nothing; it must be a number from 0 to 1.`,
      },
      {
        kind: "duplicate-id",
        id: "0a1",
        message: `${table}: line 7: 0a1 stands on line 2 too, with another target (1, there 0). The first counts.`,
      },
      {
        kind: "missing-file",
        id: "999",
        message: `${join(folder, "train", "9", "999.npy")}: ${table} names it, but there is no such file.`,
      },
      { kind: "unlabelled-file", id: "0dd", message: `${paths[4]}: ${table} does not name it.` },
    ]);
  });

  test("another table of labels takes the place of the folder's", async () => {
    await writeSmallCadences(folder, "train", ids);
    await write("train_labels.csv", encodeLabels(ids, [0, 0, 0, 0]));
    await write("old.csv", encodeLabels(["1c3"], [1]));
    const set = await openCadenceSet(folder, { split: "train", labels: join(folder, "old.csv") });
    expect([set.ids, set.labels, set.problems.length]).toEqual([["1c3"], Float32Array.of(1), 3]);
    const absent = openCadenceSet(folder, { split: "train", labels: join(folder, "none.csv") });
    await expect(absent).rejects.toThrow(`${join(folder, "none.csv")}: no such file. Check the name.`);
  });
});

describe("test", () => {
  test("keeps every row of the submission in its order, with and without a file", async () => {
    await writeSmallCadences(folder, "test", ids);
    await write("sample_submission.csv", encodeLabels(["1c3", "999", "0a1", "f00"], [0.5, 0.5, 0.5, 0.5]));
    const set = await openCadenceSet(folder, { split: "test" });
    expect(set.ids).toEqual(["1c3", "999", "0a1", "f00"]);
    expect(set.labels).toBeUndefined();
    expect(set.problems.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      "missing-file 999",
      "unlabelled-file 0b2",
    ]);
    await expect(set.read(1)).rejects.toThrow(`${join(folder, "test", "9", "999.npy")}: no such file.`);
    expect(await set.read(2)).toEqual(smallCadence(0));
  });

  test("takes labels from test_labels.csv by id; an id that it lacks has NaN", async () => {
    await writeSmallCadences(folder, "test", ids);
    await write("sample_submission.csv", encodeLabels(["f00", "0a1", "0b2"], [0, 0, 0]));
    await write("test_labels.csv", encodeLabels(["0a1", "f00"], [0, 1]));
    const set = await openCadenceSet(folder, { split: "test" });
    expect(set.labels).toEqual(Float32Array.of(1, 0, Number.NaN));
    await rm(join(folder, "sample_submission.csv"));
    expect((await openCadenceSet(folder, { split: "test" })).ids).toEqual(["0a1", "f00"]);
  });
});

test("a plain folder of files is a set without labels, by name; other files, hidden ones and deeper folders are no part of it", async () => {
  await writeSmallCadences(folder, "x", ids);
  const inner = join(folder, "x", "0");
  await writeFile(join(inner, ".0a1.npy.tmp.npy"), "begun");
  await write("notes.txt", "mine");
  await mkdir(join(folder, "x", "deep", "er"), { recursive: true });
  await writeFile(join(folder, "x", "deep", "er", "9.npy"), encodeCadence(smallCadence(0)));
  await symlink(join(inner, "0a1.npy"), join(folder, "x", "linked.npy"));
  const set = await openCadenceSet(join(folder, "x"), { split: "train" });
  expect(set.ids).toEqual(["0a1", "0b2", "1c3", "f00", "linked"]);
  expect([set.labels, set.problems]).toEqual([undefined, []]);
  expect(await set.read(4)).toEqual(smallCadence(0));
});

test("of two files of one id the one in the competition's place is read, and the other told of", async () => {
  const [path] = await writeSmallCadences(folder, "train", ids);
  const stray = join(folder, "train", "0a1.npy");
  await writeFile(stray, encodeCadence(smallCadence(9)));
  const set = await openCadenceSet(folder, { split: "train" });
  expect(set.pathOf(0)).toBe(path);
  expect(set.problems).toEqual([
    {
      kind: "duplicate-id",
      id: "0a1",
      message: `${stray}: ${path} has the same id and is the one that is read.`,
    },
  ]);
});

test("the shape is that of most files, and another one is told when it is read", async () => {
  const [odd] = await writeSmallCadences(folder, "train", ids);
  await writeFile(odd!, encodeCadence(smallCadence(0, { panels: 6, rows: 4, channels: 5 })));
  const set = await openCadenceSet(folder, { split: "train" });
  expect(set.shape).toEqual(SMALL_SHAPE);
  await expect(set.read(0)).rejects.toThrow(`${odd}: its shape is (6, 4, 5); the set's is (6, 5, 4).`);
});

test("a damaged file names itself, and a set of nothing but damaged files the first of them", async () => {
  const paths = await writeSmallCadences(folder, "train", ids);
  for (const path of paths) await writeFile(path, "no array");
  await expect(readCadence(paths[1]!)).rejects.toThrow(`${paths[1]}: this is no .npy file`);
  await expect(openCadenceSet(folder, { split: "train" })).rejects.toThrow(
    `${paths[0]}: this is no .npy file`,
  );
});

test("a folder that is none, is empty, or has only the other split says so", async () => {
  const opened = (path: string, split: "train" | "test" = "train") => openCadenceSet(path, { split });
  await expect(opened(join(folder, "no"))).rejects.toThrow(
    `${join(folder, "no")}: no such folder. Check the name.`,
  );
  await write("file", "");
  await expect(opened(join(folder, "file"))).rejects.toThrow(
    "this is a file. Give the folder of a data set.",
  );
  await expect(opened(folder)).rejects.toThrow(`${folder}: no .npy file lies in this folder.`);
  await writeSmallCadences(folder, "train", ids);
  await expect(opened(folder, "test")).rejects.toThrow("has a folder train but none called test.");
  await write("train_labels.csv", encodeLabels(["abc"], [1]));
  await expect(opened(folder)).rejects.toThrow("none of the cadences of");
});

test.each([
  ["id,label\na,1\n", "l.csv: its first line names no column target; it names id, label."],
  ["id,target\n../secret,1\n", 'l.csv: line 2: "../secret" is no id of a cadence'],
  ["id,target\n,1\n", 'l.csv: line 2: "" is no id of a cadence'],
])("a table that is wrong as a whole is refused: %j", (text, message) => {
  expect(() => parseLabels(text, "l.csv")).toThrow(message);
});
