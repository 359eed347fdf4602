import { describe, expect, it } from "vitest";
import { readFields } from "./json-fields.ts";

const value = {
  count: 3,
  name: "x",
  on: true,
  kind: "b",
  inner: { size: 2.5 },
  items: [{ size: 1 }, { size: 2 }],
  range: [1, 4],
};

function read(changed: object = {}) {
  return readFields("file.json", { ...value, ...changed }, (fields) => ({
    count: fields.number("count", { min: 0, whole: true }),
    name: fields.text("name"),
    on: fields.flag("on", false),
    kind: fields.choice("kind", ["a", "b"] as const),
    inner: fields.object("inner", (inner) => inner.number("size", { above: 0 }), 7),
    items: fields.list("items", (item, i) => i * item.number("size")),
    range: fields.interval("range", { min: 0 }),
    other: fields.number("other", {}, 9),
  }));
}

describe("readFields", () => {
  it("reads what is there and falls back where something isn't", () => {
    const expected = {
      count: 3,
      name: "x",
      on: true,
      kind: "b",
      inner: 2.5,
      items: [0, 2],
      range: [1, 4],
      other: 9,
    };
    expect(read()).toEqual(expected);
    expect(read({ inner: undefined }).inner).toBe(7);
  });

  it.each([
    [{ count: 1.5 }, "file.json: count must be a whole number, 0 or more; it is 1.5."],
    [{ count: undefined }, "file.json: count must be a whole number, 0 or more; it is missing."],
    [{ name: 3 }, "name must be a text"],
    [{ kind: "c" }, 'kind must be one of a, b; it is "c".'],
    [{ inner: { size: 0 } }, "inner.size must be a number, above 0; it is 0."],
    [{ inner: { size: 1, sice: 2 } }, "there is no key inner.sice. The keys here are size."],
    [{ items: [{ size: 1 }, { size: "2" }] }, "items[1].size must be a number"],
    [{ items: { size: 1 } }, "items must be an array of objects"],
    [{ items: [3] }, "items[0] must be an object; it is 3."],
    [{ range: [4, 1] }, "range must be two numbers, the lower first"],
    [{ range: [1, null] }, "range must be two numbers, the lower first"],
    [{ extra: 1 }, "file.json: there is no key extra."],
  ])("names the file and the key: %j", (changed, message) => {
    expect(() => read(changed)).toThrow(message);
  });
});
