import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileError, UsageError } from "../signal/errors.ts";
import { bytesSource } from "./byte-source.ts";
import { encodeNpy, encodeNpyHeader, openNpy } from "./npy.ts";
import { NOMINAL_AXES, npySpectrogramSources } from "./npy-spectrogram.ts";
import { writeNpy } from "./npy-write.node.ts";
import { watched } from "./testing/watched-source.ts";

const counting = (length: number) => Float32Array.from({ length }, (_, i) => i);
const sourcesOf = async (shape: number[], axes = {}) => {
  const data = counting(shape.reduce((product, n) => product * n, 1));
  return npySpectrogramSources(
    await openNpy(bytesSource("a.npy", encodeNpy({ shape, data }, { float16: true }))),
    axes,
  );
};

describe("shapes", () => {
  test("(time, frequency) is one spectrogram with nominal axes", async () => {
    const [source, ...more] = await sourcesOf([3, 4]);
    expect(more).toEqual([]);
    expect(source).toMatchObject({
      name: "a.npy",
      nifs: 1,
      header: {},
      time: { tstartMjd: 0, tsampS: 18.253611008, nsamples: 3 },
      frequency: { fch1MHz: 0, foffMHz: -2.7939677238464355e-6, nchans: 4 },
    });
    const part = await source!.read({ rowStart: 1, channelStart: 1, channelStop: 3 });
    expect([...part.data]).toEqual([5, 6, 9, 10]);
    expect(part.source).toBe("a.npy");
    expect(part.frequency).toEqual({
      fch1MHz: NOMINAL_AXES.foffMHz,
      foffMHz: NOMINAL_AXES.foffMHz,
      nchans: 2,
    });
  });

  test("(panel, time, frequency) is a cadence, a source a panel", async () => {
    const panels = await sourcesOf([6, 2, 3], { fch1MHz: 8000, foffMHz: 1, tsampS: 2 });
    expect(panels.map((p) => p.name)).toEqual([0, 1, 2, 3, 4, 5].map((i) => `a.npy[${i}]`));
    for (const [i, panel] of panels.entries()) {
      const { data, frequency, time } = await panel.read();
      expect([...data]).toEqual([0, 1, 2, 3, 4, 5].map((x) => 6 * i + x));
      expect(frequency).toEqual({ fch1MHz: 8000, foffMHz: 1, nchans: 3 });
      expect(time).toEqual({ tstartMjd: 0, tsampS: 2, nsamples: 2 });
    }
  });

  test("an IF axis of one is passed over", async () => {
    const [source, ...more] = await sourcesOf([3, 1, 4]);
    expect(more).toEqual([]);
    expect([...(await source!.read({ rowStart: 2 })).data]).toEqual([8, 9, 10, 11]);
    const panels = await sourcesOf([2, 3, 1, 4]);
    expect(panels.map((p) => p.time.nsamples)).toEqual([3, 3]);
    expect([...(await panels[1]!.read({ rowStart: 2 })).data]).toEqual([20, 21, 22, 23]);
  });

  test.each([[[12]], [[]], [[2, 2, 3, 2]], [[2, 2, 2, 1, 2]], [[0, 4]], [[3, 0]], [[10_001, 2, 2]]])(
    "%j is refused in words",
    async (shape) => {
      await expect(sourcesOf(shape)).rejects.toThrow(FileError);
      await expect(sourcesOf(shape)).rejects.toThrow(/its shape is/);
    },
  );

  test("a range that isn't there is a UsageError", async () => {
    const [source] = await sourcesOf([3, 4]);
    await expect(source!.read({ rowStop: 4 })).rejects.toThrow(UsageError);
    await expect(source!.read({ ifIndex: 1 })).rejects.toThrow(UsageError);
  });

  test.each([
    ["(5, 7)", [5, 7]],
    ["(2, 5, 7)", [2, 5, 7]],
  ])("Fortran order gives the same power: %s", async (text, shape) => {
    const total = shape.reduce((product, n) => product * n, 1);
    const header = `{'descr': '>i2', 'fortran_order': True, 'shape': ${text}}`;
    const head = encodeNpyHeader("<f4", shape).slice(0, 10);
    new DataView(head.buffer).setUint16(8, header.length, true);
    const body = new DataView(new ArrayBuffer(2 * total));
    for (let n = 0; n < total; n++) {
      const [p, t, f] = [Math.floor(n / 35), Math.floor(n / 7) % 5, n % 7];
      body.setInt16(2 * (p + (total / 35) * (t + 5 * f)), n - 20);
    }
    const bytes = Uint8Array.of(...head, ...new TextEncoder().encode(header), ...new Uint8Array(body.buffer));
    const sources = npySpectrogramSources(await openNpy(bytesSource("f.npy", bytes)));
    const last = sources.at(-1)!;
    const into = new Float32Array(new SharedArrayBuffer(4 * 3 * 4));
    const { data } = await last.read({ rowStart: 1, rowStop: 4, channelStart: 2, channelStop: 6 }, into);
    expect(data).toBe(into);
    const first = total - 35 - 20;
    expect([...data]).toEqual([1, 2, 3].flatMap((t) => [2, 3, 4, 5].map((f) => first + 7 * t + f)));
  });

  test("the file is closed with the last of its panels, once", async () => {
    const bytes = watched(bytesSource("a.npy", encodeNpy({ shape: [2, 2, 2], data: counting(8) })));
    const [first, second] = npySpectrogramSources(await openNpy(bytes));
    await first!.close();
    await first!.close();
    expect(bytes.closed).toBe(0);
    expect([...(await second!.read()).data]).toEqual([4, 5, 6, 7]);
    await second!.close();
    expect(bytes.closed).toBe(1);
  });
});

describe("writing", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lodestone-npy-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("a range of a source becomes a float32 array (time, frequency)", async () => {
    const [source] = await sourcesOf([5, 6]);
    const path = join(folder, "out.npy");
    const fractions: number[] = [];
    await writeNpy(path, source!, {
      range: { rowStart: 1, rowStop: 3, channelStart: 2, channelStop: 5 },
      onProgress: (fraction) => fractions.push(fraction),
    });
    const file = await openNpy(bytesSource(path, readFileSync(path)));
    expect(file).toMatchObject({ shape: [2, 3], dtype: { descr: "<f4" }, fortranOrder: false });
    expect([...(await file.read()).data]).toEqual([8, 9, 10, 14, 15, 16]);
    expect(fractions.at(-1)).toBe(1);
    expect(readdirSync(folder)).toEqual(["out.npy"]);
  });
});
