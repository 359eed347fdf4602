/** The worker that holds the HDF5 library in Node. It must not print: errors go back as answers. */

import { fileURLToPath } from "node:url";
import { parentPort } from "node:worker_threads";
import { useHdf5Library } from "./hdf5-library.ts";
import { type Hdf5Request, serveHdf5 } from "./hdf5-service.ts";

const MAX_ERROR_TEXT = 1 << 16;
const STANDARD_ERROR = 2;

// What it says by way of the console, when it aborts.
for (const method of ["log", "warn", "error"] as const) console[method] = () => {};
const h5 = await import("h5wasm/node");
const module = await h5.ready;
module.insert_plugin_search_path(
  fileURLToPath(new URL("./plugins", import.meta.resolve("h5wasm-plugins"))),
  0,
);

/** HDF5 prints its error stack; the calls that h5wasm makes drop most status codes, so what is printed is also how they are known. */
let printed = "";
interface Stream {
  readonly fd: number;
}
const files = module.FS as unknown as {
  write(stream: Stream, heap: Int8Array, offset: number, length: number, ...rest: unknown[]): number;
};
const writeToFile = files.write;
files.write = (stream, heap, offset, length, ...rest) => {
  if (stream.fd !== STANDARD_ERROR) return writeToFile(stream, heap, offset, length, ...rest);
  if (printed.length < MAX_ERROR_TEXT) {
    printed += new TextDecoder().decode(
      new Uint8Array(heap.buffer.slice(offset, offset + length) as ArrayBuffer),
    );
  }
  return length;
};
function takeErrors(): string {
  const text = printed;
  printed = "";
  return text;
}

const port = parentPort!;
const serve = serveHdf5(useHdf5Library(h5, takeErrors), (answer, transfer) =>
  port.postMessage(answer, transfer),
);
port.on("message", ({ id, request }: { id: number; request: Hdf5Request }) => serve(id, request));
port.postMessage("ready");
