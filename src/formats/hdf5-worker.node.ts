/** The worker that holds the HDF5 library in Node. It must not print: errors go back as answers. */

import { fileURLToPath } from "node:url";
import { parentPort } from "node:worker_threads";
import { watchFiles } from "./hdf5-files.ts";
import { useHdf5Library } from "./hdf5-library.ts";
import { type Hdf5Request, serveHdf5 } from "./hdf5-service.ts";

// What it says by way of the console, when it aborts.
for (const method of ["log", "warn", "error"] as const) console[method] = () => {};
const h5 = await import("h5wasm/node");
const module = await h5.ready;
module.insert_plugin_search_path(
  fileURLToPath(new URL("./plugins", import.meta.resolve("h5wasm-plugins"))),
  0,
);

const port = parentPort!;
const serve = serveHdf5(useHdf5Library(h5, watchFiles(module)), (answer, transfer) =>
  port.postMessage(answer, transfer),
);
port.on("message", ({ id, request }: { id: number; request: Hdf5Request }) => serve(id, request));
port.postMessage("ready");
