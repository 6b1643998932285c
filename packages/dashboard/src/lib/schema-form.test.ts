import { describe, expect, it } from "vitest";
import { editableValue, initialValue, objectField, typedNumber, valueAt, withValue } from "./schema-form.ts";

const SCHEMA = {
  type: "object",
  required: ["id", "status", "customer"],
  properties: {
    id: { type: "string", title: "Invoice", description: "Number of the invoice." },
    status: { enum: ["open", "paid"] },
    total: { type: ["number", "null"] },
    due: { type: "string", format: "date" },
    customer: { $ref: "#/$defs/customer" },
    lines: { type: "array", items: { type: "object", properties: { quantity: { type: "integer" } } } },
    source: { oneOf: [{ type: "string" }, { type: "number" }] },
  },
  $defs: {
    customer: {
      type: "object",
      required: ["vip"],
      properties: { vip: { type: "boolean" }, parent: { $ref: "#/$defs/customer" } },
    },
  },
};

describe("the form of a schema", () => {
  it("has a field for each member that a form can show, with titles, descriptions and required marks", () => {
    const { members } = objectField(SCHEMA)!;
    expect(members.map(({ name, title, isRequired, field }) => [name, title, isRequired, field?.kind ?? null])).toEqual(
      [
        ["id", "Invoice", true, "text"],
        ["status", "status", true, "choice"],
        ["total", "total", false, "number"],
        ["due", "due", false, "date"],
        ["customer", "customer", true, "object"],
        ["lines", "lines", false, "list"],
        ["source", "source", false, null],
      ],
    );
    expect(members[0]!.field!.description).toBe("Number of the invoice.");
  });

  it("ends for schemas that refer to themselves, and exists only for schemas of objects", () => {
    expect(objectField({ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } })).toBeNull();
    expect(objectField({ type: "array", items: {} })).toBeNull();
    expect(objectField({ type: "object" })).toBeNull();
    expect(objectField({ $ref: "https://example.com/schema" })).toBeNull();
    expect(objectField(null)).toBeNull();
  });

  it("ends where a schema refers to itself, and at a maximum number of fields", () => {
    const self = (count: number, to: (index: number) => string) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, { $ref: to(index) }]));
    const node = { type: "object", properties: { name: { type: "string" }, ...self(8, () => "#/$defs/node") } };
    const tree = objectField({ $ref: "#/$defs/node", $defs: { node } })!;
    expect(tree.members.map(({ field }) => field?.kind ?? null)).toEqual(["text", ...Array(8).fill(null)]);

    const levels = Array.from({ length: 6 }, (_, level) => [
      `l${level}`,
      level === 5 ? { type: "string" } : { type: "object", properties: self(20, () => `#/$defs/l${level + 1}`) },
    ]);
    const wide = objectField({ $ref: "#/$defs/l0", $defs: Object.fromEntries(levels) })!;
    expect(JSON.stringify(wide).match(/"kind"/g)!.length).toBeLessThanOrEqual(500);
  });

  it("uses a reference that is not percent-encoded unchanged", () => {
    const schema = {
      type: "object",
      properties: { share: { $ref: "#/$defs/100%" } },
      $defs: { "100%": { type: "number" } },
    };
    expect(objectField(schema)!.members).toMatchObject([{ name: "share", field: { kind: "number" } }]);
  });
  it("starts with the required members", () => {
    expect(initialValue(objectField(SCHEMA)!)).toEqual({ id: "", status: "open", customer: { vip: false } });
  });
});

describe("a change of the value", () => {
  it("sets, adds and removes members and list items, and keeps everything else unchanged", () => {
    const value = { a: 1, b: { c: [1, 2] }, d: 4 };
    expect(JSON.stringify(withValue(value, ["a"], 5))).toBe('{"a":5,"b":{"c":[1,2]},"d":4}');
    expect(withValue(value, ["b", "c", 0], undefined)).toEqual({ a: 1, b: { c: [2] }, d: 4 });
    expect(withValue(value, ["b", "x", "y"], true)).toEqual({ a: 1, b: { c: [1, 2], x: { y: true } }, d: 4 });
    expect(withValue(value, ["d"], undefined)).toEqual({ a: 1, b: { c: [1, 2] } });
    expect(value).toEqual({ a: 1, b: { c: [1, 2] }, d: 4 });
    expect(valueAt(value, ["b", "c", 1])).toBe(2);
    expect(valueAt(value, ["toString"])).toBeUndefined();
  });
});

describe("text that the form could not keep unchanged", () => {
  it("is left to the JSON editor", () => {
    expect(editableValue('{"a": 1, "b": "1.0", "c": -2.5}')).toEqual({ a: 1, b: "1.0", c: -2.5 });
    expect(editableValue('{"a": 1.0}')).toBeUndefined();
    expect(editableValue('{"a": 12345678901234567890}')).toBeUndefined();
    expect(editableValue("[1]")).toBeUndefined();
    expect(editableValue("{")).toBeUndefined();
  });

  it("is not accepted as a number that JSON cannot represent", () => {
    expect([typedNumber("2.5", false), typedNumber("7", true)]).toEqual([2.5, 7]);
    expect(["", "x", "1e999"].map((text) => typedNumber(text, false))).toEqual([undefined, undefined, undefined]);
    expect(["2.5", "12345678901234567890"].map((text) => typedNumber(text, true))).toEqual([undefined, undefined]);
  });
});
