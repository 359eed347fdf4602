import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import { UsageError } from "../signal/errors.ts";
import { parseChoice, parseInteger, parseList, parseNumber, parsePattern } from "./options.ts";
import { rowsBetween } from "./range-options.ts";

describe("parseNumber", () => {
  it.each([
    ["1", 1],
    ["-2.5", -2.5],
    [" 8419.297 ", 8419.297],
    [".5", 0.5],
    ["3.", 3],
    ["1e-3", 0.001],
  ])("reads %j", (text, value) => {
    expect(parseNumber()(text)).toBe(value);
  });

  it.each(["", " ", "ten", "1,5", "0x10", "Infinity", "NaN", "1e999", "4 Hz", "--5", "."])(
    "refuses %j",
    (text) => {
      expect(() => parseNumber()(text)).toThrow(InvalidArgumentError);
    },
  );

  it("keeps to its limits and says them", () => {
    expect(() => parseNumber({ unit: "MHz" })("abc")).toThrow("Give a number in MHz, such as 1.");
    expect(parseNumber({ min: 0, max: 4 })("4")).toBe(4);
    expect(() => parseNumber({ min: 0, max: 4, unit: "Hz/s" })("4.1")).toThrow(
      "Give a number from 0 up to 4 Hz/s.",
    );
    expect(() => parseNumber({ above: 0 })("0")).toThrow("Give a number above 0.");
  });
});

describe("parseInteger", () => {
  it("reads whole numbers alone", () => {
    expect(parseInteger({ min: 1 })("16")).toBe(16);
    for (const text of ["1.5", "1e3", "9007199254740993", "", "0"]) {
      expect(() => parseInteger({ min: 1 })(text), text).toThrow(InvalidArgumentError);
    }
  });
});

describe("parseChoice, parsePattern and parseList", () => {
  it("takes what is listed", () => {
    const scale = parseChoice(["linear", "log"]);
    expect(scale("LOG")).toBe("log");
    expect(() => scale("cubic")).toThrow("Give one of linear, log.");
    const cadence = parsePattern(/^[A-Z]+$/, "letters such as ABACAD");
    expect(cadence("ABACAD")).toBe("ABACAD");
    expect(() => cadence("AB AC")).toThrow("Give letters such as ABACAD.");
    expect(parseList(parseInteger())("1, 2,3")).toEqual([1, 2, 3]);
    expect(() => parseList(parseInteger())("1,,3")).toThrow(InvalidArgumentError);
  });
});

describe("rowsBetween", () => {
  const axis = { tstartMjd: 0, tsampS: 0.1, nsamples: 10 };

  it("takes the rows that begin in the interval, whatever the rounding of the times", () => {
    expect(rowsBetween("a", axis, undefined, undefined)).toEqual({ rowStart: 0, rowStop: 10 });
    expect(rowsBetween("a", axis, 0.3, 0.7)).toEqual({ rowStart: 3, rowStop: 7 });
    expect(rowsBetween("a", axis, 0.25, 0.75)).toEqual({ rowStart: 3, rowStop: 8 });
    expect(rowsBetween("a", axis, 0, 99)).toEqual({ rowStart: 0, rowStop: 10 });
  });

  it("refuses an interval without a row", () => {
    expect(() => rowsBetween("a.fil", axis, 1, undefined)).toThrow(UsageError);
    expect(() => rowsBetween("a.fil", axis, 0.5, 0.5)).toThrow("a.fil: no row begins between 0.5 and 0.5 s");
  });
});
