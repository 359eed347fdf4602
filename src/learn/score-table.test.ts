import { describe, expect, it } from "vitest";
import { matchScores, parseScoreTable } from "./score-table.ts";

describe("parseScoreTable", () => {
  it("reads submissions and the tables that training writes", () => {
    const submission = parseScoreTable("id,target\na,0.25\nb,1e-3\n", "s.csv");
    expect(submission.ids).toEqual(["a", "b"]);
    expect([...submission.scores]).toEqual([0.25, 0.001]);
    const validation = parseScoreTable("id,target,score\na,1,0.25\nb,0,-3\n", "v.csv");
    expect([...validation.scores]).toEqual([0.25, -3]);
  });

  it("names the line of a score that is none, and of an id that comes twice", () => {
    const parse = (rows: string) => () => parseScoreTable(`id,target\n${rows}`, "s.csv");
    expect(parse("a,0.5\nb,nan\n")).toThrow(
      's.csv: line 3: the target is "nan"; a score must be a finite number.',
    );
    expect(parse("a,\n")).toThrow("s.csv: line 2: the target is nothing");
    expect(parse("a,inf\n")).toThrow("s.csv: line 2");
    expect(parse("a,0.5\nb,1\na,0.5\n")).toThrow("s.csv: lines 2 and 4 both score a. Remove one of them.");
    expect(() => parseScoreTable("name,value\n", "s.csv")).toThrow(
      "s.csv: its first line names no column id, target",
    );
  });
});

describe("matchScores", () => {
  const set = { name: "data", ids: ["a", "b", "c", "d"], labels: [0, 1, Number.NaN, 1] };

  it("pairs scores with labels, and tells what either side lacks", () => {
    const table = { name: "s.csv", ids: ["x", "d", "c", "a"], scores: Float64Array.of(9, 8, 7, 6) };
    expect(matchScores(table, set)).toEqual({
      ids: ["a", "d"],
      targets: Float64Array.of(0, 1),
      scores: Float64Array.of(6, 8),
      places: Int32Array.of(0, 3),
      unscored: ["b"],
      unlabelled: ["x", "c"],
    });
  });

  it("refuses tables that have nothing in common", () => {
    const table = { name: "s.csv", ids: ["x"], scores: Float64Array.of(1) };
    expect(() => matchScores(table, set)).toThrow(
      "None of the ids of s.csv (such as x) has a label in data (such as a). Give scores and labels of the same cadences.",
    );
  });
});
