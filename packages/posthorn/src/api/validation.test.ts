import { Ajv } from "ajv";
import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { PosthornError, ValidationError } from "../lib/errors.ts";
import { EndpointIn } from "./models/endpoint.ts";
import { MODELS } from "./models/index.ts";
import { MessageIn } from "./models/message.ts";
import { ROUTES } from "./routes.ts";
import { bodyValidator, queryValidator, type Validator } from "./validation.ts";

/** Rules that a value violates, as `location: sentence`. */
function problems(validate: Validator, value: unknown): string[] {
  try {
    validate(value);
    return [];
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return error.issues.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`);
  }
}

/** Validates a value that may be rejected. */
function mayRefuse(validate: Validator, value: unknown): void {
  try {
    validate(value);
  } catch (error) {
    if (!(error instanceof PosthornError)) throw error;
  }
}

describe("the schemas of all routes", () => {
  it("are valid JSON Schema, which no process checks when it starts", () => {
    const ajv = new Ajv();
    const invalid = [...MODELS, ...ROUTES.flatMap(({ query, body }) => [query ?? {}, body ?? {}])].filter(
      (schema) => !ajv.validateSchema(schema),
    );
    expect(invalid).toEqual([]);
  });

  it.each([
    ["queries", queryValidator, ROUTES.flatMap(({ query }) => query ?? [])],
    ["bodies", bodyValidator, ROUTES.flatMap(({ body }) => body ?? [])],
  ] as const)("of %s compile", (_, validatorOf, schemas) => {
    expect(schemas.length).toBeGreaterThan(10);
    // A schema that does not compile throws a different error than the rejections that `mayRefuse` expects.
    for (const schema of schemas) expect(() => mayRefuse(validatorOf(schema), null)).not.toThrow();
  });
});

describe("a body", () => {
  const message = bodyValidator(MessageIn);
  const endpoint = bodyValidator(EndpointIn);

  it("that follows the rules is accepted, also with unknown fields", () => {
    expect(problems(message, { eventType: "a", payload: { any: [1] }, unknown: true })).toEqual([]);
    expect(problems(endpoint, { url: "https://example.com", channels: null, metadata: { a: "b" } })).toEqual([]);
  });

  it.each<[unknown, string]>([
    [null, "body: Must be an object."],
    [[], "body: Must be an object."],
    ["text", "body: Must be an object."],
    [{}, "body.eventType: This field is required."],
    [{ eventType: 1 }, "body.eventType: Must be a string."],
    [{ eventType: "a b" }, "body.eventType: Contains characters that are not allowed"],
    [{ eventType: "a", payload: [] }, "body.payload: Must be an object."],
    [{ eventType: "a", payload: {}, channels: ["ok", "not ok"] }, "body.channels.[1]: Contains characters"],
    [{ eventType: "a", payload: {}, deliverAt: "soon" }, "body.deliverAt: Not a valid date-time, such as"],
    [{ eventType: "a", payload: {}, deliverAt: "2026-13-45T99:00:00Z" }, "body.deliverAt: Not a valid date-time"],
    [{ eventType: "a", payload: {}, eventId: "msg_1" }, "body.eventId: Contains characters"],
    [
      { eventType: "a", transformationsParams: { headers: { a: 1 } } },
      "body.transformationsParams.headers.a: Must be a string.",
    ],
  ])("that breaks a rule is rejected with its location and what to change: %j", (body, expected) => {
    const [found, ...others] = problems(message, body);
    expect(found?.slice(0, expected.length)).toBe(expected);
    expect(others).toEqual([]);
  });

  it("with slashes and tildes in its keys is reported with unescaped keys", () => {
    expect(problems(endpoint, { url: "https://example.com", metadata: { "a/b~c": 1 } })).toEqual([
      "body.metadata.a/b~c: Must be a string.",
    ]);
  });

  it("is never coerced into another type", () => {
    expect(problems(endpoint, { url: "https://example.com", disabled: "true" })).toEqual([
      "body.disabled: Must be true or false.",
    ]);
    expect(problems(endpoint, { url: "https://example.com", version: "1" })).toEqual([
      "body.version: Must be an integer.",
    ]);
  });

  it("inherits no fields", () => {
    expect(problems(message, JSON.parse('{"__proto__":{"eventType":"a"}}'))).toEqual([
      "body.eventType: This field is required.",
    ]);
  });
});

describe("a value that is not among the allowed ones", () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`);
  const choices = (count: number) => Type.Union(names(count).map((name) => Type.Literal(name)));

  it.each([
    ["a choice", choices(2), 'Must be one of "v0", "v1".'],
    ["a choice or null", Type.Union([choices(2), Type.Null()]), 'Must be one of "v0", "v1", null.'],
    ["a single value", Type.Literal("always"), 'Must be "always".'],
    ["an enumeration", Type.Unsafe({ type: "string", enum: ["a", "b"] }), 'Must be one of "a", "b".'],
    [
      "many values",
      choices(45),
      `Must be one of ${names(40)
        .map((name) => `"${name}"`)
        .join(", ")} and 5 more.`,
    ],
  ] as const)("is reported once, with the allowed values: %s", (_name, state, expected) => {
    expect(problems(bodyValidator(Type.Object({ state })), { state: "other" })).toEqual([`body.state: ${expected}`]);
  });

  it("is reported in queries too", () => {
    const validate = queryValidator(Type.Object({ state: choices(2) }));
    expect(() => validate({ state: "other" })).toThrow(
      'The query parameter state is invalid. Must be one of "v0", "v1".',
    );
  });
});

describe("a query", () => {
  const validate = queryValidator(
    Type.Object({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 250 })),
      flag: Type.Optional(Type.Boolean()),
      before: Type.Optional(Type.String({ format: "date-time" })),
    }),
  );

  it("is converted into numbers and booleans", () => {
    const query: Record<string, unknown> = { limit: "5", flag: "true", before: "2026-01-01T00:00:00Z" };
    validate(query);
    expect(query).toEqual({ limit: 5, flag: true, before: "2026-01-01T00:00:00Z" });
  });

  it.each(["abc", "1.5", "", "NaN", "1,5"])("with an invalid number is refused with 400: limit=%s", (limit) => {
    expect(() => validate({ limit })).toThrow(
      expect.objectContaining({ status: 400 } satisfies Partial<PosthornError>),
    );
  });

  it("that breaks a rule is refused with 422 and its location", () => {
    expect(problems(validate, { limit: "0" })).toEqual(["query.limit: Must be at least 1."]);
    expect(problems(validate, { limit: "251" })).toEqual(["query.limit: Must be at most 250."]);
  });
});

describe("a time in a request", () => {
  const check = bodyValidator(Type.Object({ at: Type.String({ format: "date-time" }) }));

  it.each(["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456Z", "2026-01-31T12:00:00+05:30", "2026-01-31t12:00:00z"])(
    "is accepted as %s",
    (at) => {
      expect(() => check({ at })).not.toThrow();
    },
  );

  // Other validators accept some of these as a date-time, but `Date` does not.
  it.each([
    "2026-01-31T12:00:00+00",
    "2026-01-31T23:59:60Z",
    "2026-13-01T00:00:00Z",
    "2026-01-31 12:00:00",
    "soon",
    "",
  ])("is rejected as %j", (at) => {
    expect(() => check({ at })).toThrow(ValidationError);
  });
});
