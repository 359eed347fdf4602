import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Engine } from "../engines/engine.ts";
import { type Instruction, type Plan, root, type Tensor, tensorsOf } from "../plan.ts";
import { randomInputs } from "../testing/check-graph.ts";
import { goldenWeights } from "../testing/golden-graph.ts";
import { type GraphChoices, graphChoices, randomGraph } from "../testing/random-graph.ts";
import { testMachines } from "../testing/test-engines.ts";
import { createTrainer } from "../trainer.ts";
import { planMemory } from "./memory.ts";

const machines = testMachines([{ threads: 2, relaxedSimd: true }]);

const drawn = fc.record({
  tensors: fc.array(fc.record({ floats: fc.integer({ min: 1, max: 400 }), kept: fc.boolean() }), {
    minLength: 2,
    maxLength: 20,
  }),
  programs: fc.array(fc.array(fc.array(fc.nat(100), { minLength: 1, maxLength: 4 }), { maxLength: 25 }), {
    minLength: 1,
    maxLength: 3,
  }),
});

type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

/** Tensors that aren't kept belong to one program each. */
function planOf({ tensors, programs }: Drawn): Plan {
  const all: Tensor[] = tensors.map(({ floats, kept }, id) => ({ id, label: `t${id}`, floats, kept }));
  all.push({ id: all.length, label: "part", floats: 1, kept: all[0]!.kept, parent: all[0]!, offset: 0 });
  const named = programs.map((instructions, p) => {
    const own = all.filter((tensor) => tensor.kept || root(tensor).id % programs.length === p);
    const program = (own.length > 0 ? instructions : []).map((uses): Instruction => {
      const [first, ...others] = uses.map((use) => own[use % own.length]!);
      const reads = Object.fromEntries(others.map((tensor, i) => [`r${i}`, tensor]));
      return { kernel: "k", reads: { ...reads, n: 3 }, writes: { w: first }, origin: "", scope: "" };
    });
    return [`${p}`, program] as const;
  });
  return { tensors: all, programs: Object.fromEntries(named) };
}

const planned = (property: (plan: Plan) => void) =>
  fc.assert(
    fc.property(drawn.map(planOf), (plan) => property(plan)),
    { seed: 5, numRuns: 300 },
  );

describe("places", () => {
  test("no two tensors that are needed at one time overlap", () => {
    planned((plan) => {
      const { addresses, bytes } = planMemory(plan);
      const kept = plan.tensors.filter((tensor) => tensor.kept && !tensor.parent);
      for (const program of Object.values(plan.programs)) {
        const uses = program.map((instruction) => new Set(tensorsOf(instruction).map(root)));
        uses.forEach((_, now) => {
          const before = new Set(uses.slice(0, now + 1).flatMap((set) => [...set]));
          const after = new Set(uses.slice(now).flatMap((set) => [...set]));
          const live = [...before].filter((tensor) => after.has(tensor) && !tensor.kept);
          expectApart([...kept, ...live], addresses, bytes);
        });
      }
    });
  });

  test("are never more than all tensors side by side, nor less than what one instruction names", () => {
    planned((plan) => {
      const { bytes, keptBytes, sharedBytes } = planMemory(plan);
      expect(bytes).toBe(keptBytes + sharedBytes);
      expect(bytes).toBeLessThanOrEqual(planMemory(plan, { separate: true }).bytes);
      for (const instruction of Object.values(plan.programs).flat()) {
        const roots = [...new Set(tensorsOf(instruction).map(root))].filter(({ kept }) => !kept);
        expect(sharedBytes).toBeGreaterThanOrEqual(roots.reduce((sum, { floats }) => sum + floats * 4, 0));
      }
    });
  });

  test("of a tensor that two programs use must be kept", () => {
    const w: Tensor = { id: 0, label: "w", floats: 1, kept: false };
    const program = [{ kernel: "k", reads: {}, writes: { w }, origin: "", scope: "" }];
    const plan = { tensors: [w], programs: { one: program, two: program } };
    expect(() => planMemory(plan)).toThrow("w is used by two programs");
  });

  test("are used again: a chain needs room for its two largest neighbours", () => {
    const tensors = [64, 32, 16, 48, 16].map((floats, id): Tensor => {
      return { id, label: `${id}`, floats, kept: false };
    });
    const program = tensors.map((w, i): Instruction => {
      const reads = i === 0 ? {} : { x: tensors[i - 1] };
      return { kernel: "k", reads, writes: { w }, origin: "", scope: "" };
    });
    expect(planMemory({ tensors, programs: { program } }).bytes).toBe(4 * (64 + 32));
  });
});

describe("networks drawn at random", () => {
  const property = (check: (choices: GraphChoices) => Promise<void>, numRuns: number) =>
    fc.assert(fc.asyncProperty(graphChoices, check), { seed: 8, numRuns });

  test("train alike, to the bit, with memory shared and apart", () =>
    property(async (choices) => {
      const { engine } = machines[0]!;
      const apart: Engine = {
        ...engine,
        prepare(plan) {
          for (const tensor of plan.tensors) (tensor as { kept: boolean }).kept = true;
          return engine.prepare(plan);
        },
      };
      const shared = await threeSteps(choices, engine);
      expect(await threeSteps(choices, apart)).toEqual(shared);
    }, 15));

  test("write every tensor of a program before they read it or add to it", () =>
    property(async (choices) => {
      const parts = randomGraph(choices);
      const { plan } = createTrainer(parts, machines[0]!.engine, { weights: goldenWeights(parts.graph) });
      for (const program of Object.values(plan.programs)) {
        const written = new Set<Tensor>();
        for (const { kernel, reads, writes } of program) {
          const added = reads.accumulate === 1;
          const needed = [...Object.values(reads), ...(added ? Object.values(writes) : [])];
          for (const tensor of needed) {
            if (typeof tensor !== "object" || root(tensor).kept) continue;
            expect(written.has(root(tensor)), `${kernel} needs ${tensor.label}`).toBe(true);
          }
          for (const tensor of Object.values(writes))
            if (typeof tensor === "object") written.add(root(tensor));
        }
      }
    }, 40));
});

async function threeSteps(choices: GraphChoices, engine: Engine) {
  const parts = randomGraph(choices);
  const trainer = createTrainer(parts, engine, { weights: goldenWeights(parts.graph) });
  const losses: number[] = [];
  for (let step = 0; step < 3; step++)
    losses.push((await trainer.step(randomInputs(parts.graph, step))).loss);
  return { losses, weights: await trainer.weights(), gradients: await trainer.gradients() };
}

function expectApart(
  tensors: readonly Tensor[],
  addresses: ReadonlyMap<Tensor, number>,
  bytes: number,
): void {
  const spans = tensors
    .map((tensor) => ({ at: addresses.get(tensor)!, end: addresses.get(tensor)! + tensor.floats * 4 }))
    .sort((a, b) => a.at - b.at);
  spans.forEach(({ at, end }, i) => {
    expect(at % 64).toBe(0);
    expect(end).toBeLessThanOrEqual(spans[i + 1]?.at ?? bytes);
  });
}
