/** The operations that networks are built of. */

export { relu, sigmoid, silu } from "./activation.ts";
export { add } from "./add.ts";
export { avgPool } from "./avg-pool.ts";
export { batchNorm } from "./batch-norm.ts";
export { bceWithLogits } from "./bce-with-logits.ts";
export { concat } from "./concat.ts";
export { convTranspose2d } from "./conv-transpose2d.ts";
export { conv2d } from "./conv2d.ts";
export { crossEntropy } from "./cross-entropy.ts";
export { dropPath } from "./drop-path.ts";
export { dropout } from "./dropout.ts";
export { focal } from "./focal.ts";
export { gemPool } from "./gem-pool.ts";
export { globalAvgPool } from "./global-avg-pool.ts";
export { input } from "./input.ts";
export { linear } from "./linear.ts";
export { maxPool } from "./max-pool.ts";
export { mse } from "./mse.ts";
export { multiply } from "./multiply.ts";
export { flatten, reshape } from "./reshape.ts";
export { sumLosses } from "./sum-losses.ts";
export { buffer, parameter } from "./weight.ts";
