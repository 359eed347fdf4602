/** The losses in float64, each the mean over the batch as PyTorch and torchvision define it: a number from predictions and targets. */

import type { Array64, ReferenceOp } from "./reference-ops.ts";

/** log(1 + e^x) without overflow. */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function mean(numbers: readonly number[]): Float64Array {
  return Float64Array.of(numbers.reduce((sum, value) => sum + value, 0) / numbers.length);
}

/** binary_cross_entropy_with_logits, with a weight of the positives for each column; and the mean that a weight of each term weighs. */
const bceWithLogits = (
  [logits, targets, ...weights]: readonly Array64[],
  { optional }: { optional: readonly string[] },
) => {
  const posWeight = optional[0] === "posWeight" ? weights[0] : undefined;
  const weight = optional.at(-1) === "weight" ? weights.at(-1) : undefined;
  const columns = logits!.shape.at(-1)!;
  const term = (x: number, i: number) => {
    const t = targets!.data[i]!;
    return (posWeight ? posWeight.data[i % columns]! : 1) * t * softplus(-x) + (1 - t) * softplus(x);
  };
  const terms = [...logits!.data].map(term);
  if (!weight) return mean(terms);
  const sum = weight.data.reduce((a, b) => a + b, 0);
  return Float64Array.of(terms.reduce((total, value, i) => total + (weight.data[i]! / sum) * value, 0));
};

/** torchvision.ops.sigmoid_focal_loss (Lin 2017); alpha below 0 leaves the classes' weights out. */
const focal = ([logits, targets]: readonly Array64[], { gamma, alpha }: { gamma: number; alpha: number }) => {
  const term = (x: number, i: number) => {
    const t = targets!.data[i]!;
    const p = 1 / (1 + Math.exp(-x));
    const right = p * t + (1 - p) * (1 - t);
    const weight = alpha >= 0 ? alpha * t + (1 - alpha) * (1 - t) : 1;
    return weight * (1 - right) ** gamma * (t * softplus(-x) + (1 - t) * softplus(x));
  };
  return mean([...logits!.data].map(term));
};

/** cross_entropy of class numbers [n], with label smoothing. */
const crossEntropy = (
  [logits, targets]: readonly Array64[],
  { labelSmoothing }: { labelSmoothing: number },
) => {
  const [n, classes] = logits!.shape as [number, number];
  const term = (image: number) => {
    const row = [...logits!.data.subarray(image * classes, (image + 1) * classes)];
    const top = Math.max(...row);
    const logSum = top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
    const wanted = (k: number) =>
      labelSmoothing / classes + (k === targets!.data[image]! ? 1 - labelSmoothing : 0);
    return row.reduce((sum, value, k) => sum + wanted(k) * (logSum - value), 0);
  };
  return mean(Array.from({ length: n }, (_, image) => term(image)));
};

const mse = ([predicted, targets]: readonly Array64[]) =>
  mean([...predicted!.data].map((value, i) => (value - targets!.data[i]!) ** 2));

const sumLosses = (losses: readonly Array64[], { weights }: { weights: readonly number[] }) =>
  Float64Array.of(losses.reduce((sum, loss, i) => sum + weights[i]! * loss.data[0]!, 0));

export const referenceLosses: Readonly<Record<string, ReferenceOp>> = {
  bceWithLogits,
  focal,
  crossEntropy,
  mse,
  sumLosses,
};
