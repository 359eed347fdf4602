import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeFloat16 } from "../signal/float16.ts";
import { decodeCadence, encodeCadence } from "./cadence-npy.ts";
import { encodeNpy, encodeNpyHeader } from "./npy.ts";
import { SMALL_SHAPE, smallCadence } from "./testing/cadence-files.ts";

const cadence = smallCadence(3);
const shape = Object.values(SMALL_SHAPE);

describe("encodeCadence", () => {
  test("writes what encodeNpy writes as float16, whose header is NumPy's", () => {
    const data = cadence.data.map((value) => value * 1.0001);
    expect(encodeCadence({ ...cadence, data })).toEqual(encodeNpy({ shape, data }, { float16: true }));
  });

  test("the competition's shape takes 838,784 bytes", () => {
    const whole = { panels: 6, rows: 273, channels: 256, data: new Float32Array(6 * 273 * 256) };
    expect(encodeCadence(whole)).toHaveLength(838_784);
  });
});

describe("decodeCadence", () => {
  test("gives back float16 and float32, into memory that is given", () => {
    expect(decodeCadence(encodeCadence(cadence), "a.npy")).toEqual(cadence);
    const into = new Float32Array(cadence.data.length);
    const read = decodeCadence(encodeNpy({ shape, data: cadence.data }), "a.npy", into);
    expect(read.data).toBe(into);
    expect(read).toEqual(cadence);
  });

  test("reads bytes that begin at an odd address, and either byte order", () => {
    const bytes = encodeCadence(cadence);
    const odd = new Uint8Array(bytes.length + 1).subarray(1);
    odd.set(bytes);
    expect(decodeCadence(odd, "a.npy")).toEqual(cadence);
    for (const size of [2, 4]) {
      const header = encodeNpyHeader(`>f${size}`, shape);
      const view = new DataView(new ArrayBuffer(header.length + size * cadence.data.length));
      new Uint8Array(view.buffer).set(header);
      for (const [i, value] of cadence.data.entries()) {
        if (size === 4) view.setFloat32(header.length + 4 * i, value);
        else view.setUint16(header.length + 2 * i, encodeFloat16(value));
      }
      expect(decodeCadence(new Uint8Array(view.buffer), "a.npy")).toEqual(cadence);
    }
  });

  test("keeps NaN and infinities, which are for the reader to judge", () => {
    const data = cadence.data.slice();
    data.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]);
    const read = decodeCadence(encodeCadence({ ...cadence, data }), "a.npy");
    expect([...read.data.subarray(0, 4)]).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -0,
    ]);
  });

  const float64 = encodeNpy({ shape, data: new Float64Array(cadence.data) });
  const plane = encodeNpy({ shape: [6, 20], data: cadence.data });
  const fortran = encodeCadence(cadence);
  fortran.set(
    new TextEncoder().encode("True, "),
    new TextDecoder("latin1").decode(fortran).indexOf("False,"),
  );
  test.each([
    [new Uint8Array(0), "a.npy: the file is empty."],
    [new TextEncoder().encode("not an array at all"), "a.npy: this is no .npy file"],
    [encodeCadence(cadence).subarray(0, 60), "a.npy: the file ends within its header."],
    [encodeCadence(cadence).subarray(0, 200), "It was cut short; copy it again."],
    [
      float64,
      'a.npy: its elements are <f8; a cadence has float16 or float32. Save it with array.astype("float16").',
    ],
    [plane, "a.npy: its shape is (6, 20); a cadence is (panels, rows, channels)"],
    [fortran, "a.npy: it is in Fortran order; a cadence is in C order."],
  ])("says what is wrong with a file (%#)", (bytes, message) => {
    expect(() => decodeCadence(bytes, "a.npy")).toThrow(message);
  });

  test("refuses memory of another length, and names both", () => {
    expect(() => decodeCadence(encodeCadence(cadence), "a.npy", new Float32Array(7))).toThrow(
      "a.npy: its shape is (6, 5, 4), 120 values, but 7 are wanted.",
    );
  });

  test("damaged bytes are decoded or told of, never a defect", () => {
    const whole = encodeCadence(cadence);
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(140), (changes, cut) => {
        const bytes = whole.slice(0, whole.length - (cut > 20 ? 0 : cut));
        for (const [at, value] of changes) bytes[at % 140] = value;
        try {
          const { data, panels, rows, channels } = decodeCadence(bytes, "a.npy");
          expect(data).toHaveLength(panels * rows * channels);
        } catch (error) {
          expect(error).toMatchObject({ name: "FileError" });
        }
      }),
      { seed: 11, numRuns: 1000 },
    );
  });
});
