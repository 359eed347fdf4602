import { describe, expect, it } from "vitest";
import type { Panels } from "../../signal/panels.ts";
import { randomStream, type StreamKey, streamKey } from "../../simulate/random.ts";
import type { AugmentSpec } from "./augment.ts";
import { createExampleMaker, type LabelledCadence } from "./example.ts";
import type { InputSpec } from "./input-spec.ts";
import { loadInputKernels } from "./kernels.node.ts";
import { createPreparer, createPreparerParts } from "./prepare.ts";

const shape = { panels: 6, rows: 6, channels: 8 } as const;
const size = shape.panels * shape.rows * shape.channels;
const plain: InputSpec = { normalisation: "none", layout: "six" };
const busy: AugmentSpec = {
  flipTime: 0.5,
  flipFrequency: 0.5,
  shiftRows: 2,
  shiftChannels: 3,
  swapOn: 0.5,
  cutout: { count: 2, size: 0.3 },
  noise: 0.4,
  mixUp: { chance: 0.5, alpha: 1, labels: "linear" },
};

function labelled(seed: number, label: number): LabelledCadence {
  const random = randomStream(streamKey(seed));
  const cadence: Panels = { ...shape, data: Float32Array.from({ length: size }, () => random.normal()) };
  return { cadence, label };
}
const [first, second] = [labelled(1, 1), labelled(2, 0)];

function made(
  augment: AugmentSpec,
  key: StreamKey,
  { input = plain, partner = second as LabelledCadence | undefined } = {},
) {
  const into = new Float32Array(size);
  const target = createExampleMaker({ input, augment }, shape).make(
    { ...first, key, ...(partner && { partner }) },
    into,
  );
  return { target, image: into };
}

describe("an example", () => {
  it("without augmentation is the cadence prepared", () => {
    const input: InputSpec = { normalisation: "z-score-columns", layout: "on" };
    const wanted = new Float32Array(size);
    createPreparer(input, shape)(first.cadence, wanted);
    const key = streamKey(5);
    expect(made({}, key, { input, partner: undefined })).toEqual({ target: 1, image: wanted });
    expect(made({}, key, { input })).toEqual({ target: 1, image: wanted });
  });

  it("is the same bits for the same key, whatever was made before, and leaves cadences as they are", () => {
    const before = [first, second].map(({ cadence }) => cadence.data.slice());
    const maker = createExampleMaker({ input: plain, augment: busy }, shape);
    const keys = Array.from({ length: 20 }, (_, i) => streamKey(7, i));
    const make = (key: StreamKey) => {
      const into = new Float32Array(size);
      const partner = maker.wantsPartner(key, 0) ? second : undefined;
      return { target: maker.make({ ...first, key, ...(partner && { partner }) }, into), into };
    };
    const forwards = keys.map(make);
    const backwards = keys.toReversed().map(make).reverse();
    expect(backwards).toEqual(forwards);
    expect(new Set(forwards.map(({ into }) => into.join())).size).toBe(keys.length);
    expect([first, second].map(({ cadence }) => cadence.data)).toEqual(before);
  });

  it("is mixed as often as the recipe says, and not at the end of the training", () => {
    const wants = (mixUp: AugmentSpec["mixUp"], shareDone: number) => {
      const maker = createExampleMaker({ input: plain, augment: mixUp ? { mixUp } : {} }, shape);
      return Array.from({ length: 1000 }, (_, i) => maker.wantsPartner(streamKey(8, i), shareDone));
    };
    const mixUp = { chance: 0.3, alpha: 1, labels: "max" } as const;
    const count = wants(mixUp, 0).filter(Boolean).length;
    expect(Math.abs(count - 300)).toBeLessThan(4 * Math.sqrt(210));
    expect(wants(mixUp, 0.99)).toEqual(wants(mixUp, 0));
    const ending = { ...mixUp, offInLast: 0.2 };
    expect(wants(ending, 0.79)).toEqual(wants(mixUp, 0));
    expect(wants(ending, 0.8)).not.toContain(true);
    expect(wants({ ...mixUp, chance: 1 }, 0)).not.toContain(false);
    expect(wants(undefined, 0)).not.toContain(true);
  });

  it("of two cadences is their weighted sum, and its linear label the weight", () => {
    const mixUp = { chance: 1, alpha: 1, labels: "linear" } as const;
    for (let i = 0; i < 10; i++) {
      const { target, image } = made({ mixUp }, streamKey(11, i));
      for (let at = 0; at < size; at++) {
        const sum = target * first.cadence.data[at]! + (1 - target) * second.cadence.data[at]!;
        expect(Math.abs(image[at]! - sum)).toBeLessThan(1e-6);
      }
    }
  });

  it("is normalised after it is mixed", () => {
    const mixUp = { chance: 1, alpha: 5, labels: "or" } as const;
    const key = streamKey(12);
    const raw = made({ mixUp }, key).image;
    const wanted = new Float32Array(size);
    const input: InputSpec = { normalisation: "max", layout: "six" };
    createPreparer(input, shape)({ ...shape, data: raw }, wanted);
    expect(made({ mixUp }, key, { input })).toEqual({ target: 1, image: wanted });
    expect(Math.max(...wanted.map(Math.abs))).toBe(1);
  });

  it("augments the two that it mixes by draws of their own", () => {
    const mixUp = { chance: 1, alpha: 1, labels: "linear" } as const;
    // Flat panels, so that all that differs is noise; the same noise in both would not shrink when they are averaged.
    const flat = (label: number) => ({ cadence: { ...shape, data: new Float32Array(size) }, label });
    const maker = createExampleMaker({ input: plain, augment: { noise: 1, mixUp } }, shape);
    const into = new Float32Array(size);
    const alone = new Float32Array(size);
    let products = 0;
    for (let i = 0; i < 40; i++) {
      const key = streamKey(13, i);
      const weight = maker.make({ ...flat(1), partner: flat(0), key }, into);
      maker.make({ ...flat(1), key }, alone);
      const others = into.map((value, at) => value - weight * alone[at]!);
      const power = (list: Float32Array) => Math.sqrt(list.reduce((sum, value) => sum + value ** 2, 0));
      products +=
        others.reduce((sum, value, at) => sum + value * alone[at]!, 0) / power(others) / power(alone);
    }
    expect(Math.abs(products / 40)).toBeLessThan(4 / Math.sqrt(40 * size));
  });
});

describe("an example of whitened cadences", () => {
  const larger = { panels: 6, rows: 32, channels: 48 } as const;
  const length = larger.panels * larger.rows * larger.channels;
  const input: InputSpec = { normalisation: "whiten", layout: "all" };
  const parts = createPreparerParts(input, larger, loadInputKernels());
  const inject = { needles: 1, interference: 0, snrDb: [30, 40] } as const;
  const whitened = (seed: number, label: number): LabelledCadence => {
    const random = randomStream(streamKey(seed));
    const cadence = { ...larger, data: Float32Array.from({ length }, () => random.normal()) };
    parts.whiten!(cadence, cadence.data);
    return { cadence, label };
  };
  const [negative, positive, other] = [whitened(1, 0), whitened(2, 1), whitened(3, 0)];

  function example(augment: AugmentSpec, request: LabelledCadence & { partner?: LabelledCadence }, seed = 5) {
    const image = new Float32Array(length);
    const places = {
      grid: { rows: 3, columns: 6 },
      targets: new Float32Array(18),
      known: new Float32Array(18),
    };
    const maker = createExampleMaker({ input, augment, inject }, larger, parts);
    const target = maker.make({ ...request, key: streamKey(seed) }, image, places);
    return { image, target, targets: [...places.targets], known: [...places.known] };
  }

  it("augments what was whitened, and injects after that", () => {
    const flipped = { ...larger, data: negative.cadence.data.slice() };
    for (let at = 0; at < length; at += larger.channels) {
      flipped.data.subarray(at, at + larger.channels).reverse();
    }
    const { image, target } = example({ flipFrequency: 1 }, negative);
    expect(image).toEqual(example({}, { cadence: flipped, label: 0 }).image);
    expect(target).toBe(1);
    const energy = image.reduce((sum, x, i) => sum + (x - flipped.data[i]!) ** 2, 0);
    expect(10 * Math.log10(energy)).toBeGreaterThan(29);
    expect(10 * Math.log10(energy)).toBeLessThan(41);
  });

  it("knows where needles are unless a cadence may have one of its own", () => {
    const mixUp = { chance: 1, alpha: 1, labels: "or" } as const;
    const known = example({}, negative);
    expect(known.known).toEqual(Array(18).fill(1));
    expect(known.targets).toContain(1);
    expect(known.targets).toContain(0);
    expect(example({ mixUp }, { ...negative, partner: other })).toMatchObject({
      target: 1,
      known: known.known,
    });
    const unknown = { target: 1, known: Array(18).fill(0), targets: Array(18).fill(0.5) };
    expect(example({}, positive)).toMatchObject(unknown);
    expect(example({ mixUp }, { ...positive, partner: other })).toMatchObject(unknown);
    expect(example({ mixUp }, { ...negative, partner: positive })).toMatchObject(unknown);
    // A partner that isn't mixed in doesn't count.
    expect(example({}, { ...negative, partner: positive })).toMatchObject({ known: known.known });
  });

  it("has noise of deviation 1 when it is mixed", () => {
    const mixUp = { chance: 1, alpha: 20, labels: "or" } as const;
    const { image } = example({ mixUp }, { ...positive, partner: other });
    const deviation = (data: Float32Array) => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / length);
    const [own, others] = [deviation(positive.cadence.data), deviation(other.cadence.data)];
    expect(Math.abs(deviation(image) / Math.hypot(own, others) - Math.SQRT1_2)).toBeLessThan(0.03);
  });
});
