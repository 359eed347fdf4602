import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
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
