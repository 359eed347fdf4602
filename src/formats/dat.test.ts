import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FileError } from "../signal/errors.ts";
import { datMeta, encodeDat, parseDat } from "./dat.ts";
import { makeHit, makeRecord } from "./testing/hit-record.ts";

const record = makeRecord([]);
const options = { maxDriftHzPerS: 4, channelsPerCoarse: 1 << 20 };
const time = { ...record.scans[0]!.time, tstartMjd: 57650.78125 };
const meta = datMeta({ ...record.scans[0]!, file: "night 1/voyager.h5", time }, record, options);

/** As turboSETI 2 writes it (its README's example, with the later version's last two header fields). */
const TURBO_SETI = [
  "# -------------------------- o --------------------------",
  "# File ID: Voyager1.single_coarse.fine_res.h5 ",
  "# -------------------------- o --------------------------",
  "# Source:Voyager1",
  "# MJD: 57650.782094907408\tRA: 17h10m03.984s\tDEC: 12d10m58.8s",
  "# DELTAT:  18.253611\tDELTAF(Hz):  -2.793968\tmax_drift_rate:   4.000000\tobs_length: 292.057776",
  "# --------------------------",
  "# Top_Hit_# \tDrift_Rate \tSNR \tUncorrected_Frequency \tCorrected_Frequency \tIndex \tfreq_start \tfreq_end \tSEFD \tSEFD_freq \tCoarse_Channel_Number \tFull_number_of_hits \t",
  "# --------------------------",
  "000001\t -0.392226\t 30.612128\t   8419.319368\t   8419.319368\t739933\t   8419.321003\t   8419.317740\t0.0\t      0.000000\t0\t858\t",
  "000002\t -0.373093\t245.707984\t   8419.297028\t   8419.297028\t747929\t   8419.298662\t   8419.295399\t0.0\t      0.000000\t0\t858\t",
  "",
].join("\n");

describe("encodeDat", () => {
  const lines = encodeDat([makeHit()], meta).split("\n");

  it("writes turboSETI's nine lines and columns, and the search on the seventh, which its reader skips", () => {
    const theirs = TURBO_SETI.split("\n");
    for (const i of [0, 2, 7, 8]) expect(lines[i]).toBe(theirs[i]);
    expect(lines[1]).toBe("# File ID: voyager.h5 ");
    expect(lines[3]).toBe("# Source:Voyager1");
    expect(lines[4]).toBe("# MJD: 57650.781250000000\tRA: 17h10m03.984s\tDEC: 12d10m58.80s");
    expect(lines[5]).toBe(theirs[5]);
    expect(lines[6]).toMatch(
      /^# -------------------------- \{"program":\{"name":"lodestone","version":"0\.1\.0"\},/,
    );
    expect(lines[9]).toBe(
      "000001\t -0.377600\t245.700000\t   8419.297028\t   8419.297028\t747929\t   8419.297035\t   8419.296918\t0.0\t      0.000000\t0\t1\t",
    );
    expect(lines.slice(10)).toEqual([""]);
  });

  it("writes no hits as nine lines", () => {
    expect(encodeDat([], meta).split("\n")).toHaveLength(10);
  });

  it("counts Index within the coarse channel, and freq_start by channels", () => {
    const hit = makeHit({ coarseChannel: 3, channel: 3 * 2 ** 20 + 17 });
    expect(parseDat(encodeDat([hit], meta), "x.dat").hits[0]).toMatchObject({ index: 17, coarseChannel: 3 });
    const rising = parseDat(encodeDat([hit], { ...meta, foffHz: 2.79 }), "x.dat").hits[0]!;
    expect(rising.startMHz).toBeLessThan(rising.endMHz);
  });

  it("keeps its lines whole whatever the names hold", () => {
    const text = encodeDat([makeHit()], {
      ...meta,
      file: "C:\\data\\odd\nname.h5",
      source: "a\tb\r\nc",
      parameters: { x: "\n" },
    });
    expect(text.split("\n")).toHaveLength(11);
    expect(parseDat(text, "x.dat")).toMatchObject({
      file: "odd name.h5",
      source: "a b c",
      parameters: { x: "\n" },
    });
  });

  it("writes finer frequencies for finer channels", () => {
    const fine = encodeDat([makeHit()], { ...meta, foffHz: -0.001 });
    expect(parseDat(fine, "x.dat").hits[0]!.frequencyMHz).toBeCloseTo(8419.297028123, 9);
  });

  it("writes coordinates to the sign and the second, and unknown ones as such", () => {
    const at = (src_raj: number, src_dej: number) => {
      const { ra, dec } = datMeta({ ...record.scans[0]!, header: { src_raj, src_dej } }, record, options);
      return [ra, dec];
    };
    expect(at(0, -0.5)).toEqual(["0h00m00.000s", "-0d30m00.00s"]);
    expect(at(23.99999999, 89.9999999)).toEqual(["24h00m00.000s", "90d00m00.00s"]);
    const none = datMeta({ ...record.scans[0]!, header: {} }, record, options);
    const read = parseDat(encodeDat([], none), "x.dat");
    expect([read.source, read.ra, read.dec]).toEqual(["unknown", undefined, undefined]);
  });

  it("is read back to the last digit written", () => {
    const frequency = fc.double({ min: 1000, max: 12_000, noNaN: true });
    const hit = fc.record({
      frequencyMHz: frequency,
      driftHzPerS: fc.double({ min: -10, max: 10, noNaN: true }),
      snr: fc.double({ min: 5, max: 1e6, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(hit, { maxLength: 5 }), (hits) => {
        const written = hits.map((h) => makeHit(h)).sort((a, b) => a.frequencyMHz - b.frequencyMHz);
        const { hits: read, ...header } = parseDat(encodeDat(written, meta), "x.dat");
        expect(header).toMatchObject({
          maxDriftHzPerS: 4,
          program: meta.program,
          parameters: meta.parameters,
        });
        expect(header.tstartMjd).toBeCloseTo(meta.tstartMjd, 11);
        expect(read.map((h) => h.number)).toEqual(written.map((_, i) => i + 1));
        for (const [i, h] of written.entries()) {
          expect(Math.abs(read[i]!.frequencyMHz - h.frequencyMHz)).toBeLessThanOrEqual(0.51e-6);
          expect(Math.abs(read[i]!.driftHzPerS - h.driftHzPerS)).toBeLessThanOrEqual(0.51e-6);
          expect(Math.abs(read[i]!.snr - h.snr)).toBeLessThanOrEqual(0.51e-6);
        }
      }),
      { seed: 6, numRuns: 200 },
    );
  });
});

describe("parseDat", () => {
  it("reads turboSETI's file", () => {
    const table = parseDat(TURBO_SETI, "voyager.dat");
    expect(table).toMatchObject({
      file: "Voyager1.single_coarse.fine_res.h5",
      source: "Voyager1",
      tstartMjd: 57650.782094907408,
      ra: "17h10m03.984s",
      dec: "12d10m58.8s",
      tsampS: 18.253611,
      foffHz: -2.793968,
      maxDriftHzPerS: 4,
      obsLengthS: 292.057776,
    });
    expect(table.program).toBeUndefined();
    expect(table.hits[1]).toEqual({
      number: 2,
      driftHzPerS: -0.373093,
      snr: 245.707984,
      frequencyMHz: 8419.297028,
      correctedFrequencyMHz: 8419.297028,
      index: 747_929,
      startMHz: 8419.298662,
      endMHz: 8419.295399,
      sefd: 0,
      sefdFrequencyMHz: 0,
      coarseChannel: 0,
      fullNumberOfHits: 858,
    });
  });

  it("reads older files, which lack two header fields, and those joined with spaces or CRLF", () => {
    const old = TURBO_SETI.replace(/\tmax_drift_rate.*/, "");
    expect(parseDat(old, "x.dat")).toMatchObject({ maxDriftHzPerS: undefined, obsLengthS: undefined });
    const spaced = TURBO_SETI.split("\n").map((line) =>
      line.startsWith("#") ? line : line.replaceAll("\t", "  "),
    );
    expect(parseDat(spaced.join("\r\n"), "x.dat").hits).toEqual(parseDat(TURBO_SETI, "x.dat").hits);
  });

  it.each([
    ["", "x.dat: no comment line gives File ID, so it is no turboSETI hit table or was cut short."],
    [TURBO_SETI.replace("# DELTAT:", "# DT:"), "x.dat: no comment line gives DELTAT"],
    [
      TURBO_SETI.replace("57650.782094907408", "today"),
      'x.dat: MJD is "today" in the comment lines. It must be a number.',
    ],
    [TURBO_SETI.slice(0, -40), "x.dat: line 11 has 7 fields; a hit has 12. Was the file cut short?"],
    [TURBO_SETI.replace("739933", "73.9"), 'x.dat: line 10: Index is "73.9". It must be a whole number.'],
    [TURBO_SETI.replace("245.707984", "nan"), 'x.dat: line 11: SNR is "nan". It must be a number.'],
  ])("says what is wrong", (text, message) => {
    expect(() => parseDat(text, "x.dat")).toThrow(FileError);
    expect(() => parseDat(text, "x.dat")).toThrow(message);
  });
});
