/**
 * Whitened cadences that the loader's threads keep, as whitening takes longer than anything else that is done to an example. They lie in shared
 * memory, a byte a value, by their place in the data set. What is kept is what whitening gives anew, so that examples don't depend on it.
 */

import { WHITE_STEP } from "./inputs/whiten.ts";

/** What threads share of a store. */
export interface StoreMemory {
  /** Values of a cadence. */
  readonly size: number;
  /** int32 by place: one of `states`, or 1 more than where the cadence lies among those kept. */
  readonly entries: SharedArrayBuffer;
  /** int32: how many are kept. */
  readonly count: SharedArrayBuffer;
  /** int8; each has room for `perBuffer` cadences, the last for what is left of `room`. */
  readonly buffers: readonly SharedArrayBuffer[];
  readonly perBuffer: number;
  readonly room: number;
}

const states = { empty: 0, filling: -1, noRoom: -2 } as const;

export interface StoreOptions {
  /** Of the data set. */
  readonly places: number;
  readonly size: number;
  /** What the cadences may take in all. */
  readonly bytes: number;
  /** The most in one buffer. */
  readonly bufferBytes?: number;
}

/** Memory for as many cadences as there is room for. The system gives it when it is written to. */
export function createStoreMemory({ places, size, bytes, bufferBytes = 2 ** 30 }: StoreOptions): StoreMemory {
  const room = Math.min(places, Math.floor(bytes / size));
  const perBuffer = Math.max(1, Math.floor(bufferBytes / size));
  const buffers = Array.from({ length: Math.ceil(room / perBuffer) }, (_, i) => {
    return new SharedArrayBuffer(size * Math.min(perBuffer, room - i * perBuffer));
  });
  const entries = new SharedArrayBuffer(4 * places);
  return { size, entries, count: new SharedArrayBuffer(4), buffers, perBuffer, room };
}

export interface CadenceStore {
  /** Writes the whitened cadence of a place into `into`; false where it isn't kept. */
  take(place: number, into: Float32Array): boolean;
  /** Whether the caller is to whiten and then `keep` or `release` the cadence of a place: it has no room here or is another thread's otherwise. */
  claim(place: number): boolean;
  keep(place: number, white: Float32Array): void;
  /** Leaves a claimed place to others. */
  release(place: number): void;
}

/** A thread's hold of a store. */
export function openStore({ size, entries, count, buffers, perBuffer, room }: StoreMemory): CadenceStore {
  const byPlace = new Int32Array(entries);
  const kept = new Int32Array(count);
  const bytesAt = (at: number) =>
    new Int8Array(buffers[Math.floor(at / perBuffer)]!, (at % perBuffer) * size, size);
  return {
    take(place, into) {
      const entry = Atomics.load(byPlace, place);
      if (entry <= 0) return false;
      const bytes = bytesAt(entry - 1);
      for (let i = 0; i < size; i++) into[i] = bytes[i]! * WHITE_STEP;
      return true;
    },
    claim: (place) => Atomics.compareExchange(byPlace, place, states.empty, states.filling) === states.empty,
    keep(place, white) {
      const at = Atomics.load(kept, 0) < room ? Atomics.add(kept, 0, 1) : room;
      if (at < room) {
        const bytes = bytesAt(at);
        for (let i = 0; i < size; i++) bytes[i] = white[i]! / WHITE_STEP;
      }
      Atomics.store(byPlace, place, at < room ? at + 1 : states.noRoom);
    },
    release: (place) => {
      Atomics.store(byPlace, place, states.empty);
    },
  };
}
