/**
 * A run that can be killed: begins, or goes on where there is one, with a checkpoint after every step. Prints a line a step.
 *
 *     node killable-run.node.ts DATA RUN
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { resumeRun, startRun, type TrainHooks } from "../train.node.ts";
import { killableRecipe as recipe } from "./small-set.node.ts";

const [data = "", out = ""] = process.argv.slice(2);
const hooks: TrainHooks = {
  checkpointEveryS: 0,
  onProgress: ({ fold, step, validated }) => {
    if (validated === undefined) console.log(`fold ${fold} step ${step}`);
  },
};
if (existsSync(join(out, "run.json"))) await resumeRun(out, { data }, hooks);
else await startRun(out, { data, recipe, seed: 3, threads: 1 }, hooks);
console.log("done");
