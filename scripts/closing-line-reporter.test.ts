import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { startVitest } from "vitest/node";
import { closingLine, countTests } from "./closing-line-reporter.ts";

const folder = mkdtempSync(join(tmpdir(), "lodestone-closing-line-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("countTests", () => {
  it("counts every test of a run, and what broke outside of tests", async () => {
    symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"));
    const tests = 'import { expect, it } from "vitest";\n';
    writeFileSync(
      join(folder, "a.test.js"),
      `${tests} it("a", () => {}); it("b", () => {}); it.skip("c", () => {}); it.fails("d", () => expect(1).toBe(2));`,
    );
    writeFileSync(join(folder, "b.test.js"), `${tests} it("a", () => expect(1).toBe(2));`);
    writeFileSync(join(folder, "c.test.js"), 'throw new Error("not loaded");');
    writeFileSync(
      join(folder, "d.test.js"),
      `import { beforeAll, describe, it } from "vitest";
      describe("d", () => { beforeAll(() => { throw new Error("no ground"); }); it("a", () => {}); });`,
    );
    const exitCode = process.exitCode;
    const run = await startVitest("test", [], { root: folder, config: false, watch: false, reporters: [{}] });
    process.exitCode = exitCode;
    const counts = countTests(run.state.getTestModules(), ["an error that nobody caught"]);
    await run.close();
    expect(counts).toEqual({ passed: 3, failed: 4, skipped: 2 });
  });
});

describe("closingLine", () => {
  it("has the form that log readers know", () => {
    expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe("12 passed, 0 failed");
    expect(closingLine({ passed: 12, failed: 1, skipped: 3 })).toBe("12 passed, 1 failed, 3 skipped");
  });
});
