/** The program `lodestone`: its commands, their common behaviour, and how a run ends. */

import { Command } from "commander";
import { VERSION } from "../signal/version.ts";
import { describeFailure, EXIT_USAGE } from "./failure.ts";

export interface CommandEntry {
  readonly name: string;
  /** The line in the list of commands. */
  readonly summary: string;
  /** Only the command that was asked for is loaded, so that the program starts quickly. */
  readonly load: () => Promise<Command>;
}

export const commandEntries: readonly CommandEntry[] = [
  {
    name: "search",
    summary: "find drifting signals, and those that only the target has",
    load: async () => (await import("./search.ts")).searchCommand(),
  },
  {
    name: "info",
    summary: "tell what files hold",
    load: async () => (await import("./info.ts")).infoCommand(),
  },
  {
    name: "plot",
    summary: "draw a file, or the scans of a cadence, as a PNG",
    load: async () => (await import("./plot.ts")).plotCommand(),
  },
  {
    name: "convert",
    summary: "write a file in another format, or a part of it",
    load: async () => (await import("./convert.ts")).convertCommand(),
  },
  {
    name: "explore",
    summary: "tell what a folder of cadences holds, and what is wrong with it",
    load: async () => (await import("./explore.ts")).exploreCommand(),
  },
  {
    name: "train",
    summary: "train a network on a folder of cadences with labels",
    load: async () => (await import("./train.ts")).trainCommand(),
  },
  {
    name: "evaluate",
    summary: "tell how well a run, a model or a table of scores finds needles",
    load: async () => (await import("./evaluate.ts")).evaluateCommand(),
  },
  {
    name: "predict",
    summary: "score a folder of cadences and write a submission",
    load: async () => (await import("./predict.ts")).predictCommand(),
  },
  {
    name: "export",
    summary: "write a trained network as an .onnx file",
    load: async () => (await import("./export.ts")).exportCommand(),
  },
  {
    name: "simulate",
    summary: "make data of known content",
    load: async () => (await import("./simulate.ts")).simulateCommand(),
  },
  {
    name: "inject",
    summary: "put needles of known strength into files",
    load: async () => (await import("./inject.ts")).injectCommand(),
  },
  {
    name: "demo",
    summary: "search a simulated observation, train on simulated cadences, report both",
    load: async () => (await import("./demo.ts")).demoCommand(),
  },
];

const examples = `
Examples:
  $ lodestone search on1.h5 off1.h5 on2.h5 off2.h5 on3.h5 off3.h5 --cadence ABACAD --out report
  $ lodestone info scan.h5
  $ lodestone plot scan.h5 --f-start 8419.2 --f-stop 8419.4 -o scan.png
  $ lodestone simulate cadences --out data --train 3000 --test 1000
  $ lodestone train data --out run --minutes 10
  $ lodestone predict run data --out submission.csv
  $ lodestone help search
`;

export interface ProgramOutput {
  /** Where help and the version go. */
  readonly out: (text: string) => void;
  /** Where errors go. */
  readonly err: (text: string) => void;
}

const processOutput: ProgramOutput = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
};

/** Runs the program with the arguments after its name. Gives the exit code: 0, 1 where it failed, 2 where it was called wrongly. */
export async function runProgram(
  args: readonly string[],
  output: ProgramOutput = processOutput,
  entries: readonly CommandEntry[] = commandEntries,
): Promise<number> {
  try {
    const program = await buildProgram(args, output, entries);
    if (args.length === 0) {
      output.err(program.helpInformation() + examples);
      return EXIT_USAGE;
    }
    // commander's help of a command that isn't there says nothing of it; asked for the command itself, it says what is near.
    const isUnknownTopic =
      args[0] === "help" && args.length > 1 && !entries.some(({ name }) => name === args[1]);
    await program.parseAsync(isUnknownTopic ? args.slice(1) : args, { from: "user" });
    return 0;
  } catch (error) {
    const { exitCode, message } = describeFailure(error);
    if (message !== "") output.err(`${message}\n`);
    return exitCode;
  }
}

async function buildProgram(
  args: readonly string[],
  output: ProgramOutput,
  entries: readonly CommandEntry[],
): Promise<Command> {
  const program = new Command("lodestone")
    .description(
      "Draws the needles out of the radio haystack: searches telescope data for drifting narrow-band signals.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", examples)
    .showHelpAfterError('Run "lodestone --help" for the commands.')
    .exitOverride()
    .configureOutput({
      writeOut: output.out,
      writeErr: output.err,
      outputError: (text, write) => write(text.replace(/^error: /, "lodestone: ")),
    });
  const asked = args[0] === "help" ? args[1] : args.find((arg) => !arg.startsWith("-"));
  for (const { name, summary, load } of entries) {
    if (name !== asked) {
      program.command(name).description(summary);
      continue;
    }
    const command = (await load()).copyInheritedSettings(program).summary(summary);
    command.showHelpAfterError(`Run "lodestone ${name} --help" for the options and an example.`);
    for (const part of command.commands) {
      part.copyInheritedSettings(command);
      part.showHelpAfterError(
        `Run "lodestone ${name} ${part.name()} --help" for the options and an example.`,
      );
    }
    program.addCommand(command);
  }
  return program;
}
