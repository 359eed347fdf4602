import { execFile } from "node:child_process";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCadence } from "../formats/cadence-folder.node.ts";
import { streamKey } from "../simulate/random.ts";
import { createExampleMaker } from "./inputs/example.ts";
import { loadInputKernels } from "./inputs/kernels.node.ts";
import { createPreparer, createPreparerParts } from "./inputs/prepare.ts";
import { type BatchStreamOptions, type KeepOptions, type Loader, openLoader } from "./loader.node.ts";
import type { ExampleJob, LoaderStart } from "./loader-messages.ts";
import { pathOf, type SmallSet, smallShape, writeSmallSet } from "./testing/small-set.node.ts";
import { turnInto } from "./views.ts";

const start: LoaderStart = {
  input: { normalisation: "z-score-panel", layout: "on" },
  augment: { flipTime: 0.5, noise: 0.3, mixUp: { chance: 0.5, alpha: 1, labels: "or", offInLast: 0.5 } },
  shape: smallShape,
};
const imageFloats = 3 * smallShape.rows * smallShape.channels;
let folder: string;
let set: SmallSet;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lodestone-loader-"));
  set = await writeSmallSet(folder, 12);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const source = (place: number) => ({
  path: pathOf(folder, set.ids[place]!),
  label: set.labels[place]!,
  place,
});
/** An augmented example, mixed or not, of a place in a batch. */
const job = (batch: number, index: number): ExampleJob => {
  const place = (5 * batch + index) % 12;
  return {
    index,
    source: source(place),
    partner: source((place + 1) % 12),
    key: streamKey(1, batch, place),
    shareDone: batch / 6,
  };
};
const batches: BatchStreamOptions = {
  examples: (batch) => (batch < 6 ? Array.from({ length: 5 }, (_, index) => job(batch, index)) : undefined),
  batchSize: 5,
  imageFloats,
};

async function withLoader<T>(
  threads: number,
  use: (loader: Loader) => Promise<T>,
  from: LoaderStart = start,
  keep?: KeepOptions,
): Promise<T> {
  const loader = openLoader(from, threads, keep);
  try {
    return await use(loader);
  } finally {
    await loader.close();
  }
}

async function all(loader: Loader, options: BatchStreamOptions) {
  const stream = loader.open(options);
  const found: { number: number; images: number[]; targets: number[]; places?: number[][] }[] = [];
  for (let batch = await stream.next(); batch; batch = await stream.next()) {
    const { number, images, targets, places } = batch;
    found.push({
      ...{ number, images: [...images], targets: [...targets] },
      ...(places && { places: [[...places.targets], [...places.known]] }),
    });
  }
  return found;
}

describe("a loader", () => {
  it("ends a stream whose batches are still being made, in a process that has nothing else to do", async () => {
    const program = `
      const { openLoader } = await import(${JSON.stringify(new URL("./loader.node.ts", import.meta.url).href)});
      const loader = openLoader(${JSON.stringify(start)}, 2);
      const examples = () => ${JSON.stringify(batches.examples(0))};
      await loader.open({ examples, batchSize: 5, imageFloats: ${imageFloats} }).close();
      await loader.close();
      console.log("closed");
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
    expect(stdout).toBe("closed\n");
  });

  it("gives what the maker of examples makes, in order, for any number of threads", async () => {
    const maker = createExampleMaker(start, smallShape);
    const expected = [];
    let mixed = 0;
    for (let number = 0; number < 6; number++) {
      const images = new Float32Array(5 * imageFloats);
      const targets = [];
      for (const { index, source, partner, key, shareDone } of batches.examples(number)!) {
        const wanted = maker.wantsPartner(key!, shareDone);
        if (wanted) mixed++;
        const labelled = async ({ path, label }: typeof source) => ({
          cadence: await readCadence(path),
          label,
        });
        const request = {
          ...(await labelled(source)),
          key: key!,
          ...(wanted && { partner: await labelled(partner!) }),
        };
        targets.push(
          Math.fround(maker.make(request, images.subarray(index * imageFloats, (index + 1) * imageFloats))),
        );
      }
      expected.push({ number, images: [...images], targets });
    }
    expect(mixed).toBeGreaterThan(3);
    for (const threads of [1, 3]) {
      expect(await withLoader(threads, (loader) => all(loader, batches))).toEqual(expected);
    }
    // From the middle on, as a training that is resumed asks for them.
    expect(await withLoader(2, (loader) => all(loader, { ...batches, from: 4 }))).toEqual(expected.slice(4));
  });

  it("prepares cadences as they are without a key, and turned into views", async () => {
    const prepare = createPreparer(start.input, smallShape);
    const views = [undefined, { time: false, frequency: true }, { time: true, frequency: false }];
    const examples = views.map((view, index) => ({
      index,
      source: source(3),
      shareDone: 0,
      ...(view && { view }),
    }));
    const [batch] = await withLoader(1, (loader) => {
      return all(loader, { ...batches, examples: (number) => (number === 0 ? examples : undefined) });
    });
    for (const [index, view] of views.entries()) {
      const cadence = await readCadence(source(3).path);
      if (view) turnInto(view, cadence, new Float32Array(cadence.data.length));
      const image = new Float32Array(imageFloats);
      prepare(cadence, image);
      expect(batch!.images.slice(index * imageFloats, (index + 1) * imageFloats)).toEqual([...image]);
    }
    expect(batch!.targets).toEqual([1, 1, 1]);
  });

  it("makes a few batches ahead, not all", async () => {
    await withLoader(1, async (loader) => {
      let asked = 0;
      const stream = loader.open({
        ...batches,
        ahead: 2,
        examples: (number) => batches.examples(asked++ && number),
      });
      expect(asked).toBe(3);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(asked).toBe(3);
      await stream.next();
      expect(asked).toBe(3);
      await stream.next();
      expect(asked).toBe(4);
    });
  });

  it("uses the memory of a stream again, also of one that is closed before its end", async () => {
    await withLoader(2, async (loader) => {
      const memory = new Set<ArrayBufferLike>();
      for (let turn = 0; turn < 5; turn++) {
        const stream = loader.open(batches);
        for (let batch = 0; batch < (turn % 2 === 0 ? 4 : 9); batch++) {
          const loaded = await stream.next();
          if (loaded) memory.add(loaded.images.buffer);
        }
        await stream.close();
        await stream.close();
        expect(await stream.next()).toBeUndefined();
      }
      expect(memory.size).toBe(3);
      expect((await all(loader, batches)).map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
    });
  });

  it("lets two streams take turns", async () => {
    await withLoader(2, async (loader) => {
      const first = loader.open(batches);
      const one = await first.next();
      const copy = [...one!.images];
      const second = await all(loader, batches);
      expect([...one!.images]).toEqual(copy);
      expect((await first.next())!.targets).toEqual(Float32Array.from(second[1]!.targets));
    });
  });

  it("leaves out what can't be read, lets its partner stand in for it, and counts what isn't finite as 0", async () => {
    const damaged = await writeSmallSet(join(folder, "damaged"), 3);
    await writeFile(pathOf(damaged.folder, damaged.ids[0]!), "no array");
    const infinite = await readCadence(source(1).path);
    infinite.data[7] = Number.POSITIVE_INFINITY;
    const { encodeCadence } = await import("../formats/cadence-npy.ts");
    await writeFile(pathOf(damaged.folder, damaged.ids[1]!), encodeCadence(infinite));
    const own = (place: number) => ({ path: pathOf(damaged.folder, damaged.ids[place]!), label: 0.5, place });
    const key = streamKey(1, 2);
    const examples: ExampleJob[] = [
      { index: 0, source: own(0), shareDone: 0 },
      { index: 1, source: own(1), shareDone: 0 },
      { index: 2, source: own(0), partner: source(3), key, shareDone: 1 },
      { index: 3, source: source(3), key, shareDone: 1 },
    ];
    await withLoader(1, async (loader) => {
      const batch = await loader
        .open({ ...batches, examples: (number) => (number === 0 ? examples : undefined) })
        .next();
      expect(batch!.problems).toMatchObject([
        { place: 0, skipped: true },
        { place: 1, skipped: false, message: expect.stringContaining("1 values aren't finite") },
        { place: 0, skipped: true },
      ]);
      const image = (index: number) => [
        ...batch!.images.subarray(index * imageFloats, (index + 1) * imageFloats),
      ];
      expect(image(0).every((value) => value === 0)).toBe(true);
      expect(image(1).every(Number.isFinite)).toBe(true);
      expect(image(2)).toEqual(image(3));
      expect([...batch!.targets]).toEqual([0.5, 0.5, 1, 1]);
      const hopeless = { index: 0, source: own(0), partner: own(0), key, shareDone: 0 };
      const failing = loader.open({ ...batches, examples: () => [hopeless] });
      await expect(failing.next()).rejects.toThrow(/neither it nor the cadence that was drawn to stand in/);
    });
  });
});

describe("a loader that whitens", () => {
  const whitening: LoaderStart = {
    input: { normalisation: "whiten", layout: "on" },
    augment: { ...start.augment, flipFrequency: 0.5, shiftChannels: 4 },
    inject: { needles: 0.5, interference: 0.5, snrDb: [20, 40] },
    shape: smallShape,
  };
  const size = 6 * smallShape.rows * smallShape.channels;
  const grid = { rows: 3, columns: 8 };
  /** Training's examples, each cadence several times, then all cadences as they are and turned. */
  const mixed: BatchStreamOptions = {
    ...batches,
    places: grid,
    examples: (batch) =>
      batches.examples(batch) ??
      (batch < 12
        ? Array.from({ length: 4 }, (_, index): ExampleJob => {
            const place = 2 * (batch - 6) + (index >> 1);
            const view = { time: batch % 2 === 0, frequency: true };
            return { index, source: source(place), shareDone: 1, ...(index % 2 === 1 && { view }) };
          })
        : undefined),
  };
  const run = (threads: number, kept: number | undefined) =>
    withLoader(
      threads,
      (loader) => all(loader, mixed),
      whitening,
      kept === undefined ? undefined : { places: 12, bytes: kept * size },
    );

  it("gives the same bits whatever is kept, for any number of threads: those of the maker of examples", async () => {
    const parts = createPreparerParts(whitening.input, smallShape, loadInputKernels());
    const maker = createExampleMaker(whitening, smallShape, parts);
    const white = async ({ path, label }: ReturnType<typeof source>) => {
      const cadence = await readCadence(path);
      parts.whiten!(cadence, cadence.data);
      return { cadence, label };
    };
    const expected = [];
    for (let number = 0; number < 12; number++) {
      const jobs = mixed.examples(number)!;
      const images = new Float32Array(jobs.length * imageFloats);
      const targets = [];
      const places = [new Float32Array(jobs.length * 24), new Float32Array(jobs.length * 24)];
      for (const { index, source, partner, key, shareDone, view } of jobs) {
        const image = images.subarray(index * imageFloats, (index + 1) * imageFloats);
        const [placeTargets, known] = places.map((one) => one.subarray(24 * index, 24 * (index + 1)));
        const own = await white(source);
        if (key) {
          const other = maker.wantsPartner(key, shareDone) ? { partner: await white(partner!) } : {};
          const marks = { grid, targets: placeTargets!, known: known! };
          targets.push(Math.fround(maker.make({ ...own, ...other, key }, image, marks)));
          continue;
        }
        if (view) turnInto(view, own.cadence, new Float32Array(size));
        parts.layOut(own.cadence, image);
        targets.push(source.label);
        placeTargets!.fill(source.label === 0 ? 0 : 0.5);
        known!.fill(source.label === 0 ? 1 : 0);
      }
      expected.push({ number, images: [...images], targets, places: places.map((one) => [...one]) });
    }
    const marks = expected.flatMap(({ places }) => places[0]!);
    expect(new Set(marks)).toEqual(new Set([0, 0.5, 1]));
    for (const [threads, kept] of [
      [1, undefined],
      [2, 0],
      [1, 5],
      [2, 5],
      [2, 12],
    ] as const) {
      expect(await run(threads, kept)).toEqual(expected);
    }
  });

  it("doesn't read again what it keeps, and only that", async () => {
    const moving = await writeSmallSet(join(folder, "moving"), 3);
    const own = (place: number) => ({ path: pathOf(moving.folder, moving.ids[place]!), label: 0, place });
    const examples = [0, 1, 2].map(
      (place): ExampleJob => ({ index: place, source: own(place), shareDone: 1 }),
    );
    const once = { ...batches, examples: (number: number) => (number === 0 ? examples : undefined) };
    const keep = { places: 3, bytes: 2 * size };
    await withLoader(
      1,
      async (loader) => {
        const [first] = await all(loader, once);
        await rename(moving.folder, `${moving.folder}-away`);
        const second = await loader.open(once).next();
        const [kept, left] = [0, 2 * imageFloats];
        expect([...second!.images.subarray(kept, left)]).toEqual(first!.images.slice(kept, left));
        expect(second!.problems).toMatchObject([{ place: 2, skipped: true }]);
      },
      whitening,
      keep,
    );
  });

  it("tells what is wrong with a cadence whenever it is seen", async () => {
    const damaged = await writeSmallSet(join(folder, "damaged-again"), 2);
    const infinite = await readCadence(source(1).path);
    infinite.data[7] = Number.NEGATIVE_INFINITY;
    const { encodeCadence } = await import("../formats/cadence-npy.ts");
    await writeFile(pathOf(damaged.folder, damaged.ids[0]!), encodeCadence(infinite));
    await writeFile(pathOf(damaged.folder, damaged.ids[1]!), "no array");
    const examples = [0, 1].map((place): ExampleJob => {
      const own = { path: pathOf(damaged.folder, damaged.ids[place]!), label: 1, place };
      return { index: place, source: own, shareDone: 1 };
    });
    await withLoader(
      1,
      async (loader) => {
        const stream = loader.open({ ...batches, examples: (number) => (number < 3 ? examples : undefined) });
        const found = [];
        for (let batch = await stream.next(); batch; batch = await stream.next()) {
          expect(batch.problems).toMatchObject([
            { place: 0, skipped: false, message: expect.stringContaining("1 values aren't finite") },
            { place: 1, skipped: true },
          ]);
          found.push([...batch.images]);
        }
        expect(found.length).toBe(3);
        expect(found[1]).toEqual(found[0]);
        expect(found[2]).toEqual(found[0]);
      },
      whitening,
      { places: 2 },
    );
  });
});
