/** Where numbers stop being finite, and what can be done about it. */

import type { TrainingParts, TrainingPlan } from "./compile/training.ts";
import type { Session } from "./engines/engine.ts";
import { describe } from "./graph.ts";

/**
 * Runs a program on the last batch again, instruction by instruction, and names the op of the first one that writes a number that is NaN
 * or infinite; undefined where none does. After `gradients`, the gradients are lost.
 */
export async function firstNotFinite(
  session: Session,
  plan: TrainingPlan,
  program: "gradients" | "evaluate",
): Promise<string | undefined> {
  if (program === "gradients") await session.run("clear");
  for (const [i, instruction] of plan.programs[program]!.entries()) {
    await session.runPart(program, i, i + 1);
    for (const tensor of Object.values(instruction.writes)) {
      if (typeof tensor !== "object") continue;
      if ((await session.read(tensor)).some((number) => !Number.isFinite(number))) return instruction.origin;
    }
  }
  return undefined;
}

/** What to do about a number that isn't finite and comes from `origin`, the first op that writes one. */
export function remedy(
  { graph }: TrainingParts,
  origin: string | undefined,
  program: "gradients" | "evaluate",
): string {
  const grown =
    program === "gradients" ? "lower the learning rate" : "look at how large the weights have become";
  if (graph.values.some((value) => value.op.name === "input" && describe(value) === origin)) {
    return `Look for NaN and infinities in what the batch gives as ${origin!.slice("input ".length)}.`;
  }
  const loss = graph.values.find((value) => value.op.loss && describe(value) === origin);
  if (loss) {
    return `All that it reads is finite; its targets must be ${loss.op.loss!.targets}. If they are, ${grown}.`;
  }
  return `The inputs are finite: ${grown}, or scale the inputs down if they are large.`;
}
