import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBody } from "./body.ts";
import { toJsonSchema } from "./json-schema.ts";
import {
  MAX_PLACES,
  mergeSchemas,
  places,
  type InferredSchema,
  schemaFromJson,
  inferSchema,
  schemaToJson,
} from "./inferred-schema.ts";
import { toTypeScript } from "./typescript.ts";

const learn = (samples: readonly unknown[], at = 1000): InferredSchema =>
  samples.map((sample, index) => inferSchema(sample, at + index)).reduce(mergeSchemas);

function validator(schema: InferredSchema) {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, ownProperties: true });
  addFormats.default(ajv);
  return ajv.compile(toJsonSchema("test", schema));
}

const json = fc.jsonValue({ maxDepth: 4 });
const formatted = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.uuid(),
  fc.emailAddress(),
  fc.webUrl(),
  fc.string(),
);
const sample = fc.oneof(
  json,
  fc.record({ id: fc.oneof(fc.integer(), fc.string()), at: formatted, tags: fc.array(json) }, { requiredKeys: ["id"] }),
);

describe("an inferred schema", () => {
  it("accepts every sample it was inferred from", () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 8 }), (samples) => {
        const validate = validator(learn(samples));
        const refused = samples.filter((each) => !validate(each));
        expect(refused).toEqual([]);
      }),
    );
  });

  it("does not depend on the order and grouping of its samples", () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 2, maxLength: 8 }), fc.nat(), (samples, at) => {
        const schemas = samples.map((each, index) => inferSchema(each, 1000 + index));
        const split = 1 + (at % (samples.length - 1));
        const grouped = mergeSchemas(
          schemas.slice(split).toReversed().reduce(mergeSchemas),
          schemas.slice(0, split).reduce(mergeSchemas),
        );
        expect(schemaToJson(grouped)).toBe(schemaToJson(schemas.reduce(mergeSchemas)));
      }),
    );
  });

  it("is the same after it is stored and read, whatever the names of its fields", () => {
    const schema = learn([JSON.parse('{"__proto__": 1, "constructor": {"a": [1, "x"]}, "12345": {"b": null}}')]);
    expect(schemaFromJson(schemaToJson(schema))).toEqual(schema);
    expect([...schema.fields.keys()]).toEqual(["constructor"]);
  });

  it("contains no values of payloads, nor field names that are data", () => {
    const schema = learn([{ "ada@example.com": "secret-1", "4711": 47.11, [`k${"x".repeat(80)}`]: true, name: "Ada" }]);
    const stored = schemaToJson(schema);
    for (const value of ["ada", "Ada", "secret", "47", "xxx"]) expect(stored).not.toContain(value);
    expect(toJsonSchema("t", schema)).toMatchObject({
      properties: { name: { type: "string" } },
      additionalProperties: { type: ["boolean", "number", "string"] },
    });
  });

  it("stays small for samples that never repeat a name, are very deep or very wide", () => {
    let schema = inferSchema({}, 1);
    for (let n = 0; n < 400; n++)
      schema = mergeSchemas(schema, inferSchema({ [`field_${n}x`]: { [`inner_${n}x`]: n } }, n));
    expect(schema).toMatchObject({ isMap: true });
    expect(places(schema)).toBeLessThan(400);
    let deep: unknown = 1;
    for (let n = 0; n < 5000; n++) deep = n % 2 === 0 ? [deep] : { deep };
    expect(places(inferSchema(deep, 1))).toBeLessThan(20);
    const letters = "abcdefghij".split("");
    const wide = (levels: number): unknown =>
      levels === 0 ? 1 : Object.fromEntries(letters.map((letter) => [letter, wide(levels - 1)]));
    const cut = inferSchema(wide(5), 1);
    expect(places(cut)).toBeLessThanOrEqual(MAX_PLACES);
    expect(validator(cut)(wide(5))).toBe(true);
  });

  it("distinguishes required from optional fields, and formats from plain text", () => {
    const schema = learn([
      { id: "8f14e45f-ceea-467f-a0e6-1a2b3c4d5e6f", at: "2026-02-28T10:00:00Z", note: "a" },
      { id: "0cc175b9-c0f1-4b6a-831c-399e26977266", at: "2026-02-30T10:00:00Z" },
    ]);
    expect(toJsonSchema("t", schema)).toEqual({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "t",
      type: "object",
      properties: { at: { type: "string" }, id: { type: "string", format: "uuid" }, note: { type: "string" } },
      required: ["at", "id"],
    });
  });
});

describe("bodies", () => {
  it.each([
    ["application/json; charset=utf-8", '{"a":[1]}', { a: [1] }],
    ["application/vnd.api+json", "{}", {}],
    ["text/plain", '{"a":1}', { a: 1 }],
    [
      "application/x-www-form-urlencoded",
      "a=1&b=x&b=y&data[id]=7&payload=%7B%22k%22%3A1%7D",
      { a: "1", b: ["x", "y"], data: { id: "7" }, payload: { k: 1 } },
    ],
    ["text/xml", '<?xml version="1.0"?><a x="1"><b>01</b><b>2</b></a>', { a: { "@x": "1", b: ["01", "2"] } }],
    ["application/json", "{", undefined],
    ["application/octet-stream", "PK", undefined],
    ["multipart/form-data; boundary=x", "--x", undefined],
  ])("of %s are read", (contentType, body, value) => {
    expect(readBody(contentType, Buffer.from(body))).toEqual(value);
  });

  it("of XML with a document type are skipped, so that entities cannot expand", () => {
    const bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>';
    expect(readBody("application/xml", Buffer.from(bomb))).toBeUndefined();
  });
});

/** Compiles a module together with uses of it under the strictest rules. Returns the errors. */
function compile(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-types-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const require = createRequire(import.meta.url);
    const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
    const flags = [
      "--ignoreConfig",
      "--noEmit",
      "--strict",
      "--noUncheckedIndexedAccess",
      "--module",
      "nodenext",
      "--types",
      "",
    ];
    const names = Object.keys(files).map((name) => join(folder, name));
    execFileSync(process.execPath, [tsc, ...flags, "--allowImportingTsExtensions", ...names], { stdio: "pipe" });
    return "";
  } catch (error) {
    return String((error as { stdout?: Buffer }).stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("exported TypeScript", () => {
  const nasty = [
    {
      eventType: "pull_request.opened",
      schema: learn([{ a: { b: [1, "x", null] }, "with space": 1, 'quo"te': 2, class: 3 }, { a: {} }]),
    },
    { eventType: "pull-request/opened", schema: learn([[{ x: 1 }], [{ x: 1, y: [] }]]) },
    { eventType: "*/ export const evil = 1; /*", schema: learn(["text", 1, null]) },
    { eventType: "42", schema: learn([{}]) },
    { eventType: "Events", schema: learn([{ "12": { z: 1 }, named: true }]) },
    { eventType: "Record", schema: learn([{ "12": { z: 1 } }, { "13": { z: "a" } }]) },
    { eventType: "änderung\u2028\n", schema: learn([JSON.parse('{"__proto__": {"constructor": 1}}')]) },
  ];

  it("compiles, accepts the samples and rejects other values", () => {
    const module = toTypeScript("shop */ \n import x", nasty);
    const good = `import type { Events } from "./events.ts";
      export const a: Events["pull_request.opened"] = { a: { b: [1, "x", null] } };
      export const b: Events["pull-request/opened"] = [{ x: 1 }, { x: 1, y: [] }];
      export const c: Events["Record"] = { "12": { z: 1 }, "13": { z: "a" } };
      export const d: Events["*/ export const evil = 1; /*"] = null;`;
    expect(compile({ "events.ts": module, "good.ts": good })).toBe("");
    const bad = `import type { Events } from "./events.ts";
      export const a: Events["pull_request.opened"] = { a: { b: [true] } };`;
    expect(compile({ "events.ts": module, "bad.ts": bad })).toContain("TS2322");
  });

  it("does not depend on the order of the events", () => {
    expect(toTypeScript("s", nasty.toReversed())).toBe(toTypeScript("s", nasty));
  });

  it("compiles for any payload", () => {
    const events = fc.sample(fc.tuple(fc.string(), sample), { numRuns: 60, seed: 7 });
    const unique = new Map(events.map(([eventType, value]) => [eventType, learn([value])]));
    const module = toTypeScript(
      "any",
      [...unique].map(([eventType, schema]) => ({ eventType, schema })),
    );
    expect(compile({ "events.ts": module })).toBe("");
  });
});
