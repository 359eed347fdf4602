import fc from "fast-check";
import { parquetMetadata } from "hyparquet";
import { describe, expect, it } from "vitest";
import { FileError } from "../signal/errors.ts";
import type { Hit } from "../signal/hit.ts";
import { bytesSource } from "./byte-source.ts";
import { encodeHitCsv, parseHitCsv } from "./hit-csv.ts";
import { resultsJson, searchResults } from "./hit-json.ts";
import { encodeHitParquet, readHitParquet } from "./hit-parquet.ts";
import { type HitTable, hitRows } from "./hit-rows.ts";
import { anyHit, makeHit, makeRecord } from "./testing/hit-record.ts";

const anyHits = fc.array(anyHit, { maxLength: 12 });
const pair = [
  makeHit({ scan: 2, snr: 50 }),
  makeHit({ scan: 1, role: "OFF" } as Partial<Hit>),
  makeHit({ frequencyMHz: 8000 }),
  makeHit(),
];

describe("rows", () => {
  it("stand by scan, then by frequency, with the scan's role and what became of each hit", () => {
    expect(
      hitRows(makeRecord(pair)).map((r) => [r.scan, r.frequencyMHz, r.role, r.event, r.level, r.rule]),
    ).toEqual([
      [0, 8000, "ON", null, 1, "in-off-scan"],
      [0, 8419.297028123, "ON", null, null, null],
      [1, 8419.297028123, "OFF", null, null, null],
      [2, 8419.297028123, "ON", 1, 2, null],
    ]);
  });

  it("are the same whatever the order of the hits", () => {
    fc.assert(
      fc.property(anyHits, (hits) => {
        const record = makeRecord(hits);
        expect(encodeHitCsv({ ...record, hits: [...hits].reverse() })).toBe(encodeHitCsv(record));
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe("CSV", () => {
  it("has the program, its version and each parameter above the columns", () => {
    const lines = encodeHitCsv(makeRecord([makeHit()])).split("\n");
    expect(lines).toEqual([
      "# program: lodestone",
      "# version: 0.1.0",
      '# parameters: {"maxDriftHzPerS":4,"snr":10,"keepZeroDrift":false,"mask":null,"odd: name":"a \\"quoted\\", #value\\n"}',
      "file,scan,role,frequencyMHz,midFrequencyMHz,driftHzPerS,driftUncertaintyHzPerS,snr,widthHz,bandwidthHz,coarseChannel,channel,event,level,rule",
      "night 1/on-1.h5,0,ON,8419.297028123,8419.296976,-0.3776,0.0021,245.7,5.5879,13.97,0,747929,1,2,",
      "",
    ]);
  });

  it("quotes as RFC 4180 says", () => {
    const csv = encodeHitCsv(makeRecord([makeHit({ file: 'a,"b"\nc' })]));
    expect(csv).toContain('\n"a,""b""\nc",0,ON,');
  });

  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(anyHits, (hits) => {
        const record = makeRecord(hits);
        expectTable(parseHitCsv(encodeHitCsv(record), "x.csv"), record);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it("reads CRLF, other orders of columns and columns of others", () => {
    const record = makeRecord(pair);
    const [comments, rows] = [
      encodeHitCsv(record).split("\n").slice(0, 3),
      encodeHitCsv(record).split("\n").slice(3, -1),
    ];
    const turned = rows.map((row, i) => `${i === 0 ? "mine" : "x"},${row.split(",").reverse().join(",")}`);
    expectTable(parseHitCsv([...comments, ...turned].join("\r\n"), "x.csv"), record);
  });

  it.each([
    ["", "x.csv: it holds no line of column names, so it is no hit table. Was it cut short?"],
    ["a,b\n1,2\n", /^x\.csv: line 1 names no column file, scan, role, /],
    [(csv: string) => csv.slice(0, -30), /^x\.csv: line 5 has 8 cells, but there are 15 columns/],
    [
      (csv: string) => csv.replace("747929", "7.5"),
      'x.csv: line 5: channel is "7.5". It must be a whole number.',
    ],
    [(csv: string) => csv.replace("245.7", "many"), 'x.csv: line 5: snr is "many". It must be a number.'],
    [(csv: string) => csv.replace("245.7", ""), "x.csv: line 5: snr is empty. It must have a value."],
    [(csv: string) => csv.replace(",ON,", ",IN,"), 'x.csv: line 5: role is "IN". It must be ON or OFF.'],
    [
      (csv: string) => csv.replace("-0.3776", '"-0.3776'),
      /^x\.csv: line 5: a quotation mark stands where none can/,
    ],
    [
      (csv: string) => csv.replace('"snr":10', '"snr":ten'),
      /^x\.csv: the comment line of parameters is not JSON/,
    ],
  ])("says what is wrong: %s", (change, message) => {
    const csv = encodeHitCsv(makeRecord([makeHit()]));
    const read = () => parseHitCsv(typeof change === "string" ? change : change(csv), "x.csv");
    expect(read).toThrow(FileError);
    expect(read).toThrow(message);
  });

  it("throws nothing but FileErrors on damaged text", () => {
    const csv = encodeHitCsv(makeRecord(pair));
    fc.assert(
      fc.property(fc.nat(csv.length), fc.nat(4), fc.string({ maxLength: 3 }), (at, cut, put) => {
        expectFileErrorOnly(() => parseHitCsv(csv.slice(0, at) + put + csv.slice(at + cut), "x.csv"));
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});

describe("Parquet", () => {
  it("reads back what it wrote", async () => {
    await fc.assert(
      fc.asyncProperty(anyHits, async (hits) => {
        const record = makeRecord(hits);
        expectTable(await readHitParquet(bytesSource("x.parquet", encodeHitParquet(record))), record);
      }),
      { seed: 4, numRuns: 100 },
    );
  });

  it("has typed columns, required where a hit always has a value, and the search in the metadata", () => {
    const bytes = encodeHitParquet(makeRecord([makeHit()]));
    const metadata = parquetMetadata(bytes.buffer as ArrayBuffer);
    const types = metadata.schema.slice(1).map((c) => [c.name, c.type, c.repetition_type]);
    expect(types).toContainEqual(["frequencyMHz", "DOUBLE", "REQUIRED"]);
    expect(types).toContainEqual(["channel", "INT32", "REQUIRED"]);
    expect(types).toContainEqual(["event", "INT32", "OPTIONAL"]);
    expect(metadata.created_by).toBe("lodestone version 0.1.0");
    expect(metadata.key_value_metadata).toContainEqual({ key: "version", value: "0.1.0" });
    const parameters = metadata.key_value_metadata!.find((entry) => entry.key === "parameters")!;
    expect(JSON.parse(parameters.value!)).toEqual(makeRecord([]).parameters);
  });

  it("holds many row groups", async () => {
    const hits = Array.from({ length: 3000 }, (_, i) => makeHit({ channel: i, frequencyMHz: 8000 + i }));
    const { rows } = await readHitParquet(bytesSource("x.parquet", encodeHitParquet(makeRecord(hits))));
    expect(rows.map((r) => r.channel)).toEqual(hits.map((h) => h.channel));
  });

  it("throws nothing but FileErrors on damaged bytes", async () => {
    const whole = encodeHitParquet(makeRecord(pair));
    await expect(readHitParquet(bytesSource("x.parquet", new Uint8Array(3)))).rejects.toThrow(
      "x.parquet: it is no Parquet file, or is cut short. Give a hit table that ends in .parquet.",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, change, cut) => {
          const bytes = cut ? whole.slice(0, at) : whole.slice();
          if (!cut) bytes[at]! ^= change;
          await readHitParquet(bytesSource("x.parquet", bytes)).catch((error) =>
            expect(error).toBeInstanceOf(FileError),
          );
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });
});

describe("JSON", () => {
  it("has the parts and fields that are promised", () => {
    const parsed = JSON.parse(resultsJson(makeRecord(pair)));
    expect(Object.keys(parsed)).toEqual([
      "program",
      "parameters",
      "scans",
      "hits",
      "events",
      "rejected",
      "expectedFalseHits",
      "notes",
    ]);
    expect(parsed.program).toEqual({ name: "lodestone", version: "0.1.0" });
    expect(parsed.hits[1]).toEqual({ ...makeHit(), role: "ON" });
    expect(parsed.hits.map((h: Hit) => h.scan)).toEqual([0, 0, 1, 2]);
    expect(parsed.events).toEqual([
      {
        frequencyMHz: 8419.297028123,
        driftHzPerS: -0.3776,
        snr: 50,
        level: 2,
        hits: [{ ...makeHit({ scan: 2, snr: 50 }), role: "ON" }],
      },
    ]);
    expect(parsed.rejected[0]).toEqual({
      ...makeHit({ frequencyMHz: 8000 }),
      role: "ON",
      rule: "in-off-scan",
      level: 1,
      reason: 'On a line, "its" path.',
      offHit: { ...makeHit({ scan: 1 }), role: "OFF" },
    });
    expect(parsed.scans[1]).toMatchObject({
      file: "scan1.h5",
      role: "OFF",
      pointing: "B",
      sourceName: "Off1",
      nchans: 1 << 20,
    });
  });

  it("is what searchResults gives, on a line an item", () => {
    const record = makeRecord(pair);
    expect(JSON.parse(resultsJson(record))).toEqual(JSON.parse(JSON.stringify(searchResults(record))));
    expect(
      resultsJson(record)
        .split("\n")
        .filter((line) => line.startsWith('    {"file":"night')),
    ).toHaveLength(5);
    expect(JSON.parse(resultsJson(makeRecord([])))).toMatchObject({ hits: [], events: [], rejected: [] });
  });

  it("has no number that isn't finite", () => {
    const text = resultsJson(
      makeRecord([makeHit({ driftUncertaintyHzPerS: Number.NaN, snr: Number.POSITIVE_INFINITY })]),
    );
    expect(JSON.parse(text).hits[0]).toMatchObject({ driftUncertaintyHzPerS: null, snr: null });
  });
});

function expectTable(table: HitTable, record: ReturnType<typeof makeRecord>): void {
  expect(table.program).toEqual(record.program);
  expect(table.parameters).toEqual(record.parameters);
  expect(table.rows).toEqual(hitRows(record));
}

function expectFileErrorOnly(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(FileError);
  }
}
