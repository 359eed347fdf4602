/** The files that the examples in the documentation use: a small simulated observation, the same on every run. */

import { join } from "node:path";
import { writeHdf5 } from "../src/formats/hdf5.node.ts";
import { writeSigproc } from "../src/formats/sigproc-write.node.ts";
import { exampleObservation } from "../src/simulate/example-observation.ts";

const SEED = 1;
const NCHANS = 32_768;

/** Writes on1.h5, off1.h5, on2.h5, off2.h5, on3.h5 and off3.h5, the scans of one ABACAD cadence, and on1.fil. */
export async function writeDocFiles(folder: string): Promise<void> {
  const { cadence } = exampleObservation(SEED, NCHANS);
  const counts = { ON: 0, OFF: 0 };
  for (const { role, source } of cadence.scans) {
    const name = `${role.toLowerCase()}${++counts[role]}`;
    await writeHdf5(join(folder, `${name}.h5`), source);
    if (name === "on1") await writeSigproc(join(folder, "on1.fil"), source);
  }
}
