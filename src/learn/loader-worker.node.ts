/** A thread of the loader: reads cadences and makes examples of them. */

import { parentPort, workerData } from "node:worker_threads";
import { checkShape, readCadence } from "../formats/cadence-folder.node.ts";
import { FileError } from "../signal/errors.ts";
import { createExampleMaker, type LabelledCadence } from "./inputs/example.ts";
import { loadInputKernels } from "./inputs/kernels.node.ts";
import { createPreparer } from "./inputs/prepare.ts";
import type {
  CadenceTrouble,
  ExampleJob,
  ExampleSource,
  LoaderStart,
  LoadPart,
  PartAnswer,
} from "./loader-messages.ts";
import { turnInto } from "./views.ts";

const { input, augment, inject, shape } = workerData as LoaderStart;
const size = shape.panels * shape.rows * shape.channels;
const prepare = createPreparer(input, shape, loadInputKernels());
const maker = createExampleMaker({ input, augment, inject }, shape, prepare);
const own = new Float32Array(size);
const partners = new Float32Array(size);
const turned = { ...shape, data: new Float32Array(size) };
const scratch = new Float32Array(size);

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
  const problems: CadenceTrouble[] = [];
  let before: { readonly path: string; readonly found: LabelledCadence | undefined } | undefined;
  for (const job of examples) {
    const into = pictures.subarray(job.index * imageFloats, (job.index + 1) * imageFloats);
    // Views of one cadence follow each other.
    const found = before?.path === job.source.path ? before.found : await read(job.source, own, problems);
    before = { path: job.source.path, found };
    labels[job.index] = job.key
      ? await augmented(job, job.key, found, into, problems)
      : plain(job, found, into);
  }
  return { id, problems };
}

function plain({ source, view }: ExampleJob, found: LabelledCadence | undefined, into: Float32Array): number {
  if (!found) into.fill(0);
  else if (!view) prepare(found.cadence, into);
  else {
    turned.data.set(found.cadence.data);
    turnInto(view, turned, scratch);
    prepare(turned, into);
  }
  return source.label;
}

/** A cadence that can't be read is stood in for by its partner, which is drawn from the key too. */
async function augmented(
  { source, partner, shareDone }: ExampleJob,
  key: NonNullable<ExampleJob["key"]>,
  found: LabelledCadence | undefined,
  into: Float32Array,
  problems: CadenceTrouble[],
): Promise<number> {
  const other =
    partner && (!found || maker.wantsPartner(key, shareDone))
      ? await read(partner, partners, problems)
      : undefined;
  const first = found ?? other;
  if (!first) {
    throw new FileError(
      source.path,
      "neither it nor the cadence that was drawn to stand in for it can be read.",
    );
  }
  return maker.make({ ...first, key, ...(found && other && { partner: other }) }, into);
}

async function read(
  { path, label, place }: ExampleSource,
  into: Float32Array,
  problems: CadenceTrouble[],
): Promise<LabelledCadence | undefined> {
  try {
    const cadence = await readCadence(path, into);
    checkShape(path, cadence, shape);
    const cleared = clearInfinite(cadence.data);
    if (cleared > 0) {
      problems.push({
        place,
        skipped: false,
        message: `${path}: ${cleared} values aren't finite; they count as 0.`,
      });
    }
    return { cadence, label };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    problems.push({ place, skipped: true, message: error.message });
    return undefined;
  }
}

/** Sets what isn't finite to 0, and counts it. */
function clearInfinite(data: Float32Array): number {
  let zeros = 0;
  for (let i = 0; i < data.length; i++) zeros += 0 * data[i]!;
  if (zeros === 0) return 0;
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i]!)) continue;
    data[i] = 0;
    count++;
  }
  return count;
}
