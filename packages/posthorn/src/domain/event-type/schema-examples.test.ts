import { describe, expect, it } from "vitest";
import { examplesOf, type Schema } from "./schema-examples.ts";

describe("the examples of a schema", () => {
  it.each(["constructor", "__proto__", "toString", "unheard-of", 5, null, { toString: 1, valueOf: 1 }, ["uuid"]])(
    "contain plain text for an unknown format: %j",
    (format) => expect(examplesOf({ type: "string", format })).toEqual(["text"]),
  );

  it("are those that the schema contains, in preference to generated ones", () => {
    const schema = { type: "object", properties: { id: { type: "string" } } };
    expect(examplesOf({ ...schema, examples: [{ id: "a" }, { id: "b" }] })).toEqual([{ id: "a" }, { id: "b" }]);
    expect(examplesOf({ ...schema, example: { id: "c" } })).toEqual([{ id: "c" }]);
  });

  it("are generated from types, formats, defaults and enumerations", () => {
    const schema = {
      properties: {
        id: { type: "string", format: "uuid" },
        at: { type: "string", format: "date-time" },
        name: { type: "string" },
        amount: { type: ["integer", "null"], minimum: 5 },
        paid: { type: "boolean" },
        currency: { enum: ["EUR", "USD"] },
        kind: { const: "invoice" },
        tags: { type: "array", items: { type: "string", examples: ["new"] } },
        empty: { type: "array" },
        any: {},
      },
    };
    expect(examplesOf(schema)).toEqual([
      {
        id: "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        at: "2026-01-31T12:00:00Z",
        name: "text",
        amount: 5,
        paid: true,
        currency: "EUR",
        kind: "invoice",
        tags: ["new"],
        empty: [],
        any: null,
      },
    ]);
  });

  it("follow local references, the first alternative, and all parts of allOf", () => {
    const schema = {
      $defs: { "a/b": { type: "object", properties: { city: { type: "string" } } } },
      allOf: [{ properties: { id: { type: "integer" } } }, { $ref: "#/$defs/a~1b" }],
      properties: {
        to: { $ref: "#/$defs/a~1b" },
        by: { oneOf: [{ type: "string", format: "email" }, { type: "null" }] },
        gone: { $ref: "#/$defs/none" },
        far: { $ref: "https://example.com/schema.json" },
      },
    };
    expect(examplesOf(schema)).toEqual([
      { id: 1, city: "text", to: { city: "text" }, by: "user@example.com", gone: null, far: null },
    ]);
  });

  it.each([
    ["contains itself many times", { properties: manyOf({ $ref: "#" }, 40) }],
    ["refers to itself and nothing else", { $ref: "#" }],
    ["has alternatives without end", { $defs: { a: { oneOf: [{ $ref: "#/$defs/a" }] } }, $ref: "#/$defs/a" }],
    [
      "has parts that are itself",
      { $defs: { a: { allOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/a" }] } }, $ref: "#/$defs/a" },
    ],
  ] as const)("end for a schema that %s", (_title, schema: Schema) => {
    const [example] = examplesOf(schema);
    expect(JSON.stringify(example ?? null).length).toBeLessThan(20_000);
  });

  it.each([[{}], [{ title: "anything" }], [{ type: "unknown" }], [{ properties: [] }], [{ oneOf: 1, allOf: null }]])(
    "do not exist for a schema without constraints: %j",
    (schema) => {
      expect(examplesOf(schema)).toEqual([]);
    },
  );
});

function manyOf(schema: Schema, count: number): Schema {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, schema]));
}
