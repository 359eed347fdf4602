/** What a person is told, and which exit code the shell gets, when a command fails. */

import { CommanderError } from "commander";
import { InputError, UsageError } from "../signal/errors.ts";

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export interface Failure {
  readonly exitCode: number;
  /** What remains to be printed on standard error, without a line end; empty where commander has said it. */
  readonly message: string;
}

/**
 * An error of a person's input becomes one line; anything that no one foresaw is called a defect and keeps its stack. Of several
 * errors in an AggregateError each is told.
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CommanderError)
    return { exitCode: error.exitCode === 0 ? 0 : EXIT_USAGE, message: "" };
  if (error instanceof AggregateError && error.errors.length > 0) {
    const failures = error.errors.map(describeFailure);
    return {
      exitCode: Math.max(...failures.map(({ exitCode }) => exitCode)),
      message: failures.map(({ message }) => message).join("\n"),
    };
  }
  if (error instanceof InputError) {
    return {
      exitCode: error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED,
      message: `lodestone: ${error.message}`,
    };
  }
  if (isSystemError(error))
    return { exitCode: EXIT_FAILED, message: `lodestone: ${describeSystemError(error)}` };
  const detail = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
  return {
    exitCode: EXIT_FAILED,
    message: `lodestone: this is a defect of Lodestone, not of your input. Please report it with these lines:\n${detail}`,
  };
}

const systemProblems: Readonly<Record<string, string>> = {
  EACCES: "there is no permission for it",
  EPERM: "the system does not permit it",
  EROFS: "the file system is read-only",
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "it is a folder",
  EEXIST: "it is there already",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EMFILE: "too many files are open",
  EIO: "the disk reported an input or output error",
};

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    error.code in systemProblems
  );
}

function describeSystemError(error: NodeJS.ErrnoException): string {
  const problem = `${systemProblems[error.code!]} (${error.syscall ?? "system"}: ${error.code})`;
  return error.path === undefined ? `${problem}.` : `${error.path}: ${problem}.`;
}
