/** The plan of a training: programs for the gradients of one batch, the update, the running statistics, and inference. */

import { InputError } from "../../signal/errors.ts";
import type { Engine } from "../engines/engine.ts";
import { ancestors, describe, learnedValues } from "../graph.ts";
import { type Graph, numel, type Shape, type Value } from "../op.ts";
import type { Optimizer } from "../optimizers.ts";
import type { Instruction, Plan, Tensor } from "../plan.ts";
import { lowerGraph } from "./lowering.ts";
import { type ForwardBackward, recomputableScopes, recompute } from "./recompute.ts";
import { createTensorTable, layOutWeights, type TensorTable, type WeightLayout } from "./tensors.ts";

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
  /** How many numbers the weights hold that are NaN or infinite, a uint32: `statistics` counts them when all else is done. */
  readonly broken: Tensor;
  /** [n, classes] in PyTorch's order, of the last batch that `gradients` saw. */
  readonly logits: Tensor;
  /** The same, of the last batch that `evaluate` saw. */
  readonly scores: Tensor;
}

const LOSSES = "bceWithLogits, focal, crossEntropy, mse, sumLosses";

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
}

export interface MemoryChoices {
  /** Blocks whose values are computed a second time on the way back: as few as fit into `maxBytes`, all, or none. */
  readonly recompute?: "auto" | "all" | "none" | undefined;
  /** What the plan may take in all; the engine's memory, if not given. */
  readonly maxBytes?: number | undefined;
}

/**
 * Programs: `clear`, `gradients` (adds to them), `norm`, `update`, `statistics`, `average`, `evaluate`. Throws an InputError where the parts can't be
 * trained, or not within `maxBytes`.
 */
export function compileTraining(
  { graph, logits, loss }: TrainingParts,
  engine: Pick<Engine, "packedConvFloats" | "bytesFor" | "maxBytes">,
  { optimizer, clipNorm, emaDecay, ...memory }: TrainingChoices & MemoryChoices,
): TrainingPlan {
  checkParts({ graph, logits, loss });
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
  const outputs = numel(logits.shape);
  const hostLogits = table.create("logits", outputs, true);
  const hostScores = table.create("scores", outputs, true);
  const broken = table.create("count of weights that are not finite", 1, true);

  const lower = (training: boolean, arena: Tensor, wanted: readonly Value[]) => {
    const arenas = training ? { layout, weights: arena, gradients } : { layout, weights: arena };
    const to = training ? hostLogits : hostScores;
    return lowerGraph(graph, table, arenas, (shape) => engine.packedConvFloats(shape), {
      training,
      outputs: wanted,
      hostCopies: [{ value: logits, to }],
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

  const plan: TrainingPlan = {
    tensors: table.tensors,
    programs: {
      clear: [step("fillZero", { bytes: count * 4 }, { address: gradients })],
      gradients: forwardBackward.instructions,
      statistics: [
        ...forwardBackward.afterStep,
        step("countNonFinite", { x: weights, count: layout.floats }, { out: broken }),
      ],
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
            lrAt: table.scalar("lr"),
            stepAt: table.scalar("updates"),
            decayRuns: decays,
            decayCount: layout.places.size,
          },
          { w: weights, ...optimizerState },
        ),
      ],
      average: shadow
        ? [step("ema", { w: weights, decayAt: table.scalar("emaDecay"), count: layout.floats }, { shadow })]
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
    broken,
    logits: hostLogits,
    scores: hostScores,
  };
  return withRecomputation(plan, forwardBackward, table, engine, memory);
}

function checkParts({ graph, logits, loss }: TrainingParts): void {
  for (const [name, value] of Object.entries({ logits, loss })) {
    if (value?.graph === graph) continue;
    throw new InputError(
      `The training's ${name} must be a value of its graph${value?.graph ? ", not of another" : ""}.`,
    );
  }
  if (!loss.op.loss) {
    throw new InputError(
      `The loss must come from one of the losses (${LOSSES}), whose gradient training starts from; ${describe(loss)} is none.`,
    );
  }
  for (const reader of ancestors([loss])) {
    const other = reader.inputs.find(({ op }) => op.loss);
    if (!other || reader.op.name === "sumLosses") continue;
    throw new InputError(
      `${describe(reader)} is made from another loss, ${describe(other)}: no gradient passes through that.`,
    );
  }
  const addend = [...ancestors([loss])]
    .find(({ op }) => op.name === "sumLosses")
    ?.inputs.find(({ op }) => !op.loss);
  if (addend) throw new InputError(`sumLosses adds losses (${LOSSES}); ${describe(addend)} is none.`);
  if (!learnedValues(graph).has(loss)) {
    throw new InputError(
      `There is nothing to train: no parameter that is learned leads to the loss (${describe(loss)}).`,
    );
  }
}

/** The plan with as many blocks computed twice as it takes to fit. */
function withRecomputation(
  plan: TrainingPlan,
  program: ForwardBackward,
  table: TensorTable,
  engine: Pick<Engine, "bytesFor" | "maxBytes">,
  { recompute: choice = "auto", maxBytes = engine.maxBytes }: MemoryChoices,
): TrainingPlan {
  const fits = (candidate: TrainingPlan) => engine.bytesFor(candidate) <= maxBytes;
  const scopes = choice === "none" ? [] : recomputableScopes(program);
  const kept = table.tensors.length;
  const recomputing = (count: number): TrainingPlan => {
    table.tensors.length = kept;
    const create = (label: string, floats: number) => table.create(label, floats, false);
    const gradients = recompute(program, scopes.slice(0, count), create);
    return { ...plan, tensors: [...table.tensors], programs: { ...plan.programs, gradients } };
  };
  if (choice !== "all" && fits(plan)) return plan;
  const smallest = recomputing(scopes.length);
  if (!fits(smallest)) throw tooLarge(engine.bytesFor(smallest), maxBytes, choice);
  if (choice === "all") return smallest;
  let few = 0;
  let many = scopes.length;
  while (many - few > 1) {
    const middle = (few + many) >> 1;
    if (fits(recomputing(middle))) many = middle;
    else few = middle;
  }
  return recomputing(many);
}

function tooLarge(bytes: number, maxBytes: number, choice: "auto" | "all" | "none"): InputError {
  const how = choice === "none" ? "with no block computed twice" : "even with every block computed twice";
  const remedy = choice === "none" ? 'leave out `recompute: "none"`, or use' : "use";
  return new InputError(
    `The training needs ${bytes} bytes ${how}, and ${maxBytes} are allowed: ${remedy} a smaller batch (accumulation over several ` +
      "gives nearly the same result) or smaller images.",
  );
}
