/**
 * Examples in Markdown that are run. A block is an example where its fence says so:
 *
 *     ```sh example            or  ```sh example exit=2
 *     lodestone info scan.h5
 *     ```
 *
 * A block ```text output right after it gives lines that it must print, in this order, on standard output or standard error; a
 * line `...` stands for any lines, and `...` within a line for any text.
 */

export interface DocExample {
  /** Number of the line of the opening fence, from 1. */
  readonly line: number;
  readonly script: string;
  readonly exitCode: number;
  /** Lines that must be printed; undefined where no block of output follows. */
  readonly output?: readonly string[];
}

interface Fence {
  readonly line: number;
  readonly info: string;
  readonly body: string[];
  /** Whether only empty lines stand between this block and the one before it. */
  readonly follows: boolean;
}

export function readExamples(markdown: string): DocExample[] {
  const fences = readFences(markdown);
  return fences.flatMap((fence, i): DocExample[] => {
    const [language, mark, exit] = fence.info.split(/\s+/);
    if (language !== "sh" || mark !== "example") return [];
    const next = fences[i + 1];
    const hasOutput = next?.follows && next.info === "text output";
    return [
      {
        line: fence.line,
        script: fence.body.join("\n"),
        exitCode: exit === undefined ? 0 : Number(exit.replace("exit=", "")),
        ...(hasOutput ? { output: next.body } : {}),
      },
    ];
  });
}

function readFences(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: Fence | undefined;
  let onlyEmptySince = false;
  for (const [i, line] of markdown.split("\n").entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open && fence) {
      fences.push(open);
      open = undefined;
      onlyEmptySince = true;
    } else if (open) {
      open.body.push(line);
    } else if (fence) {
      open = { line: i + 1, info: fence[1]!.trim(), body: [], follows: onlyEmptySince };
    } else if (line.trim() !== "") {
      onlyEmptySince = false;
    }
  }
  return fences;
}

/** The first line wanted that the output does not hold in its place; undefined where it holds them all. */
export function missingLine(wanted: readonly string[], printed: string): string | undefined {
  const lines = printed.split("\n").map((line) => line.trimEnd());
  let at = 0;
  let anywhere = true;
  for (const line of wanted) {
    if (line.trim() === "...") {
      anywhere = true;
      continue;
    }
    const matches = lineMatcher(line.trimEnd());
    const found = anywhere
      ? lines.findIndex((text, i) => i >= at && matches(text))
      : matches(lines[at] ?? "")
        ? at
        : -1;
    if (found < 0) return line;
    at = found + 1;
    anywhere = false;
  }
  return undefined;
}

function lineMatcher(wanted: string): (line: string) => boolean {
  const parts = wanted.split("...").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`^${parts.join(".*")}$`);
  return (line) => pattern.test(line);
}
