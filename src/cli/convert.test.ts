import {
  copyFileSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSpectrograms, writeSpectrogram } from "../formats/open.node.ts";
import { FileError, UsageError } from "../signal/errors.ts";
import { resolveRange } from "../signal/range.ts";
import { type SpectrogramSource, sliceFrequency, sliceTime } from "../signal/spectrogram.ts";
import { convert } from "./convert.ts";

const folder = mkdtempSync(join(tmpdir(), "lodestone-convert-"));
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const rows = 12;
const nchans = 40;
const nifs = 3;

function power(row: number, ifIndex: number, channel: number): number {
  return 1000 * ifIndex + row + channel / 64;
}

/** Three IFs whose every value tells where it stands. */
const telling: SpectrogramSource = {
  name: "telling",
  time: { tstartMjd: 57_650.5, tsampS: 2, nsamples: rows },
  frequency: { fch1MHz: 8421.5, foffMHz: -0.25, nchans },
  header: { source_name: "Test", src_raj: 17.25, src_dej: -4.5, telescope_id: 6 },
  nifs,
  async read(range) {
    const r = resolveRange(this, range);
    const values: number[] = [];
    for (let row = r.rowStart; row < r.rowStop; row++) {
      for (let c = r.channelStart; c < r.channelStop; c++) values.push(power(row, r.ifIndex, c));
    }
    return {
      data: Float32Array.from(values),
      time: sliceTime(this.time, r.rowStart, r.rowStop),
      frequency: sliceFrequency(this.frequency, r.channelStart, r.channelStop),
      header: this.header,
      source: this.name,
    };
  },
  async close() {},
};

beforeAll(async () => {
  await writeSpectrogram(file("in.fil"), telling);
  await writeSpectrogram(file("in.h5"), telling);
});

async function withOpened<T>(path: string, use: (source: SpectrogramSource) => Promise<T>): Promise<T> {
  const [source] = await openSpectrograms(path);
  return use(source!).finally(() => source!.close());
}

describe("convert", () => {
  it.each([
    ["in.fil", "out.h5"],
    ["in.h5", "out.fil"],
    ["in.fil", "out2.fil"],
    ["in.h5", "out2.hdf5"],
  ])("keeps all power, axes and header of %s in %s", async (from, to) => {
    const fractions: number[] = [];
    const converted = await convert(file(from), file(to), {
      onProgress: (fraction) => fractions.push(fraction),
    });
    expect(converted).toEqual({ rows, channels: nchans, ifs: nifs, notes: [] });
    expect(fractions.at(-1)).toBe(1);
    await withOpened(file(to), async (source) => {
      expect(source).toMatchObject({ time: telling.time, frequency: telling.frequency, nifs });
      expect(source.header).toMatchObject({ source_name: "Test", telescope_id: 6 });
      expect(source.header.src_raj).toBeCloseTo(17.25, 9);
      expect(source.header.src_dej).toBeCloseTo(-4.5, 9);
      for (let ifIndex = 0; ifIndex < nifs; ifIndex++) {
        expect((await source.read({ ifIndex })).data).toEqual((await telling.read({ ifIndex })).data);
      }
    });
  });

  it.each(["cut.fil", "cut.h5", "cut.npy"])("writes the part that was asked for to %s", async (to) => {
    const options = { fStart: 8420, fStop: 8418.5, tStart: 4, tStop: 10, if: 1 };
    expect(await convert(file("in.fil"), file(to), options)).toEqual({
      rows: 3,
      channels: 7,
      ifs: 1,
      notes: [],
    });
    await withOpened(file(to), async (source) => {
      const { data } = await source.read();
      expect(data).toHaveLength(21);
      for (let row = 0; row < 3; row++) {
        for (let c = 0; c < 7; c++) expect(data[row * 7 + c]).toBe(Math.fround(power(row + 2, 1, c + 6)));
      }
      if (to === "cut.npy") return;
      expect(source.frequency).toEqual({ fch1MHz: 8420, foffMHz: -0.25, nchans: 7 });
      expect(source.time.tstartMjd).toBeCloseTo(57_650.5 + 4 / 86_400, 9);
    });
  });

  it("says which IF an .npy holds where nobody chose", async () => {
    const converted = await convert(file("in.h5"), file("one.npy"));
    expect(converted).toMatchObject({ ifs: 1, notes: [expect.stringContaining("holds IF 0 of 3")] });
  });

  it("takes one panel of an array of several", async () => {
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4), }`.padEnd(117, " ");
    const values = Float32Array.from({ length: 24 }, (_, i) => i);
    const magic = Uint8Array.of(0x93, ...Buffer.from("NUMPY"), 1, 0, 118, 0);
    writeFileSync(
      file("panels.npy"),
      Buffer.concat([magic, Buffer.from(`${header}\n`), Buffer.from(values.buffer)]),
    );
    await expect(convert(file("panels.npy"), file("panel.fil"))).rejects.toThrow("holds 2 spectrograms");
    await expect(convert(file("panels.npy"), file("panel.fil"), { panel: 2 })).rejects.toThrow(
      "panels 0 to 1",
    );
    await convert(file("panels.npy"), file("panel.fil"), { panel: 1 });
    await withOpened(file("panel.fil"), async (source) => {
      expect((await source.read()).data).toEqual(values.subarray(12));
    });
  });

  it("replaces a file only when told to", async () => {
    writeFileSync(file("there.h5"), "precious");
    await expect(convert(file("in.fil"), file("there.h5"))).rejects.toThrow(FileError);
    expect(readFileSync(file("there.h5"), "utf8")).toBe("precious");
    await convert(file("in.fil"), file("there.h5"), { force: true });
    await withOpened(file("there.h5"), async (source) => expect(source.nifs).toBe(nifs));
  });

  it("never writes over the file it reads, whatever its name", async () => {
    copyFileSync(file("in.fil"), file("same.fil"));
    const before = readFileSync(file("same.fil"));
    symlinkSync(file("same.fil"), file("link.fil"));
    linkSync(file("same.fil"), file("hard.h5"));
    for (const to of ["same.fil", "link.fil", "hard.h5"]) {
      await expect(convert(file("same.fil"), file(to), { force: true }), to).rejects.toThrow(UsageError);
    }
    expect(readFileSync(file("same.fil")).equals(before)).toBe(true);
  });

  it("leaves nothing behind where it fails", async () => {
    const whole = readFileSync(file("in.fil"));
    writeFileSync(file("short.fil"), whole.subarray(0, whole.length - 4));
    const before = readdirSync(folder).sort();
    await expect(convert(file("short.fil"), file("x.h5"))).rejects.toThrow(FileError);
    await expect(convert(file("none.fil"), file("x.h5"))).rejects.toThrow(FileError);
    await expect(convert(file("in.fil"), file("x.csv"))).rejects.toThrow(UsageError);
    await expect(convert(file("in.fil"), file("x.h5"), { fStart: 1, fStop: 2 })).rejects.toThrow(UsageError);
    await expect(convert(file("in.fil"), file("x.h5"), { if: 3 })).rejects.toThrow(UsageError);
    expect(readdirSync(folder).sort()).toEqual(before);
    const converted = await convert(file("short.fil"), file("x.h5"), { allowTruncated: true });
    expect(converted.rows).toBe(rows - 1);
  });
});
