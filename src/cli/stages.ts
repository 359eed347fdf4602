/** Progress of work in stages that take different times. */

/** Called with the share that is done, 0 to 1, and what is being done. */
export type OnProgress = (share: number, note: string) => void;

/**
 * Turns how far a stage is into how far all of it is. `seconds` has about what each stage takes, in the order of the work; a stage's name
 * is what is said to be done.
 */
export function inStages<Stage extends string>(
  seconds: Readonly<Record<Stage, number>>,
  onProgress: OnProgress | undefined,
): (stage: Stage, share: number) => void {
  const stages = Object.entries<number>(seconds);
  const total = stages.reduce((sum, [, took]) => sum + took, 0);
  const before = new Map<string, number>();
  let sum = 0;
  for (const [stage, took] of stages) {
    before.set(stage, sum);
    sum += took;
  }
  return (stage, share) => onProgress?.((before.get(stage)! + share * seconds[stage]) / total, stage);
}
