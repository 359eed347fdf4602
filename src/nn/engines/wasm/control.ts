/** The words through which the host and the threads talk, in the memory they share. */

/** Where the control words start, in bytes; the kernels' own static data lies below. */
export const CONTROL_AT = 61_440;
/** Where plans may start. */
export const PLAN_AT = 65_536;

/** Indices of 32-bit words from CONTROL_AT. */
export const word = {
  /** Counts the commands; a thread runs the program when it changes. */
  command: 0,
  /** The last command that is done. */
  done: 16,
  arrived: 32,
  /** Changes when all threads have arrived. */
  generation: 48,
  program: 64,
  phases: 65,
  scratch: 66,
  scratchBytes: 67,
  shared: 68,
  /** Where the time of each phase is written (float64 milliseconds); 0 where it isn't wanted. */
  times: 69,
  /** One more than the phase that a thread could not finish; 0 while all goes well. */
  trapped: 70,
} as const;

/** A phase in a program: the function's number, the address of its arguments. */
export const PHASE_WORDS = 2;
