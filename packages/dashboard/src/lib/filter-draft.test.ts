import { describe, expect, it } from "vitest";
import {
  draftOf,
  filterOf,
  fromFilter,
  isFilterComplete,
  namesOf,
  newGroup,
  newRow,
  toFilter,
} from "./filter-draft.ts";

const FILTERS: readonly object[] = [
  { body: { line: "A" } },
  { body: { amount: { $gt: 100, $lte: 500 }, status: { $in: ["paid", "open"] }, note: null, test: false } },
  { eventType: { $startsWith: "order." }, headers: { "x-github-event": "push" } },
  { body: { lines: { "[*]": { sku: { $regex: "^A-\\d+$" }, qty: 2 } } } },
  { body: { "a.b": { "c d": "x, y" }, $$ref: "5" } },
  { body: { name: { $in: "part" }, other: { $nin: "part" }, end: { $endsWith: "z" } } },
  { body: { a: { $exists: true }, b: { $exists: false }, c: { $neq: 4 }, d: { $nin: [1, "1"] } } },
  { $or: [{ body: { total: { $gt: 1000 } } }, { body: { tier: "gold" } }] },
  { body: { a: 1 }, $or: [{ body: { b: 1 } }, { body: { c: 1, d: 2 } }] },
  { $not: [{ body: { a: 1 } }, { $or: [{ body: { b: 1 } }, { body: { c: 1 } }] }] },
  { body: { a: 1 }, $and: [{ body: { a: 2 } }] },
];

describe("the form of a filter", () => {
  it.each(FILTERS.map((filter) => [JSON.stringify(filter), filter] as const))(
    "shows %s as rows and returns the same filter",
    (_, filter) => {
      const draft = draftOf(filter);
      expect(draft.mode).toBe("form");
      expect(filterOf(draft)).toEqual(filter);
      expect(isFilterComplete(draft)).toBe(true);
    },
  );

  it.each([
    { body: { list: ["a"] } },
    { body: { list: { $any: { $gt: 1 } } } },
    { body: { $or: [{ a: 1 }, { b: 1 }] } },
    { body: { a: { $eq: { b: 1 } } } },
    { body: {} },
    { body: { size: { $size: 2 } } },
    { $or: [] },
    "no filter",
  ])("leaves %j to the JSON view", (filter) => {
    expect(fromFilter(filter)).toBeNull();
    expect(filterOf(draftOf(filter))).toEqual(filter);
  });

  it("keeps conditions below one key in one object, so that they apply to the same item of a list", () => {
    const group = newGroup("all", [
      newRow({ path: "body.lines.sku", value: "A-1" }),
      newRow({ path: "body.lines.qty", operator: "gt", value: "2" }),
    ]);
    expect(toFilter(group)).toEqual({ body: { lines: { sku: "A-1", qty: { $gt: 2 } } } });
  });

  it("puts conditions that cannot be in one object next to each other", () => {
    const group = newGroup("all", [
      newRow({ path: "body.name", operator: "contains", value: "a" }),
      newRow({ path: "body.name", operator: "contains", value: "b" }),
      newRow({ path: "body.name.first", value: "c" }),
    ]);
    expect(toFilter(group)).toEqual({
      body: { name: { $in: "a" } },
      $and: [{ body: { name: { $in: "b" } } }, { body: { name: { first: "c" } } }],
    });
    expect(filterOf(draftOf(toFilter(group)))).toEqual(toFilter(group));
  });

  it("reads several values as alternatives, and values in quotation marks as text", () => {
    const of = (operator: "is" | "isNot" | "contains", value: string) =>
      toFilter(newGroup("all", [newRow({ path: "body.a", operator, value })]));
    expect(of("is", "paid, open")).toEqual({ body: { a: { $in: ["paid", "open"] } } });
    expect(of("isNot", "1, 2")).toEqual({ body: { a: { $nin: [1, 2] } } });
    expect(of("is", '"5"')).toEqual({ body: { a: "5" } });
    expect(of("contains", "a, b")).toEqual({ body: { a: { $in: "a, b" } } });
  });

  it("is complete when each row has a path and the value that its operator needs", () => {
    const complete = (fields: Parameters<typeof newRow>[0]): boolean =>
      isFilterComplete({ mode: "form", group: newGroup("all", [newRow(fields)]) });
    expect(complete({ path: "body.a", value: "1" })).toBe(true);
    expect(complete({ path: "body.a" })).toBe(false);
    expect(complete({ path: "", value: "1" })).toBe(false);
    expect(complete({ path: "body..a", value: "1" })).toBe(false);
    expect(complete({ path: "body.a", operator: "exists" })).toBe(true);
    expect(isFilterComplete({ mode: "form", group: newGroup("any", []) })).toBe(false);
    expect(isFilterComplete({ mode: "json", text: " " })).toBe(false);
  });
});

describe("the path of a row", () => {
  it.each([
    ["body", ["body"]],
    ["body.order.lines[*].sku", ["body", "order", "lines", "[*]", "sku"]],
    ["body[0]", ["body", "[0]"]],
    ['headers."x.y"', ["headers", "x.y"]],
    ["body.$ref", ["body", "$$ref"]],
    ["headers.x-github-event", ["headers", "x-github-event"]],
  ])("%s has keys and list indexes", (path, names) => {
    expect(namesOf(path)).toEqual(names);
  });

  it.each(["", ".", "body.", "body..a", "body[x]", 'body."a'])("cannot be %j", (path) => {
    expect(namesOf(path)).toBeNull();
  });
});
