/** All kernels of the WASM engine by name. */

import type { WasmKernel } from "../kernel.ts";
import * as conv from "./conv.ts";
import * as copy from "./copy.ts";
import * as depthwise from "./depthwise.ts";
import * as elementwise from "./elementwise.ts";
import * as loss from "./loss.ts";
import * as norm from "./norm.ts";
import * as optim from "./optim.ts";
import * as pool from "./pool.ts";
import * as random from "./random.ts";
import * as view from "./view.ts";

export const kernels: Readonly<Record<string, WasmKernel>> = Object.fromEntries(
  [conv, copy, depthwise, elementwise, loss, norm, optim, pool, random, view]
    .flatMap((room) => Object.entries<unknown>(room))
    .filter((entry): entry is [string, WasmKernel] => isKernel(entry[1])),
);

/** Every phase's function, in the order in which programs number them: sorted, so that host and threads agree. */
export const phaseNames: readonly string[] = [
  ...new Set(Object.values(kernels).flatMap(({ phases }) => phases)),
].sort();

function isKernel(candidate: unknown): candidate is WasmKernel {
  return typeof candidate === "object" && candidate !== null && "phases" in candidate;
}
