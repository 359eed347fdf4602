/** The plan of a training: programs for the gradients of one batch, the update, the running statistics, and inference. */

import type { Engine } from "../engines/engine.ts";
import type { Graph, Shape, Value } from "../op.ts";
import type { Optimizer } from "../optimizers.ts";
import type { Instruction, Plan, Tensor } from "../plan.ts";
import { lowerGraph } from "./lowering.ts";
import { createTensorTable, layOutWeights, type WeightLayout } from "./tensors.ts";

export interface TrainingPlan extends Plan {
  readonly layout: WeightLayout;
  readonly weights: Tensor;
  readonly gradients: Tensor;
  /** The optimiser's own arenas, each laid out as the gradients. */
  readonly optimizerState: Readonly<Record<string, Tensor>>;
  /** The moving average of the weights; absent where none is wanted. */
  readonly shadow: Tensor | undefined;
  readonly scalars: ReadonlyMap<string, Tensor>;
  readonly inputs: ReadonlyMap<string, { readonly tensor: Tensor; readonly shape: Shape }>;
  readonly loss: Tensor;
  readonly gradNorm: Tensor;
  /** [start, end, decay] of each learned weight, in floats; the host writes it. */
  readonly decays: Tensor;
  /** [n, classes] in PyTorch's order, of the last batch that `gradients` or `evaluate` saw. */
  readonly logits: Tensor;
}

export interface TrainingParts {
  readonly graph: Graph;
  readonly logits: Value;
  readonly loss: Value;
}

export interface TrainingChoices {
  readonly optimizer: Optimizer;
  /** Largest norm that the gradient may have; it is scaled down to that. */
  readonly clipNorm?: number | undefined;
  readonly emaDecay?: number | undefined;
  /** Each batch's part of the gradient: one over the number of batches accumulated. */
  readonly gradientScale: number;
}

/** Programs: `clear`, `gradients` (adds to them), `statistics`, `norm`, `update`, `evaluate`. */
export function compileTraining(
  { graph, logits, loss }: TrainingParts,
  engine: Pick<Engine, "packedConvFloats">,
  { optimizer, clipNorm, emaDecay, gradientScale }: TrainingChoices,
): TrainingPlan {
  const table = createTensorTable();
  const layout = layOutWeights(graph);
  const weights = table.create("weights", layout.floats, true);
  const gradients = table.create("gradients", layout.trainableFloats, true);
  const shadow = emaDecay === undefined ? undefined : table.create("moving average", layout.floats, true);
  const optimizerState = Object.fromEntries(
    optimizer.state.map((name) => [name, table.create(`optimizer ${name}`, layout.trainableFloats, true)]),
  );
  const decays = table.create("weight decay", 3 * layout.places.size, true);
  const gradNorm = table.create("gradient norm", 1, true);
  const [n, outputs] = logits.shape as [number, number];
  const hostLogits = table.create("logits", n * outputs, true);

  const lower = (training: boolean, arena: Tensor, wanted: readonly Value[]) => {
    const arenas = training ? { layout, weights: arena, gradients } : { layout, weights: arena };
    return lowerGraph(graph, table, arenas, (shape) => engine.packedConvFloats(shape), {
      training,
      gradientScale,
      outputs: wanted,
      hostCopies: [{ value: logits, to: hostLogits }],
    });
  };
  const forwardBackward = lower(true, weights, [loss, logits]);
  const inference = lower(false, shadow ?? weights, [logits]);
  const lossTensor = forwardBackward.dense(loss);
  const step = (kernel: string, reads: Instruction["reads"], writes: Instruction["writes"]): Instruction => ({
    kernel,
    reads,
    writes,
    origin: "optimizer",
    scope: "",
  });
  const count = layout.trainableFloats;

  return {
    tensors: table.tensors,
    programs: {
      clear: [step("fillZero", { count }, { y: gradients })],
      gradients: forwardBackward.instructions,
      statistics: forwardBackward.afterStep,
      norm: [step("gradNorm", { g: gradients, count }, { norm: gradNorm })],
      update: [
        ...(clipNorm === undefined
          ? []
          : [step("clipGrad", { norm: gradNorm, maxNorm: clipNorm, count }, { g: gradients })]),
        step(
          optimizer.kernel,
          {
            ...optimizer.arguments,
            g: gradients,
            count,
            lr: table.scalar("lr"),
            step: table.scalar("updates"),
            decays: decays,
            decayCount: layout.places.size,
          },
          { w: weights, ...optimizerState },
        ),
      ],
      average: shadow
        ? [step("ema", { w: weights, decay: emaDecay!, count: layout.floats }, { shadow })]
        : [],
      evaluate: inference.instructions,
    },
    layout,
    weights,
    gradients,
    optimizerState,
    shadow,
    scalars: table.scalars,
    inputs: table.inputs,
    loss: lossTensor,
    gradNorm,
    decays,
    logits: hostLogits,
  };
}
