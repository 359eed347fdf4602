/** What stands between a plan and the machine that runs it. WASM is one engine; WebGPU can be another. */

import type { ConvShape } from "../op.ts";
import type { Plan, Tensor } from "../plan.ts";

export interface Engine {
  readonly name: string;
  readonly threads: number;
  /** How large a convolution's weight is in the form that this engine's kernels read, in floats. */
  packedConvFloats(shape: ConvShape): { readonly forward: number; readonly backward: number };
  /** Bytes that a plan's tensors may take in all. */
  readonly maxBytes: number;
  /** Bytes that a plan would take in all. */
  bytesFor(plan: Plan): number;
  /**
   * Lays out a plan's memory. An engine has one plan at a time, so one trainer: once another is prepared, all calls of the session before
   * end in an InputError. Throws an InputError while a program runs, where the plan does not fit, and after the engine was closed.
   */
  prepare(plan: Plan): Session;
  /** Ends the engine's threads and gives its memory back. What runs, and all later calls of its session, end in an InputError. */
  close(): Promise<void>;
}

/** A plan in an engine's memory. Its calls fail while a program runs: wait for each. */
export interface Session {
  readonly plan: Plan;
  /** All that the plan takes: weights, gradients, activations, work space. */
  readonly bytes: number;
  /** Writes numbers to a kept tensor, `offset` floats from its start. */
  write(tensor: Tensor, data: Float32Array | Uint32Array, offset?: number): void;
  read(tensor: Tensor): Promise<Float32Array>;
  /** Runs a program of the plan to its end. */
  run(program: string): Promise<void>;
  /** Runs it and gives the milliseconds that each instruction took. */
  profile(program: string): Promise<Float64Array>;
  /** Runs a part of a program: instructions `from` to `to`, without `to`. */
  runPart(program: string, from: number, to: number): Promise<void>;
}
