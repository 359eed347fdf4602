/** What the loader and its threads tell each other. */

import type { PanelShape } from "../signal/panels.ts";
import type { StreamKey } from "../simulate/random.ts";
import type { AugmentSpec } from "./inputs/augment.ts";
import type { InjectSpec } from "./inputs/inject.ts";
import type { InputSpec } from "./inputs/input-spec.ts";
import type { PlaceGrid } from "./inputs/places.ts";
import type { StoreMemory } from "./loader-store.ts";
import type { View } from "./views.ts";

export interface LoaderStart {
  readonly input: InputSpec;
  readonly augment: AugmentSpec;
  readonly inject?: InjectSpec;
  readonly shape: PanelShape;
}

/** What a thread is started with. */
export interface WorkerStart extends LoaderStart {
  readonly store?: StoreMemory | undefined;
}

export interface ExampleSource {
  readonly path: string;
  /** 0 to 1. */
  readonly label: number;
  readonly place: number;
}

export interface ExampleJob {
  /** Place in the batch. */
  readonly index: number;
  readonly source: ExampleSource;
  readonly partner?: ExampleSource;
  /** Absent where the cadence is prepared as it is, without augmentation. */
  readonly key?: StreamKey;
  /** Without a key: how the cadence is turned before it is prepared, or once it is whitened. */
  readonly view?: View;
  readonly shareDone: number;
}

/** Examples of one batch for one thread. */
export interface LoadPart {
  readonly id: number;
  /** float32, [batch, channels, height, width]. */
  readonly images: SharedArrayBuffer;
  /** float32, [batch]. */
  readonly targets: SharedArrayBuffer;
  readonly imageFloats: number;
  /** float32, [batch, rows * columns] of the grid. */
  readonly places?: {
    readonly grid: PlaceGrid;
    readonly targets: SharedArrayBuffer;
    readonly known: SharedArrayBuffer;
  };
  readonly examples: readonly ExampleJob[];
}

export interface CadenceTrouble {
  readonly place: number;
  /** Whether the cadence was left out. */
  readonly skipped: boolean;
  /** Names the file. */
  readonly message: string;
}

export interface PartAnswer {
  readonly id: number;
  readonly problems: readonly CadenceTrouble[];
  /** Why the examples can't be made: a sentence that names the file. */
  readonly failure?: string;
}
