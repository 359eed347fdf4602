import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { parseAst } from "vitest/node";
import * as lodestone from "./index.ts";

interface Specifier {
  readonly exported: { readonly name: string };
  readonly exportKind: "type" | "value";
}
interface Statement {
  /** `export * as ops`. */
  readonly exported?: { readonly name: string } | null;
  readonly exportKind?: "type" | "value";
  readonly specifiers?: readonly Specifier[];
}

/** Names that an entry exports by name, of types or of values. */
function exportedNames(entry: string, kind: "type" | "value"): string[] {
  const { body } = parseAst(readFileSync(new URL(entry, import.meta.url), "utf8"), {
    lang: "ts",
  }) as unknown as {
    body: Statement[];
  };
  return body.flatMap(({ exportKind, exported, specifiers = [] }) => [
    ...(exported && kind === "value" ? [exported.name] : []),
    ...specifiers
      .filter((specifier) => (exportKind === "type" || specifier.exportKind === "type") === (kind === "type"))
      .map(({ exported }) => exported.name),
  ]);
}

/** A change here is a change of what programs can import: add freely, take away only with a word in the release notes. */
describe("the public names", () => {
  it("of functions, classes and constants", () => {
    expect(Object.keys(lodestone).sort()).toMatchSnapshot();
    const listed = [...exportedNames("browser.ts", "value"), ...exportedNames("index.ts", "value")];
    expect([...new Set(listed)].sort()).toEqual(Object.keys(lodestone).sort());
  });

  it("of types", () => {
    expect(
      [...exportedNames("browser.ts", "type"), ...exportedNames("index.ts", "type")].sort(),
    ).toMatchSnapshot();
  });
});

/** An engine that computes nothing, of public names alone: whoever writes another one can name all that it is given. */
test("an engine can be written outside", async () => {
  const ran: string[] = [];
  const held = new Map<lodestone.Tensor, Float32Array>();
  const bytesOf = ({ tensors }: lodestone.Plan) => tensors.reduce((sum, { floats }) => sum + 4 * floats, 0);
  const floatsOf = ({ c, k, kh, kw, groups }: lodestone.ConvShape) => (c / groups) * k * kh * kw;
  const run = async (program: lodestone.Program) => {
    for (const instruction of program satisfies readonly lodestone.Instruction[])
      ran.push(instruction.kernel);
  };
  const engine: lodestone.Engine = {
    name: "idle",
    threads: 1,
    maxBytes: 2 ** 30,
    packedConvFloats: (shape) => ({ forward: floatsOf(shape), backward: floatsOf(shape) }),
    bytesFor: bytesOf,
    prepare(plan): lodestone.Session {
      return {
        plan,
        bytes: bytesOf(plan),
        write: (tensor, data) => void held.set(tensor, Float32Array.from(data)),
        read: async (tensor) => held.get(tensor) ?? new Float32Array(tensor.floats),
        run: (program) => run(plan.programs[program]!),
        runPart: (program, from, to) => run(plan.programs[program]!.slice(from, to)),
        profile: async (program) => new Float64Array(plan.programs[program]!.length),
      };
    },
    close: async () => {},
  };

  const { ops, layers } = lodestone;
  const graph = lodestone.createGraph();
  const image = ops.input(graph, "image", [2, 3, 8, 8]);
  const maps = layers.normSilu(layers.convLayer(image, "conv", 4, { kernel: 3 }), "bn");
  const logits = layers.linearLayer(ops.flatten(ops.globalAvgPool(maps)), "fc", 1);
  const loss = ops.bceWithLogits(logits, ops.input(graph, "targets", [2, 1]));
  const parts: lodestone.TrainingParts = { graph, logits, loss };
  const trainer = lodestone.createTrainer(parts, engine, { weights: lodestone.initWeights(graph, 1) });
  const report = await trainer.step({ image: new Float32Array(384), targets: new Float32Array(2) });
  expect(report).toMatchObject({ loss: 0, updated: true });
  expect(ran.filter((kernel) => /^(conv|adam|norm[FB])/.test(kernel))).toEqual([
    "convForward",
    "normForward",
    "convForward",
    "convBackward",
    "normBackward",
    "convBackward",
    "adam",
  ]);
});
