import { expect, test } from "vitest";
import { encodeTruthCsv, parseTruthCsv, type TruthRow } from "./truth-csv.ts";

const row: TruthRow = {
  id: "0a1b2c3d4e5f607",
  label: 1,
  kind: "needle",
  shape: "sine",
  profile: "tone",
  time: "steady",
  snr: 31.4159,
  snrDb: 20 * Math.log10(31.4159),
  driftHzPerS: -0.03,
  scans: "1 0 1 0 0 0",
  path: JSON.stringify({ shape: "sine", amplitudeHz: 20, "a, b": 'say "x"' }),
};

test("rows come back as they were, in any order of columns", () => {
  const rows = [row, { ...row, id: "f", label: 0 as const, kind: "interference" as const, driftHzPerS: 0 }];
  const text = encodeTruthCsv(rows);
  expect(text.split("\n")[0]).toBe("id,label,kind,shape,profile,time,snr,snrDb,driftHzPerS,scans,path");
  expect(parseTruthCsv(text, "truth.csv")).toEqual(rows);
  const turned = text.split("\n")[0]!.split(",").toReversed();
  const cells = turned.map((name) => (name === "path" ? "{}" : String(row[name as keyof TruthRow])));
  const read = parseTruthCsv(`extra,${turned.join(",")}\nx,${cells.join(",")}\n`, "truth.csv");
  expect(read).toEqual([{ ...row, path: "{}" }]);
});

test.each([
  [{ snr: Number.NaN }, 'truth.csv: line 2: snr is ""; it must be a number.'],
  [{ label: 2 }, 'truth.csv: line 2: label is "2"; it must be 0 or 1.'],
  [{ kind: "noise" }, 'truth.csv: line 2: kind is "noise"; it must be needle or interference.'],
  [{ scans: "1 0 2" }, 'truth.csv: line 2: scans is "1 0 2"; it must be digits such as 1 0 1 0 1 0.'],
  [{ id: "" }, 'truth.csv: line 2: id is ""; it must be a cadence\'s id.'],
])("a damaged row %j is told of by line and column", (change, message) => {
  expect(() => parseTruthCsv(encodeTruthCsv([{ ...row, ...change } as TruthRow]), "truth.csv")).toThrow(
    message,
  );
});
