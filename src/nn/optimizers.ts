/** The rules by which gradients change weights, as PyTorch has them. */

import { UsageError } from "../signal/errors.ts";
import { checkNumber, checkRate, checkShare, isFinite32 } from "./number-options.ts";

export interface Optimizer {
  readonly name: string;
  readonly kernel: string;
  /** Its memory: arenas as large as the gradients'. */
  readonly state: readonly string[];
  readonly arguments: Readonly<Record<string, number>>;
  /** Applied to convolutions' and linear layers' weights, not to norms and biases. */
  readonly weightDecay: number;
}

export interface AdamOptions {
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  readonly weightDecay?: number;
}

/** Adam (Kingma and Ba 2015); weight decay is added to the gradient. Throws a UsageError for an option out of range, as all of these do. */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamOptimizer("adam", 0, { weightDecay: 0, ...options });
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019). */
export function adamW(options: AdamOptions = {}): Optimizer {
  return adamOptimizer("adamW", 1, { weightDecay: 1e-2, ...options });
}

/** Stochastic gradient descent with momentum. */
export function sgd({
  momentum = 0.9,
  dampening = 0,
  nesterov = false,
  weightDecay = 0,
}: {
  readonly momentum?: number;
  readonly dampening?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
} = {}): Optimizer {
  checkShare("momentum", momentum);
  checkNumber("dampening", dampening, "from 0 to 1", (value) => value >= 0 && value <= 1);
  checkRate("weightDecay", weightDecay);
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new UsageError("Nesterov's momentum needs a momentum above 0 and no dampening.");
  }
  return {
    name: "sgd",
    kernel: "sgd",
    state: momentum === 0 ? [] : ["momentumBuffer"],
    arguments: { momentum, dampening, nesterov: nesterov ? 1 : 0 },
    weightDecay,
  };
}

function adamOptimizer(
  name: string,
  decoupled: 0 | 1,
  { betas = [0.9, 0.999], eps = 1e-8, weightDecay }: AdamOptions & { readonly weightDecay: number },
): Optimizer {
  checkShare("beta1", betas[0]);
  checkShare("beta2", betas[1]);
  checkNumber(
    "eps",
    eps,
    "above 0, and finite as a float32",
    (value) => Math.fround(value) > 0 && isFinite32(value),
  );
  checkRate("weightDecay", weightDecay);
  return {
    name,
    kernel: "adam",
    state: ["m", "v"],
    arguments: { beta1: betas[0], beta2: betas[1], eps, decoupled },
    weightDecay,
  };
}
