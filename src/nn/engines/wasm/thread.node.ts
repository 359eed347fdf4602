/** Where a thread of the engine starts in Node. */

import { workerData } from "node:worker_threads";
import { startThread, type ThreadStart } from "./thread.ts";

startThread(workerData as ThreadStart).serve();
