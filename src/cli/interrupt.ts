/** Ctrl-C for commands that end in order: the first one is theirs, the second ends the program. */

let stop: (() => void) | undefined;

/** From now until `done` is called, the first SIGINT or SIGTERM aborts `signal` instead of ending the program. */
export function endInOrder(onStop: () => void): { readonly signal: AbortSignal; done(): void } {
  const controller = new AbortController();
  stop = () => {
    stop = undefined;
    controller.abort();
    onStop();
  };
  return {
    signal: controller.signal,
    done() {
      stop = undefined;
    },
  };
}

/** Whether a command took the signal upon itself. */
export function takeSignal(): boolean {
  const taken = stop !== undefined;
  stop?.();
  return taken;
}
