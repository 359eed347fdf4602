/** Training examples: a cadence, augmented and mixed, as the image that the network is given, and its target. */

import type { PanelShape, Panels } from "../../signal/panels.ts";
import { randomStream, type StreamKey, streamKey } from "../../simulate/random.ts";
import { type AugmentSpec, augment, mixUp } from "./augment.ts";
import { createInjector, type InjectSpec } from "./inject.ts";
import type { InputSpec } from "./input-spec.ts";
import { fillPlaces, type PlaceGrid, type PlaceTargets } from "./places.ts";
import { createPreparerParts, type PreparerParts } from "./prepare.ts";

export interface LabelledCadence {
  /** As read, or whitened where the input is. */
  readonly cadence: Panels;
  /** 0 to 1. */
  readonly label: number;
}

export interface ExampleRequest extends LabelledCadence {
  /** Another cadence to mix in: given where `wantsPartner` says so. */
  readonly partner?: LabelledCadence;
  /** Names the example: with the same key the same cadences give the same bits. */
  readonly key: StreamKey;
}

/** Where an example's needle is, to be filled: all cells are unknown where a cadence of it may have a needle that was not injected. */
export interface ExamplePlaces extends PlaceTargets {
  readonly grid: PlaceGrid;
}

export interface ExampleMaker {
  /** Whether the example of this key is a mixture of two cadences, at this share of the training, 0 to 1. */
  wantsPartner(key: StreamKey, shareDone: number): boolean;
  /** Writes the image of an example into `into` and returns its target, 0 to 1. The cadences are left as they are. */
  make(request: ExampleRequest, into: Float32Array, places?: ExamplePlaces): number;
}

export interface ExampleSpec {
  readonly input: InputSpec;
  readonly augment: AugmentSpec;
  /** For whitened cadences. */
  readonly inject?: InjectSpec;
}

/** What the numbers of an example are drawn for; each has a stream of its own. */
const streams = {
  partner: 0,
  augment: 1,
  noise: 2,
  mix: 3,
  partnerAugment: 4,
  partnerNoise: 5,
  inject: 6,
} as const;

export function createExampleMaker(
  spec: ExampleSpec,
  shape: PanelShape,
  { whiten, layOut }: PreparerParts = createPreparerParts(spec.input, shape),
): ExampleMaker {
  const size = shape.panels * shape.rows * shape.channels;
  const own = { ...shape, data: new Float32Array(size) };
  const others = { ...shape, data: new Float32Array(size) };
  const scratch = new Float32Array(size);
  const { mixUp: mixing } = spec.augment;
  const inject = whiten && spec.inject && createInjector(spec.inject, shape);
  const noiseScale = whiten ? "kept" : "free";

  const stream = (key: StreamKey, part: number) => streamKey(key[0] >>> 0, key[1] >>> 0, part);
  const draw = (key: StreamKey, part: number) => randomStream(stream(key, part));
  return {
    wantsPartner(key, shareDone) {
      if (!mixing || shareDone >= 1 - (mixing.offInLast ?? 0)) return false;
      return draw(key, streams.partner).uniform() < mixing.chance;
    },
    make({ cadence, label, partner, key }, into, places) {
      own.data.set(cadence.data);
      const random = draw(key, streams.augment);
      augment(own, spec.augment, random, stream(key, streams.noise), scratch, noiseScale);
      let target = label;
      if (partner && mixing) {
        others.data.set(partner.cadence.data);
        const random = draw(key, streams.partnerAugment);
        augment(others, spec.augment, random, stream(key, streams.partnerNoise), scratch, noiseScale);
        const other = { cadence: others, label: partner.label };
        target = mixUp(own, label, other, mixing, draw(key, streams.mix), noiseScale);
      }
      if (places) fillPlaces(places, label === 0 && !(partner && mixing && partner.label > 0));
      if (inject) target = inject(own.data, target, draw(key, streams.inject), places);
      layOut(own, into);
      return target;
    },
  };
}
