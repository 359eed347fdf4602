/** A line of progress with the time left, for a person at a terminal; nothing is written where nobody looks. */

const FIRST_SHOWN_AFTER_MS = 1000;
const REDRAWN_EVERY_MS = 100;
const BAR_WIDTH = 24;

export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  /** `done` of the total that the progress was started with, in any unit. */
  update(done: number, note?: string): void;
  /** Takes the line off the terminal. Safe to call twice. */
  finish(): void;
}

/**
 * Starts a line such as `Searching [#####     ]  21 %  0:42 left  scan 2 of 6` on standard error. It appears after a second
 * of work and never where `stream` is not a terminal.
 */
export function startProgress(
  what: string,
  total: number,
  stream: ProgressStream = process.stderr,
  nowMs: () => number = () => performance.now(),
): Progress {
  const startedMs = nowMs();
  let drawnMs = Number.NEGATIVE_INFINITY;
  let shown = false;
  let finished = false;
  return {
    update(done, note) {
      const now = nowMs();
      if (
        finished ||
        !stream.isTTY ||
        now - startedMs < FIRST_SHOWN_AFTER_MS ||
        now - drawnMs < REDRAWN_EVERY_MS
      )
        return;
      drawnMs = now;
      shown = true;
      const line = progressLine(what, total > 0 ? done / total : 0, now - startedMs, note);
      stream.write(`\r${line.slice(0, (stream.columns ?? 80) - 1)}\x1b[K`);
    },
    finish() {
      if (shown && !finished) stream.write("\r\x1b[K");
      finished = true;
    },
  };
}

/** The text of the line, without the terminal's control codes. `fraction` is of the work, done in `elapsedMs`. */
export function progressLine(what: string, fraction: number, elapsedMs: number, note = ""): string {
  const part = Math.min(1, Math.max(0, fraction));
  const filled = Math.round(part * BAR_WIDTH);
  const bar = "#".repeat(filled) + " ".repeat(BAR_WIDTH - filled);
  const percent = `${Math.floor(part * 100)} %`.padStart(5);
  const left = part > 0 ? `  ${clock((elapsedMs / part) * (1 - part))} left` : "";
  return `${what} [${bar}] ${percent}${left}${note === "" ? "" : `  ${note}`}`;
}

function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const twoDigits = (n: number) => String(n).padStart(2, "0");
  if (minutes < 60) return `${minutes}:${twoDigits(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
}
