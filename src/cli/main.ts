#!/usr/bin/env node
/** The command `lodestone`: runs the program in this process, with its signals and its pipes. */

import { removeOpenTemporaries } from "../signal/write-file.node.ts";
import { describeFailure } from "./failure.ts";
import { takeSignal } from "./interrupt.ts";
import { runProgram } from "./program.ts";

/** Shells give a process that a signal ended the exit code 128 + the signal's number. */
const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (takeSignal()) return;
    endAtOnce(
      128 + signalNumbers[signal],
      `lodestone: stopped by ${signal}; what was half written has been removed.`,
    );
  });
}

process.on("uncaughtException", (error) => {
  const { exitCode, message } = describeFailure(error);
  endAtOnce(exitCode, message);
});

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") endAtOnce(0);
    throw error;
  });
}

function endAtOnce(exitCode: number, message?: string): never {
  removeOpenTemporaries();
  if (message !== undefined) process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}${message}\n`);
  process.exit(exitCode);
}

const exitCode = await runProgram(process.argv.slice(2));
// A command that was stopped in order has set its own.
process.exitCode ||= exitCode;
