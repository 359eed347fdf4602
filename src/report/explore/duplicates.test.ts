import { expect, test } from "vitest";
import { findDuplicates, type HashedCadence } from "./duplicates.ts";

const cadence = (id: string, panels: number[], target = 0, split = "train"): HashedCadence => ({
  split,
  id,
  target,
  hash: panels.join(),
  panelHashes: Float64Array.from(panels),
});

test("groups copies in the order of the first, and tells which differ in target or lie in both splits", () => {
  const found = findDuplicates([
    cadence("a", [1, 2]),
    cadence("b", [3, 4], 1),
    cadence("c", [1, 2]),
    cadence("d", [5, 6]),
    cadence("e", [3, 4], 0),
    cadence("f", [1, 2], Number.NaN, "test"),
  ]);
  expect(found.spare).toBe(3);
  expect(found.groups).toEqual([
    {
      members: [
        { split: "train", id: "a", target: 0 },
        { split: "train", id: "c", target: 0 },
        { split: "test", id: "f", target: null },
      ],
      conflicting: false,
      acrossSplits: true,
    },
    {
      members: [
        { split: "train", id: "b", target: 1 },
        { split: "train", id: "e", target: 0 },
      ],
      conflicting: true,
      acrossSplits: false,
    },
  ]);
  expect([found.sharing, found.sharedPanels]).toEqual([0, []]);
});

test("finds panels that cadences share, but not those of copies, nor twice in one cadence, nor ones that were left out", () => {
  const found = findDuplicates([
    cadence("a", [1, 2, 9]),
    cadence("b", [4, 4, Number.NaN]),
    cadence("c", [7, 1, Number.NaN], 0, "test"),
    cadence("d", [1, 2, 9]),
    cadence("e", [5, 6, 8]),
  ]);
  expect(found).toMatchObject({ spare: 1, sharing: 3, sharingAcrossSplits: 3 });
  expect(found.sharedPanels).toEqual([
    {
      panels: [1, 2],
      members: [
        { split: "train", id: "a", target: 0 },
        { split: "test", id: "c", target: 0 },
      ],
    },
  ]);
});
