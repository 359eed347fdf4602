import fc from "fast-check";
import { expect, test } from "vitest";
import { csvColumns, encodeCsv, parseCsv } from "./csv.ts";

test("any table of texts comes back as it was, whatever they hold", () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab ,"\r\n#\t0é'), maxLength: 8 });
  const table = fc.integer({ min: 1, max: 4 }).chain((columns) =>
    fc.array(fc.array(text, { minLength: columns, maxLength: columns }), { maxLength: 5 }).map((rows) => ({
      header: Array.from({ length: columns }, (_, i) => `column ${i}`),
      rows,
    })),
  );
  fc.assert(
    fc.property(table, ({ header, rows }) => {
      const read = parseCsv(encodeCsv(header, rows), "t.csv");
      expect(read.header).toEqual(header);
      expect(read.rows).toEqual(rows);
    }),
    { seed: 7, numRuns: 500 },
  );
});

test("numbers are written in full, what is no number as an empty cell", () => {
  expect(
    encodeCsv(
      ["a", "b"],
      [
        [0.1 + 0.2, null],
        [Number.NaN, -0.5],
      ],
    ),
  ).toBe("a,b\n0.30000000000000004,\n,-0.5\n");
});

test("reads CR LF, a byte order mark, comments, empty lines and a last line without an end; tells each row's line", () => {
  const read = parseCsv('\ufeff# made by hand\r\n id ,x\r\n\r\n"a\nb",1\r\nc,2', "t.csv");
  expect(read.header).toEqual(["id", "x"]);
  expect(read.rows).toEqual([
    ["a\nb", "1"],
    ["c", "2"],
  ]);
  expect(read.lines).toEqual([4, 6]);
});

test.each([
  ["", "t.csv: it holds no line of column names. Was it cut short?"],
  ["a,b\n1,2\n3\n", "t.csv: line 3 has 1 cells, but there are 2 columns. Was it cut short or edited?"],
  ['a\n"1"2\n', "t.csv: line 2: a quotation mark stands where none can. Was the file edited or cut short?"],
])("a damaged table %j is told of", (text, message) => {
  expect(() => parseCsv(text, "t.csv")).toThrow(message);
});

test("columns are found by name, and what is missing is named beside what is there", () => {
  const table = parseCsv("b,a\n1,2\n", "t.csv");
  expect(csvColumns(table, ["a", "b"])).toEqual({ a: 1, b: 0 });
  expect(() => csvColumns(table, ["a", "id", "target"])).toThrow(
    "t.csv: its first line names no column id, target; it names b, a. Give a table with the columns a, id, target.",
  );
});
