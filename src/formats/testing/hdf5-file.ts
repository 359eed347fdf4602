import { writeFileSync } from "node:fs";
import type * as H5wasm from "h5wasm";
import golden from "../golden/hdf5.json" with { type: "json" };

/** The library itself, in the test's own thread, for files that no writer should make. */
export async function makeHdf5(
  path: string,
  fill: (h5: typeof H5wasm, file: H5wasm.File) => void,
): Promise<void> {
  const h5 = await import("h5wasm/node");
  await h5.ready;
  const file = new h5.File(path, "w");
  fill(h5, file);
  file.close();
}

export const goodAttributes: Readonly<Record<string, number | string>> = {
  fch1: 8421.5,
  foff: -2.5e-6,
  tsamp: 18.25,
  tstart: 57650.5,
  nchans: 32,
};

/** A small filterbank of rows x 1 x 32, whose attributes may be replaced, or left out with undefined. */
export async function makeFilterbank(
  path: string,
  attributes: Readonly<Record<string, unknown>> = {},
  shape: readonly number[] = [4, 1, 32],
): Promise<void> {
  await makeHdf5(path, (_h5, file) => {
    const length = shape.reduce((product, n) => product * n, 1);
    const data = file.create_dataset({
      name: "data",
      data: Float32Array.from({ length }, (_, i) => i),
      shape: [...shape],
    });
    for (const [name, value] of Object.entries({ ...goodAttributes, ...attributes })) {
      if (value === undefined) continue;
      data.create_attribute(
        name,
        value as number,
        Array.isArray(value) ? null : [],
        typeof value === "number" ? "<d" : null,
      );
    }
  });
}

export type GoldenHdf5 = (typeof golden)[number];
export const goldenHdf5: readonly GoldenHdf5[] = golden;

/** Writes a golden file out. */
export function writeGolden(path: string, name: string): GoldenHdf5 {
  const found = golden.find((file) => file.name === name);
  if (!found) throw new Error(`no golden file ${name}`);
  writeFileSync(path, Buffer.from(found.base64, "base64"));
  return found;
}
