/** A thread of the loader: reads cadences and makes examples of them. */

import { parentPort, workerData } from "node:worker_threads";
import { checkShape, readCadence } from "../formats/cadence-folder.node.ts";
import { FileError } from "../signal/errors.ts";
import { createExampleMaker, type ExamplePlaces, type LabelledCadence } from "./inputs/example.ts";
import { loadInputKernels } from "./inputs/kernels.node.ts";
import { fillPlaces } from "./inputs/places.ts";
import { createPreparerParts } from "./inputs/prepare.ts";
import type {
  CadenceTrouble,
  ExampleJob,
  ExampleSource,
  LoadPart,
  PartAnswer,
  WorkerStart,
} from "./loader-messages.ts";
import { openStore } from "./loader-store.ts";
import { turnInto } from "./views.ts";

const { input, augment, inject, shape, store } = workerData as WorkerStart;
const size = shape.panels * shape.rows * shape.channels;
const parts = createPreparerParts(input, shape, loadInputKernels());
const { whiten, layOut } = parts;
const kept = store && openStore(store);
const maker = createExampleMaker({ input, augment, inject }, shape, parts);
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

async function makePart(part: LoadPart): Promise<PartAnswer> {
  const { id, images, targets, imageFloats, examples } = part;
  const pictures = new Float32Array(images);
  const labels = new Float32Array(targets);
  const problems: CadenceTrouble[] = [];
  let before: { readonly path: string; readonly found: LabelledCadence | undefined } | undefined;
  for (const job of examples) {
    const into = pictures.subarray(job.index * imageFloats, (job.index + 1) * imageFloats);
    // Views of one cadence follow each other.
    const found = before?.path === job.source.path ? before.found : await read(job.source, own, problems);
    before = { path: job.source.path, found };
    const places = placesOf(part, job.index);
    labels[job.index] = job.key
      ? await augmented(job, job.key, found, { into, places }, problems)
      : plain(job, found, { into, places });
  }
  return { id, problems };
}

interface Written {
  readonly into: Float32Array;
  readonly places: ExamplePlaces | undefined;
}

function placesOf({ places }: LoadPart, index: number): ExamplePlaces | undefined {
  if (!places) return undefined;
  const { grid } = places;
  const cells = grid.rows * grid.columns;
  const own = (memory: SharedArrayBuffer) => new Float32Array(memory, 4 * index * cells, cells);
  return { grid, targets: own(places.targets), known: own(places.known) };
}

function plain(
  { source, view }: ExampleJob,
  found: LabelledCadence | undefined,
  { into, places }: Written,
): number {
  if (places) fillPlaces(places, source.label === 0);
  if (!found) into.fill(0);
  else if (!view) layOut(found.cadence, into);
  else {
    turned.data.set(found.cadence.data);
    turnInto(view, turned, scratch);
    layOut(turned, into);
  }
  return source.label;
}

/** A cadence that can't be read is stood in for by its partner, which is drawn from the key too. */
async function augmented(
  { source, partner, shareDone }: ExampleJob,
  key: NonNullable<ExampleJob["key"]>,
  found: LabelledCadence | undefined,
  { into, places }: Written,
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
  return maker.make({ ...first, key, ...(found && other && { partner: other }) }, into, places);
}

/** Whitened where the input is. What has something wrong with it is not kept, so that this is told whenever it is seen. */
async function read(
  { path, label, place }: ExampleSource,
  into: Float32Array,
  problems: CadenceTrouble[],
): Promise<LabelledCadence | undefined> {
  if (kept?.take(place, into)) return { cadence: { ...shape, data: into }, label };
  let claimed = kept?.claim(place);
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
    whiten?.(cadence, cadence.data);
    if (claimed && cleared === 0) {
      kept!.keep(place, cadence.data);
      claimed = false;
    }
    return { cadence, label };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    problems.push({ place, skipped: true, message: error.message });
    return undefined;
  } finally {
    if (claimed) kept!.release(place);
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
