import { readFileSync } from "node:fs";
import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { ValidationError } from "../lib/errors.ts";
import { COMPATIBLE_OPERATIONS } from "./compatible.ts";
import { parseQuery } from "./query.ts";
import { ROUTES } from "./routes.ts";
import { refuseUnknown, unknownWarning } from "./validation.ts";

const query = Type.Object({ limit: Type.Optional(Type.Integer()), event_types: Type.Optional(Type.String()) });
const own = { operationId: "v1.own", query };
const compatible = { operationId: "v1.application.list", query };

function refusal(text: string, route: Parameters<typeof refuseUnknown>[0] = own): unknown {
  try {
    refuseUnknown(route, parseQuery(text));
    return null;
  } catch (error) {
    if (error instanceof ValidationError) return error.issues.map(({ loc, msg }) => [loc.join("."), msg]);
    throw error;
  }
}

describe("an unknown query parameter of an operation outside the compatible API", () => {
  it.each([
    ["limt=1", "limt", 'Did you mean "limit"?'],
    ["Limit=1", "Limit", 'Did you mean "limit"?'],
    ["eventTypes=a", "eventTypes", 'Did you mean "event_types"?'],
    ["event-type=a", "event-type", 'Did you mean "event_types"?'],
    ["foo=1", "foo", "This operation has: limit, event_types."],
    ["__proto__=1", "__proto__", "This operation has: limit, event_types."],
    ["constructor=1", "constructor", "This operation has: limit, event_types."],
    ["=1", "", "This operation has: limit, event_types."],
  ])("is refused with its name and a suggestion: %s", (text, name, advice) => {
    expect(refusal(text)).toEqual([[`query.${name}`, `Unknown query parameter "${name}". ${advice}`]]);
  });

  it("is refused by an operation without query parameters", () => {
    const text = 'Unknown query parameter "limit". This operation has none.';
    expect(refusal("limit=1", { operationId: "v1.own" })).toEqual([["query.limit", text]]);
  });

  it("is reported together with others, at most five, and truncated to a maximum length", () => {
    const names = Array.from({ length: 50 }, (_, index) => `${"x".repeat(1000)}${index}`);
    const issues = refusal(names.map((name) => `${name}=1`).join("&")) as string[][];
    expect(issues).toHaveLength(5);
    expect(JSON.stringify(issues).length).toBeLessThan(2000);
  });

  it("is not reported for requests with only known parameters", () => {
    expect(refusal("limit=1&event_types[]=a&event_types[1]=b")).toBeNull();
    expect(refusal("")).toBeNull();
  });
});

describe("an unknown query parameter of an operation of the compatible API", () => {
  it("is not refused, but reported in a header of printable ASCII", () => {
    expect(refusal("foo=1", compatible)).toBeNull();
    expect(unknownWarning(compatible, parseQuery("foo=1&limit=2"))).toBe('unknown query parameter "foo"');
    expect(unknownWarning(compatible, parseQuery("limit=2"))).toBeNull();
    expect(unknownWarning(own, parseQuery("foo=1"))).toBeNull();
  });

  it.each(["%0d%0aset-cookie:%20a=b=1", "%22%2c=1", "%00=1", "%f0%9f%98%80=1", "%ff=1", "%ed%a0%80=1", "\u{1f600}"])(
    "cannot break the header: %s",
    (text) => {
      expect(unknownWarning(compatible, parseQuery(text))).toMatch(/^unknown query parameter "[\w%.~!*'()-]*"$/);
    },
  );

  it("is truncated, even within a surrogate pair, and only counted from the sixth on", () => {
    const long = `${"x".repeat(63)}\u{1f600}`;
    const names = [long, ...Array.from({ length: 9 }, (_, index) => `n${index}`)];
    const warning = unknownWarning(compatible, Object.fromEntries(names.map((name) => [name, "1"])));
    expect(warning).toContain('"n3" and 5 more');
    expect(warning!.length).toBeLessThan(500);
  });
});

it("exactly the operations of the compatible API are classified as compatible", () => {
  const { operations } = JSON.parse(
    readFileSync(new URL("../../../../e2e/inventory.json", import.meta.url), "utf8"),
  ) as { operations: { verb: string; path: string }[] };
  const wanted = new Set(operations.map(({ verb, path }) => `${verb} ${path.replace(/\{\w+\}/g, "*")}`));
  const compatibleRoutes = ROUTES.filter(({ method, path }) => wanted.has(`${method} ${path.replace(/:\w+/g, "*")}`));
  expect(compatibleRoutes.map(({ operationId }) => operationId).toSorted()).toEqual(
    [...COMPATIBLE_OPERATIONS].toSorted(),
  );
});
