/** Calls that take turns. */

/**
 * A function that runs one piece of work at a time, in the order in which it was asked. Work that fails fails for its caller alone; the
 * next has its turn.
 */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}
