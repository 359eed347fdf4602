/** Damaged files: a read or an InputError, in time. FUZZ_RUNS and FUZZ_SEED in the environment try more of them. */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InputError } from "../signal/errors.ts";
import { openHdf5 } from "./hdf5.node.ts";
import { openHdf5Through } from "./hdf5.ts";
import { hdf5WorkerChannel, startHdf5Worker } from "./hdf5-channel.node.ts";
import { goldenHdf5, writeGolden } from "./testing/hdf5-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lodestone-h5-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const originals = goldenHdf5
  .filter(({ name }) => ["blimpy", "rawspec", "odd spellings", "plain"].includes(name))
  .map(({ base64 }) => new Uint8Array(Buffer.from(base64, "base64")));

type Damage = (bytes: Uint8Array) => Uint8Array;
const place = fc.nat(1 << 20);
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(
    ([at, bit]): Damage =>
      (bytes) => {
        bytes[at % bytes.length]! ^= 1 << bit;
        return bytes;
      },
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 16 })).map(
    ([at, values]): Damage =>
      (bytes) => {
        const start = at % bytes.length;
        bytes.set(values.subarray(0, bytes.length - start), start);
        return bytes;
      },
  ),
  fc.tuple(place, fc.nat(300), fc.constantFrom(0, 0xff, 0x7f)).map(
    ([at, length, value]): Damage =>
      (bytes) => {
        const start = at % bytes.length;
        return bytes.fill(value, start, start + length);
      },
  ),
  fc.tuple(place, place, fc.integer({ min: 1, max: 64 })).map(
    ([from, to, length]): Damage =>
      (bytes) => {
        bytes.copyWithin(to % bytes.length, from % bytes.length, (from % bytes.length) + length);
        return bytes;
      },
  ),
  place.map(
    (length): Damage =>
      (bytes) =>
        bytes.subarray(0, length % bytes.length),
  ),
);

test(
  "mutated files are read or refused",
  async () => {
    // One worker for all of them: starting one takes longer than reading such a file.
    const channel = hdf5WorkerChannel(startHdf5Worker, { trustful: true });
    const outcomes = { read: 0, refused: 0 };
    const path = join(folder, "damaged.h5");
    await fc.assert(
      fc.asyncProperty(
        fc.nat(originals.length - 1),
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        async (original, damages) => {
          let bytes: Uint8Array = originals[original]!.slice();
          for (const apply of damages) if (bytes.length > 0) bytes = apply(bytes);
          writeFileSync(path, bytes);
          try {
            const source = await openHdf5Through(channel, { name: path, path, bytes: bytes.length });
            try {
              const { nchans } = source.frequency;
              const channelStop = Math.min(nchans, 1000);
              const rowStop = Math.min(source.time.nsamples, 100);
              const { data } = await source.read({ rowStop, channelStop, ifIndex: source.nifs - 1 });
              expect(data.length).toBe(rowStop * channelStop);
              outcomes.read++;
            } finally {
              await source.close();
            }
          } catch (error) {
            if (!(error instanceof InputError)) throw error;
            expect(error.message.startsWith(`${path}: `)).toBe(true);
            outcomes.refused++;
          }
        },
      ),
      { seed: Number(process.env.FUZZ_SEED ?? 20), numRuns: Number(process.env.FUZZ_RUNS ?? 200) },
    );
    expect(outcomes.read).toBeGreaterThan(20);
    expect(outcomes.refused).toBeGreaterThan(20);
  },
  Number(process.env.FUZZ_TIMEOUT ?? 20_000),
);

test("texts whose heap goes round in a circle are refused at once", async () => {
  const path = join(folder, "circle.h5");
  writeGolden(path, "blimpy");
  const bytes = readFileSync(path);
  const heap = bytes.indexOf("GCOL");
  let object = heap + 16;
  while (bytes.readUInt16LE(object) !== 0) object += 16 + Math.ceil(bytes.readUInt32LE(object + 8) / 8) * 8;
  bytes.writeUInt32LE(0, object + 8);
  writeFileSync(path, bytes);
  await expect(openHdf5(path)).rejects.toThrow(
    `${path}: HDF5 can't read its header (file read failed: I/O error). It was cut short or damaged; copy it again.`,
  );
}, 5000);

test("a file left open keeps no process alive, and a damaged one prints nothing", async () => {
  writeGolden(join(folder, "good.h5"), "blimpy");
  writeGolden(join(folder, "bad.h5"), "blimpy");
  const bytes = readFileSync(join(folder, "bad.h5"));
  writeFileSync(join(folder, "bad.h5"), bytes.fill(0xff, 1000, 2000));
  const program = `
    const { openHdf5 } = await import(${JSON.stringify(new URL("./hdf5.node.ts", import.meta.url).href)});
    await openHdf5("bad.h5").catch((error) => console.log(error.name));
    console.log((await (await openHdf5("good.h5")).read()).data[1]);
  `;
  const run = promisify(execFile);
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", program], {
    cwd: folder,
  });
  expect({ stdout, stderr }).toEqual({ stdout: "FileError\n1\n", stderr: "" });
}, 10_000);
