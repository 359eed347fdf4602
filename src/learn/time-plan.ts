/** How long a training may be when its minutes are given: measured as it goes, and planned anew. */

import { type ProgressPlan, replan } from "./progress-plan.ts";

/** How often the held-out cadences are scored during a training, and how many of them. */
export interface ValidationPlan {
  readonly count: number;
  readonly places: number;
}

export interface TimePlanner {
  /** After a step that took `tookS`. Gives a new plan, or the one given where it still holds. */
  afterStep(step: number, tookS: number, elapsedS: number, plan: ProgressPlan): ProgressPlan;
  /** Whether it should be told what scoring a batch takes, before the first plan is made. */
  readonly asksForScoring: boolean;
  scoringTook(batchS: number): void;
  /** After a validation of all that is planned, with what is written after it. */
  afterValidation(tookS: number): void;
  /** Settled once the speed is known. */
  readonly validations: ValidationPlan | undefined;
}

export interface TimePlannerOptions {
  /** Seconds that the fold may take in all, `elapsedS` counted from its start. */
  readonly budgetS: number;
  readonly batch: number;
  readonly trained: number;
  readonly heldOut: number;
  /** Steps whose examples are being made already, and so keep their share of the training. */
  readonly ahead: number;
  /** Of a training that goes on. */
  readonly validations?: ValidationPlan | undefined;
  readonly validated?: number;
}

/** Steps that aren't measured: the first ones take longer, as code is still being compiled. */
const WARM_UP = 2;
const FIRST_PLANS: readonly number[] = [4, 10, 25];
/** Part of the time that is left unplanned, for what can't be foreseen. */
const SPARE = 0.01;
const SPARE_S = 0.2;
/** Validations may take this part of the time; a single one that would take more than twice of it is made on fewer cadences. */
const VALIDATION_PART = 0.1;
const MOST_VALIDATIONS = 20;
/** Writing what a validation found takes about this, until it has been measured. */
const WRITING_S = 1;
/** A batch that is scored is counted as taking this much more than it was measured to. */
const SCORING_MARGIN = 1.1;

export function createTimePlanner(options: TimePlannerOptions): TimePlanner {
  const { budgetS, batch, trained, heldOut, ahead } = options;
  let { validations, validated = 0 } = options;
  let measured = 0;
  let stepS = 0;
  let validationS: number | undefined;
  let plannedAtS = Number.NEGATIVE_INFINITY;

  let scoringS = Number.NaN;

  const guessS = (places: number) => Math.ceil(places / batch) * scoringS * SCORING_MARGIN;
  const settle = () => {
    if (heldOut === 0) return { count: 1, places: 0 };
    const part = VALIDATION_PART * budgetS;
    const eachS = guessS(heldOut);
    if (eachS > 2 * part) return { count: 1, places: Math.max(1, Math.floor((heldOut * 2 * part) / eachS)) };
    const epochs = Math.ceil(((budgetS / stepS) * batch) / trained);
    return {
      count: Math.max(1, Math.min(Math.floor(part / (eachS + WRITING_S)), epochs, MOST_VALIDATIONS)),
      places: heldOut,
    };
  };

  return {
    get validations() {
      return validations;
    },
    get asksForScoring() {
      return Number.isNaN(scoringS) && measured === WARM_UP;
    },
    scoringTook(batchS) {
      scoringS = batchS;
    },
    afterStep(step, tookS, elapsedS, plan) {
      measured++;
      if (measured <= WARM_UP) return plan;
      const seen = measured - WARM_UP;
      stepS += (tookS - stepS) * Math.max(1 / seen, 0.05);
      if (!FIRST_PLANS.includes(measured) && elapsedS - plannedAtS < Math.max(2, 0.03 * budgetS)) return plan;
      plannedAtS = elapsedS;
      validations ??= settle();
      const left =
        Math.max(1, validations.count - validated) * (validationS ?? guessS(validations.places) + WRITING_S);
      const freeS = budgetS * (1 - SPARE) - SPARE_S - elapsedS - left;
      const total = step + Math.max(0, Math.floor(freeS / stepS));
      return replan(plan, Math.min(step + ahead + 1, total), total);
    },
    afterValidation(tookS) {
      validationS = tookS;
      validated++;
    },
  };
}
