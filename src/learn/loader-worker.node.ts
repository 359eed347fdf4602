/** A thread of the loader: reads cadences and makes examples of them. */

import { parentPort, workerData } from "node:worker_threads";
import { checkShape, readCadence } from "../formats/cadence-folder.node.ts";
import { FileError } from "../signal/errors.ts";
import { createExampleMaker } from "./inputs/example.ts";
import { createPreparer } from "./inputs/prepare.ts";
import type { ExampleSource, LoaderStart, LoadPart, PartAnswer } from "./loader-messages.ts";

const { input, augment, shape } = workerData as LoaderStart;
const size = shape.panels * shape.rows * shape.channels;
const prepare = createPreparer(input, shape);
const maker = createExampleMaker({ input, augment }, shape);
const own = new Float32Array(size);
const partners = new Float32Array(size);

parentPort!.on("message", (part: LoadPart) => {
  makePart(part).then(
    (answer) => parentPort!.postMessage(answer),
    (error: unknown) => {
      if (error instanceof FileError) {
        const answer: PartAnswer = { id: part.id, problems: [], failure: error.message };
        return parentPort!.postMessage(answer);
      }
      queueMicrotask(() => {
        throw error;
      });
    },
  );
});

async function makePart({ id, images, targets, imageFloats, examples }: LoadPart): Promise<PartAnswer> {
  const pictures = new Float32Array(images);
  const labels = new Float32Array(targets);
  const problems: PartAnswer["problems"][number][] = [];
  const read = async ({ path, label, place }: ExampleSource, into: Float32Array) => {
    try {
      const cadence = await readCadence(path, into);
      checkShape(path, cadence, shape);
      const bad = clearInfinite(cadence.data);
      if (bad > 0)
        problems.push({
          place,
          skipped: false,
          message: `${path}: ${bad} values are not finite; they count as 0.`,
        });
      return { cadence, label };
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      problems.push({ place, skipped: true, message: error.message });
      return undefined;
    }
  };
  for (const { index, source, partner, key, shareDone } of examples) {
    const into = pictures.subarray(index * imageFloats, (index + 1) * imageFloats);
    if (key === undefined) {
      const found = await read(source, own);
      if (found) prepare(found.cadence, into);
      else into.fill(0);
      labels[index] = source.label;
      continue;
    }
    // One that can't be read is stood in for by its partner, which is drawn from the key too.
    const wanted = partner !== undefined && maker.wantsPartner(key, shareDone);
    const first = await read(source, own);
    const second = partner && (wanted || !first) ? await read(partner, partners) : undefined;
    const used = first ?? second;
    if (!used)
      throw new FileError(
        source.path,
        "neither this cadence nor the one drawn to stand in for it can be read.",
      );
    labels[index] = maker.make({ ...used, key, ...(first && second && { partner: second }) }, into);
  }
  return { id, problems };
}

/** Sets what isn't finite to 0, and counts it. */
function clearInfinite(data: Float32Array): number {
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i]!)) continue;
    data[i] = 0;
    count++;
  }
  return count;
}
