import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCadence } from "../formats/cadence-folder.node.ts";
import { streamKey } from "../simulate/random.ts";
import { createExampleMaker } from "./inputs/example.ts";
import { createPreparer } from "./inputs/prepare.ts";
import { type BatchStreamOptions, type Loader, openLoader } from "./loader.node.ts";
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

async function withLoader<T>(threads: number, use: (loader: Loader) => Promise<T>): Promise<T> {
  const loader = openLoader(start, threads);
  try {
    return await use(loader);
  } finally {
    await loader.close();
  }
}

async function all(loader: Loader, options: BatchStreamOptions) {
  const stream = loader.open(options);
  const found: { number: number; images: number[]; targets: number[] }[] = [];
  for (let batch = await stream.next(); batch; batch = await stream.next()) {
    found.push({ number: batch.number, images: [...batch.images], targets: [...batch.targets] });
  }
  return found;
}

describe("a loader", () => {
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
