/** What a page or a program asks of the worker that holds the HDF5 library, and the worker's answers. No Node. */

import {
  type Aftermath,
  type Hdf5Description,
  type Hdf5Library,
  Hdf5Problem,
  type Hdf5Range,
  type Hdf5WritePlan,
  isFatal,
} from "./hdf5-library.ts";
import { blockLength } from "./hdf5-pieces.ts";

/** `file` is a number of the asker's choice. Reading a file that the worker doesn't know (it was started anew) opens it. */
export type Hdf5Request =
  | { readonly op: "open"; readonly file: number; readonly path: string }
  | {
      readonly op: "read";
      readonly file: number;
      readonly path: string;
      readonly range: Hdf5Range;
      /** In shared memory: the values are written here. Left out: the answer carries them. */
      readonly into?: Float32Array;
    }
  | { readonly op: "create"; readonly file: number; readonly path: string; readonly plan: Hdf5WritePlan }
  /** Where `data` lies in shared memory, nothing is copied on the way. */
  | { readonly op: "write"; readonly file: number; readonly range: Hdf5Range; readonly data: Float32Array }
  | { readonly op: "close"; readonly file: number };

export interface Hdf5Result {
  readonly description?: Hdf5Description;
  readonly data?: Float32Array;
}

/** `problem` is a sentence without the file's name. Without it and a result: work goes on. */
export type Hdf5Answer =
  | { readonly id: number; readonly result: Hdf5Result }
  | { readonly id: number; readonly problem: string; readonly detail: string; readonly library: Aftermath }
  | { readonly id: number };

/** The asker's side of the worker: answers, or throws an Hdf5Problem. */
export interface Hdf5Channel {
  request(request: Hdf5Request): Promise<Hdf5Result>;
}

export type PostAnswer = (answer: Hdf5Answer, transfer: ArrayBuffer[]) => void;

/** Serves requests in the order in which they come. */
export function serveHdf5(
  library: Hdf5Library,
  post: PostAnswer,
): (id: number, request: Hdf5Request) => void {
  const files = new Map<number, { id: bigint; description?: Hdf5Description }>();

  function opened(file: number, path: string) {
    const known = files.get(file);
    if (known?.description) return { id: known.id, description: known.description };
    const fresh = library.open(path);
    files.set(file, fresh);
    return fresh;
  }

  function serve(request: Hdf5Request, tick: () => void): Hdf5Result {
    switch (request.op) {
      case "open":
        return { description: opened(request.file, request.path).description };
      case "read": {
        const { id, description } = opened(request.file, request.path);
        const data = request.into ?? memoryFor(request.range);
        library.read(id, description, request.range, data, tick);
        return { data };
      }
      case "create":
        files.set(request.file, { id: library.create(request.path, request.plan) });
        return {};
      case "write": {
        const known = files.get(request.file);
        if (!known)
          throw new Hdf5Problem("writing it was broken off by another file's failure. Write it again.");
        library.write(known.id, request.range, request.data);
        return {};
      }
      case "close": {
        const known = files.get(request.file);
        files.delete(request.file);
        if (known) library.close(known.id);
        return {};
      }
    }
  }

  return (id, request) => {
    try {
      const result = serve(request, () => post({ id }, []));
      const buffer = result.data?.buffer;
      post({ id, result }, buffer instanceof ArrayBuffer ? [buffer] : []);
    } catch (error) {
      if (error instanceof Hdf5Problem) {
        post({ id, problem: error.message, detail: error.detail, library: error.library }, []);
      } else {
        const problem = isFatal(error)
          ? "the HDF5 library broke down on it. The file is damaged; copy it again."
          : `reading it failed (${error instanceof Error ? error.message : error}).`;
        post(
          { id, problem, detail: String(error instanceof Error ? error.stack : error), library: "broken" },
          [],
        );
      }
    }
  };
}

function memoryFor(range: Hdf5Range): Float32Array {
  const length = blockLength(range);
  try {
    return new Float32Array(length);
  } catch {
    const gigabytes = ((length * 4) / 1e9).toFixed(1);
    throw new Hdf5Problem(
      `this range takes ${gigabytes} GB of memory, more than there is. Read a part at a time.`,
    );
  }
}
