/**
 * Reads cadences and makes examples of them on threads of their own, ahead of who uses them, into shared memory. What an example is does
 * not depend on how many threads there are.
 */

import { totalmem } from "node:os";
import { Worker } from "node:worker_threads";
import { InputError } from "../signal/errors.ts";
import { onPanels } from "./inputs/panel-roles.ts";
import type { PlaceGrid, PlaceTargets } from "./inputs/places.ts";
import type {
  CadenceTrouble,
  ExampleJob,
  LoaderStart,
  LoadPart,
  PartAnswer,
  WorkerStart,
} from "./loader-messages.ts";
import { createStoreMemory } from "./loader-store.ts";

export interface Loader {
  readonly threads: number;
  /**
   * Batches 0, 1, 2, ... of what `examples` lists for each, until it gives undefined. `ahead` batches are made while one is used: so many and one
   * lie in memory.
   */
  open(options: BatchStreamOptions): BatchStream;
  close(): Promise<void>;
}

export interface BatchStreamOptions {
  /** The examples of a batch, by its number; undefined past the last. Asked in order, once each. */
  readonly examples: (batch: number) => readonly ExampleJob[] | undefined;
  /** The number of the first batch; 0 unless given. */
  readonly from?: number;
  /** The largest batch. */
  readonly batchSize: number;
  /** Floats of one image. */
  readonly imageFloats: number;
  /** 2 unless given. */
  readonly ahead?: number;
  /** Has batches say where needles are. */
  readonly places?: PlaceGrid;
}

export interface LoadedBatch {
  readonly number: number;
  /** [examples, channels, height, width], until the next batch is asked for. */
  readonly images: Float32Array;
  readonly targets: Float32Array;
  /** Where it was asked for: [examples, rows * columns] of the grid. */
  readonly places?: PlaceTargets;
  readonly examples: readonly ExampleJob[];
  readonly problems: readonly CadenceTrouble[];
}

export interface BatchStream {
  /** The next batch, or undefined past the last; the memory of the one before is used again. */
  next(): Promise<LoadedBatch | undefined>;
  /** Milliseconds for which `next` had to wait, in all. */
  readonly waitedMs: number;
  /** Ends the stream; later ones use its memory again, which a thread that has seen it would else keep for long. Closed by itself past the last batch. */
  close(): Promise<void>;
}

/** Examples that a thread makes at a time: few, so that all threads work on the batch that is needed first. */
const PART = 4;

/** Whitened cadences that are kept for their next visit: worth it where they are seen more than once. */
export interface KeepOptions {
  /** Of the data set. */
  readonly places: number;
  /** `mostKeptBytes()` unless given. */
  readonly bytes?: number;
}

/** The smaller of 4 GiB and a quarter of the machine's memory, or of what this process may have of it. */
export function mostKeptBytes(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.min(2 ** 32, Math.floor(memory / 4));
}

/** Starts the threads. They don't keep the process alive unless a batch, or a stream's end, is waited for. */
export function openLoader(start: LoaderStart, threads: number, keep?: KeepOptions): Loader {
  const { panels, rows, channels } = start.shape;
  const size = panels * rows * channels;
  const { places = 0, bytes = mostKeptBytes() } = keep ?? {};
  const keeps = places > 0 && start.input.normalisation === "whiten";
  const store = keeps ? createStoreMemory({ places, size, bytes }) : undefined;
  const workers = Array.from({ length: threads }, () => {
    const workerData: WorkerStart = { ...start, store };
    return new Worker(new URL("./loader-worker.node.ts", import.meta.url), { workerData });
  });
  const idle: Worker[] = [];
  const waiting: Part[] = [];
  const running = new Map<number, Part>();
  const free = new Map<string, Slot[]>();
  let failure: Error | undefined;
  let closed = false;
  let ids = 0;

  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of [...running.values(), ...waiting.splice(0)]) reject(failure);
    running.clear();
  };
  let waits = 0;
  /** Until then the threads keep the process alive. */
  const waitFor = async <T>(work: Promise<T>): Promise<T> => {
    if (waits++ === 0) for (const worker of workers) worker.ref();
    try {
      return await work;
    } finally {
      if (--waits === 0) for (const worker of workers) worker.unref();
    }
  };
  const handOut = () => {
    while (idle.length > 0 && waiting.length > 0) {
      const part = waiting.shift()!;
      running.set(part.message.id, part);
      idle.pop()!.postMessage(part.message);
    }
  };
  for (const worker of workers) {
    worker.unref();
    idle.push(worker);
    worker.on("message", ({ id, problems, failure }: PartAnswer) => {
      const part = running.get(id);
      running.delete(id);
      idle.push(worker);
      handOut();
      if (failure === undefined) part?.resolve(problems);
      else part?.reject(new InputError(failure));
    });
    worker.on("error", (error: Error) => fail(error));
    worker.on("exit", () => {
      if (!closed) fail(new Error("A thread of the loader ended before it answered."));
    });
  }
  const make = (message: Omit<LoadPart, "id">) =>
    new Promise<readonly CadenceTrouble[]>((resolve, reject) => {
      if (failure) return reject(failure);
      waiting.push({ message: { ...message, id: ids++ }, resolve, reject });
      handOut();
    });

  return {
    threads,
    open({ examples, from = 0, batchSize, imageFloats, ahead = 2, places: grid }) {
      if (grid && grid.rows !== onPanels(start.shape).length) {
        throw new Error(`A grid of places has a row for each ON panel; this one has ${grid.rows}.`);
      }
      const cells = grid ? grid.rows * grid.columns : 0;
      const size = `${batchSize} x ${imageFloats} + ${cells}`;
      const slots = Array.from({ length: ahead + 1 }, (): Slot => {
        return (
          free.get(size)?.pop() ?? {
            images: new SharedArrayBuffer(4 * batchSize * imageFloats),
            targets: new SharedArrayBuffer(4 * batchSize),
            placeTargets: new SharedArrayBuffer(4 * batchSize * cells),
            placesKnown: new SharedArrayBuffer(4 * batchSize * cells),
          }
        );
      });
      let released = false;
      const inFlight = new Set<Promise<unknown>>();
      const queue: Promise<LoadedBatch>[] = [];
      let asked = from;
      let ended = false;
      let waitedMs = 0;
      const begin = () => {
        while (!ended && queue.length <= ahead) {
          const jobs = examples(asked);
          if (!jobs) {
            ended = true;
            return;
          }
          const number = asked++;
          const slot = slots[(number - from) % slots.length]!;
          const batch = makeBatch(number, jobs, slot);
          batch.catch(() => {});
          queue.push(batch);
        }
      };
      const makeBatch = async (
        number: number,
        jobs: readonly ExampleJob[],
        { images, targets, placeTargets, placesKnown }: Slot,
      ): Promise<LoadedBatch> => {
        const places = grid && { grid, targets: placeTargets, known: placesKnown };
        const parts: Promise<readonly CadenceTrouble[]>[] = [];
        for (let at = 0; at < jobs.length; at += PART) {
          const part = make({
            ...{ images, targets, imageFloats, examples: jobs.slice(at, at + PART) },
            ...(places && { places }),
          });
          const settled = () => inFlight.delete(part);
          inFlight.add(part);
          part.then(settled, settled);
          parts.push(part);
        }
        const problems = (await Promise.all(parts)).flat();
        return {
          number,
          images: new Float32Array(images, 0, jobs.length * imageFloats),
          targets: new Float32Array(targets, 0, jobs.length),
          ...(places && {
            places: {
              targets: new Float32Array(placeTargets, 0, jobs.length * cells),
              known: new Float32Array(placesKnown, 0, jobs.length * cells),
            },
          }),
          examples: jobs,
          problems,
        };
      };
      const close = async () => {
        ended = true;
        const own = new Set(slots.map(({ images }) => images));
        for (let i = waiting.length - 1; i >= 0; i--) {
          if (own.has(waiting[i]!.message.images)) waiting.splice(i, 1)[0]!.reject(new Error("Closed."));
        }
        queue.length = 0;
        if (released) return;
        released = true;
        // What threads still write must end before the memory is used again.
        await waitFor(Promise.allSettled(inFlight));
        free.set(size, [...(free.get(size) ?? []), ...slots]);
      };
      begin();
      return {
        close,
        get waitedMs() {
          return waitedMs;
        },
        async next() {
          begin();
          const batch = queue.shift();
          if (!batch) {
            await close();
            return undefined;
          }
          const started = performance.now();
          try {
            return await waitFor(batch);
          } finally {
            waitedMs += performance.now() - started;
          }
        },
      };
    },
    async close() {
      closed = true;
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

interface Slot {
  readonly images: SharedArrayBuffer;
  readonly targets: SharedArrayBuffer;
  readonly placeTargets: SharedArrayBuffer;
  readonly placesKnown: SharedArrayBuffer;
}

interface Part {
  readonly message: LoadPart;
  readonly resolve: (problems: readonly CadenceTrouble[]) => void;
  readonly reject: (error: Error) => void;
}
