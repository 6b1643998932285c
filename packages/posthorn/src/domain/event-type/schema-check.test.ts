import { describe, expect, it } from "vitest";
import { ValidationError } from "../../lib/errors.ts";
import { checkSchemas, schemaProblem } from "./schema-check.ts";

/** Reason why a schema is rejected, and its location. */
function refusal(schemas: Record<string, unknown>): { readonly loc: readonly string[]; readonly msg: string } | null {
  try {
    checkSchemas(schemas);
    return null;
  } catch (error) {
    if (error instanceof ValidationError) return error.issues[0]!;
    throw error;
  }
}

function nested(keyword: string, levels: number): unknown {
  return JSON.parse(`${`{"${keyword}":`.repeat(levels)}{}${"}".repeat(levels)}`);
}

const DRAFTS = [
  ["draft-06", "http://json-schema.org/draft-06/schema#"],
  ["draft-07", "http://json-schema.org/draft-07/schema#"],
  ["2019-09", "https://json-schema.org/draft/2019-09/schema"],
  ["2020-12", "https://json-schema.org/draft/2020-12/schema"],
] as const;

describe.each(DRAFTS)("a schema of %s", (name, $schema) => {
  it("is accepted with any common spelling of its URI", () => {
    const body = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };
    const plain = $schema.replace("#", "");
    for (const uri of [plain, `${plain}#`, plain.replace("https:", "http:"), plain.replace("http:", "https:")]) {
      expect(schemaProblem({ $schema: uri, ...body })).toBeNull();
    }
  });

  it("is rejected with the draft and the location when it breaks the rules of the draft", () => {
    const { loc, msg } = refusal({ "2": { $schema, properties: { id: { type: "text" } } } })!;
    expect(loc).toEqual(["body", "schemas", "2"]);
    expect(msg).toContain(name);
    expect(msg).toContain("/properties/id");
  });

  it("is accepted with a long enum in time linear in its length", () => {
    const values = Array.from({ length: 15_000 }, (_, value) => `v${value}`);
    expect(schemaProblem({ $schema, enum: values })).toBeNull();
    // The validator's own keyword would compare a list of types pairwise.
    expect(schemaProblem({ $schema, type: values })).toContain("/type");
  });

  it.each(["not", "items", "additionalProperties", "const"])(
    "is rejected rather than followed to any depth (%s)",
    (keyword) => {
      for (const levels of [300, 5000, 50_000]) {
        expect(schemaProblem({ $schema, ...(nested(keyword, levels) as object) })).toContain("nested too deeply");
      }
      expect(schemaProblem({ $schema, ...(nested(keyword, 50) as object) })).toBeNull();
    },
  );
});

describe("a schema", () => {
  it("without $schema is treated as draft-07", () => {
    expect(schemaProblem({ if: { type: "object" } })).toBeNull();
    expect(schemaProblem({ if: 5 })).toContain("draft-07");
  });

  it("uses the keywords of its draft", () => {
    expect(schemaProblem({ $schema: DRAFTS[3][1], prefixItems: [{ type: "string" }], $defs: { a: {} } })).toBeNull();
    expect(schemaProblem({ $schema: DRAFTS[3][1], prefixItems: {} })).toContain("2020-12");
    expect(schemaProblem({ $schema: DRAFTS[2][1], dependentRequired: { a: ["b"] } })).toBeNull();
  });

  it.each([
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/schema#",
    "https://spec.openapis.org/oas/3.1/dialect/base",
    "https://example.com/own",
    "toString",
    "__proto__",
    "",
    5,
    null,
    ["http://json-schema.org/draft-07/schema#"],
    {},
  ])("of an unsupported draft is rejected with its name (%j)", (given) => {
    const { msg } = refusal({ "1": { $schema: given } })!;
    expect(msg).toContain(`The $schema ${JSON.stringify(given)} is not supported`);
    expect(msg).toContain("2020-12");
  });

  it.each([null, 1, "text", [], [{}]])("must be an object or a boolean, and not %j", (given) => {
    expect(refusal({ "1": given })).toMatchObject({ loc: ["body", "schemas", "1"] });
  });

  it("may be true or false", () => {
    expect(refusal({ "1": true, "2": false })).toBeNull();
  });

  it("is rejected when the schemas together are too large", () => {
    const wide = Object.fromEntries(Array.from({ length: 11_000 }, (_, place) => [`k${place}`, {}]));
    expect(refusal({ "1": { properties: wide } })).toBeNull();
    expect(refusal({ "1": { properties: wide }, "2": { properties: wide } })).toMatchObject({
      loc: ["body", "schemas"],
      msg: expect.stringContaining("20000 objects and arrays"),
    });
    expect(refusal({ "1": { description: "x".repeat(300_000) } })?.msg).toContain("262144 characters");
  });

  it("causes no network requests, and its patterns are not compiled", () => {
    expect(schemaProblem({ $ref: "https://192.0.2.1/schema.json", $id: "https://192.0.2.1/" })).toBeNull();
    expect(schemaProblem({ pattern: "(a+)+$", patternProperties: { "(((": {} } })).toBeNull();
  });

  it("is quoted in error messages only in part", () => {
    expect(schemaProblem({ properties: { ["k".repeat(200_000)]: { type: 5 } } })!.length).toBeLessThan(700);
  });
});
