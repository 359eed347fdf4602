/** Where numbers stop being finite. */

import type { TrainingPlan } from "./compile/training.ts";
import type { Session } from "./engines/engine.ts";

/**
 * Runs the last batch's `gradients` again, instruction by instruction, and names the op of the first one that writes a number that is NaN
 * or infinite; undefined where none does. The gradients are lost.
 */
export async function firstNotFinite(session: Session, plan: TrainingPlan): Promise<string | undefined> {
  await session.run("clear");
  for (const [i, instruction] of plan.programs.gradients!.entries()) {
    await session.runPart("gradients", i, i + 1);
    for (const tensor of Object.values(instruction.writes)) {
      if (typeof tensor !== "object") continue;
      if ((await session.read(tensor)).some((number) => !Number.isFinite(number))) return instruction.origin;
    }
  }
  return undefined;
}
