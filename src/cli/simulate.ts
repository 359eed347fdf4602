/** `lodestone simulate`: data of known content. Each kind is a command of its own. */

import { Command } from "commander";
import { simulateCadencesCommand } from "./simulate-cadences.ts";
import { simulateObservationCommand } from "./simulate-observation.ts";

const examples = `
Examples:
  $ lodestone simulate cadences --out data --train 3000 --test 1000
  $ lodestone simulate observation --out night --seed 3
  $ lodestone simulate observation --help
`;

export function simulateCommand(): Command {
  return new Command("simulate")
    .description("Make data of known content.")
    .addCommand(simulateCadencesCommand().summary("labelled cadences in the competition's layout"))
    .addCommand(simulateObservationCommand())
    .addHelpText("after", examples);
}
