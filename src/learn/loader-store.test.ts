import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WHITE_STEP } from "./inputs/whiten.ts";
import { createStoreMemory, openStore } from "./loader-store.ts";

const size = 11;
/** A cadence of a place, of all steps that whitening gives. */
const white = (place: number) =>
  Float32Array.from({ length: size }, (_, i) => (((place * 41 + i * 67) % 255) - 127) * WHITE_STEP);

describe("a store of whitened cadences", () => {
  it("has room for as many as its bytes hold, and no more than there are places", () => {
    const room = (bytes: number) => createStoreMemory({ places: 20, size, bytes }).room;
    expect([0, size - 1, size, 7 * size + 3, 1e6].map(room)).toEqual([0, 0, 1, 7, 20]);
    const { buffers } = createStoreMemory({ places: 20, size, bytes: 1e6, bufferBytes: 3 * size + 1 });
    expect(buffers.map(({ byteLength }) => byteLength / size)).toEqual([3, 3, 3, 3, 3, 3, 2]);
  });

  it("gives every step back as it was", () => {
    const wide = { places: 1, size: 255, bytes: 255 };
    const store = openStore(createStoreMemory(wide));
    const steps = Float32Array.from({ length: 255 }, (_, i) => (i - 127) * WHITE_STEP);
    store.keep(0, steps);
    const into = new Float32Array(255).fill(99);
    expect(store.take(0, into)).toBe(true);
    expect(into).toEqual(steps);
  });

  it("does what a list would, whichever thread's hold is asked", () => {
    const action = fc.record({ place: fc.nat(7), release: fc.boolean(), hold: fc.nat(1) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), fc.nat(9), (actions, room) => {
        const memory = createStoreMemory({ places: 8, size, bytes: room * size, bufferBytes: 2 * size });
        const holds = [openStore(memory), openStore(memory)];
        const kept = new Set<number>();
        const full = new Set<number>();
        for (const { place, release, hold } of actions) {
          const [own, other] = hold === 0 ? [holds[0]!, holds[1]!] : [holds[1]!, holds[0]!];
          const taken = kept.has(place) || full.has(place);
          expect(own.claim(place)).toBe(!taken);
          expect(other.claim(place)).toBe(false);
          if (!taken && release) own.release(place);
          else if (!taken) {
            own.keep(place, white(place));
            (kept.size < room ? kept : full).add(place);
          }
          for (let one = 0; one < 8; one++) {
            const into = new Float32Array(size).fill(99);
            expect(other.take(one, into)).toBe(kept.has(one));
            if (kept.has(one)) expect(into).toEqual(white(one));
          }
        }
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});
