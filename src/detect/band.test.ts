import { expect, it } from "vitest";
import { makeCadence } from "../signal/cadence.ts";
import { memorySource } from "../signal/memory-source.ts";
import type { SpectrogramRange, SpectrogramSource } from "../signal/spectrogram.ts";
import { commonBand, readBand } from "./band.ts";
import { bufferedSource } from "./buffered-source.ts";

const FOFF_MHZ = -2e-6;
const ROWS = 3;

/** Every pixel says its row and its frequency: channels count down from 8000 MHz, one after another by their frequency. */
function source(name: string, topChannel: number, nchans: number, ascending = false): SpectrogramSource {
  const places = Array.from({ length: nchans }, (_, i) => topChannel + (ascending ? nchans - 1 - i : i));
  return memorySource({
    data: Float32Array.from(
      { length: ROWS * nchans },
      (_, at) => 1000 * Math.floor(at / nchans) + places[at % nchans]!,
    ),
    time: { tstartMjd: 0, tsampS: 1, nsamples: ROWS },
    frequency: {
      fch1MHz: 8000 + places[0]! * FOFF_MHZ,
      foffMHz: ascending ? -FOFF_MHZ : FOFF_MHZ,
      nchans,
    },
    header: {},
    source: name,
  });
}

const read = async (band: ReturnType<typeof commonBand>, scan: number, start: number, stop: number) => {
  const into = new Float32Array(2 * (stop - start));
  await readBand(band, scan, { start: 1, stop: 3 }, { start, stop }, into);
  return [...into];
};

it("is what all scans have, counted alike whichever way their channels run and wherever they begin", async () => {
  const scans = [source("a", 10, 40), source("b", 4, 40, true), source("c", 12, 50)];
  const band = commonBand(makeCadence("ABA", scans));
  expect(band.frequency.nchans).toBe(44 - 12);
  expect(band.frequency.fch1MHz).toBeCloseTo(8000 + 12 * FOFF_MHZ, 9);
  for (const scan of [0, 1, 2]) {
    expect(await read(band, scan, 0, 3)).toEqual([1012, 1013, 1014, 2012, 2013, 2014]);
    expect(await read(band, scan, 30, 32)).toEqual([1042, 1043, 2042, 2043]);
  }
});

it("begins and ends where it is told to, in channels of the first scan", async () => {
  const band = commonBand(makeCadence("AB", [source("a", 10, 40), source("b", 4, 60, true)]), {
    channelStart: 5,
    channelStop: 9,
  });
  expect(band.frequency.nchans).toBe(4);
  for (const scan of [0, 1]) expect(await read(band, scan, 0, 2)).toEqual([1015, 1016, 2015, 2016]);
});

it("has the mean of its neighbours in place of a DC channel", async () => {
  const spiked = (name: string, ascending: boolean): SpectrogramSource => {
    const plain = source(name, 0, 16, ascending);
    return {
      ...plain,
      async read(range, into) {
        const part = await plain.read(range, into);
        const width = part.frequency.nchans;
        // Channels 4 and 12 of the file.
        for (const dc of [4, 12]) {
          const column = dc - range!.channelStart!;
          if (column < 0 || column >= width) continue;
          for (let row = 0; row < ROWS; row++) part.data[row * width + column] = 1e9;
        }
        return part;
      },
    };
  };
  const scans = [spiked("a", false), spiked("b", true)];
  const band = commonBand(makeCadence("AB", scans), { channelsPerCoarse: 8 });
  const clean = Array.from({ length: 16 }, (_, i) => i);
  for (const scan of [0, 1]) {
    const rows = [1000, 2000].flatMap((row) => clean.map((channel) => row + channel));
    expect(await read(band, scan, 0, 16)).toEqual(rows);
  }
  // At the edge of what is read there is one neighbour only.
  expect(await read(band, 0, 4, 6)).toEqual([1005, 1005, 2005, 2005]);
  expect(await read(commonBand(makeCadence("AB", scans)), 0, 3, 6)).toEqual([
    1003, 1e9, 1005, 2003, 1e9, 2005,
  ]);
});

it("is refused where scans differ in the width of channels, or share no frequency", () => {
  const wide = source("wide.h5", 0, 10);
  const other = { ...wide, frequency: { ...wide.frequency, foffMHz: 3e-6 } };
  expect(() => commonBand(makeCadence("AB", [wide, other]))).toThrow(/channels are 3 Hz wide/);
  expect(() => commonBand(makeCadence("AB", [wide, source("far.h5", 100, 10)]))).toThrow(
    /no frequencies in common: wide.h5, far.h5/,
  );
});

it("reads the same through a buffer, in pieces that follow each other, up or down", async () => {
  const plain = source("a", 0, 100);
  const asked: SpectrogramRange[] = [];
  const counted = {
    ...plain,
    blockChannels: 8,
    read: (range: SpectrogramRange, into?: Float32Array) => {
      asked.push(range);
      return plain.read(range, into);
    },
  };
  for (const down of [false, true]) {
    asked.length = 0;
    const buffered = bufferedSource(counted, { down, mostValues: 90 });
    const starts = Array.from({ length: 19 }, (_, i) => 5 * i);
    for (const channelStart of down ? starts.reverse() : starts) {
      const range = { rowStart: 0, rowStop: ROWS, channelStart, channelStop: channelStart + 10 };
      const { data, frequency, time } = await buffered.read(range);
      const expected = await plain.read(range);
      expect([...data]).toEqual([...expected.data]);
      expect({ frequency, time }).toEqual({ frequency: expected.frequency, time: expected.time });
    }
    // 30 channels at once, of which 10 overlap at most: a read for each window would be 19.
    expect(asked.length).toBeLessThanOrEqual(7);
    expect(Math.max(...asked.map((r) => ROWS * (r.channelStop! - r.channelStart!)))).toBeLessThanOrEqual(90);
  }
  asked.length = 0;
  const some = { rowStart: 1, rowStop: 2, channelStart: 3, channelStop: 20 };
  expect([...(await bufferedSource(counted).read(some)).data]).toEqual([...(await plain.read(some)).data]);
  expect(asked).toMatchObject([some]);
  const large = await bufferedSource(counted, { mostValues: 10 }).read({ channelStart: 3, channelStop: 20 });
  expect([...large.data]).toEqual([...(await plain.read({ channelStart: 3, channelStop: 20 })).data]);
});
