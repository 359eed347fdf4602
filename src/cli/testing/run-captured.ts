import { vi } from "vitest";
import { type CommandEntry, runProgram } from "../program.ts";

/** Runs the program in this process and gives its exit code and what it printed. One run at a time. */
export async function runCaptured(
  args: readonly string[],
  entries?: readonly CommandEntry[],
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const printed = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      printed[stream] += text;
      return true;
    }),
  );
  try {
    const exitCode = await runProgram(args, undefined, entries);
    return { exitCode, ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
