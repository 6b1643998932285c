import { describe, expect, it } from "vitest";
import { type CheckedResponse, SuccessRule } from "./endpoint-policy.ts";
import type { SuccessClause } from "./success-clauses.ts";
import type { SuccessValues } from "./success.ts";

const PLAIN: SuccessValues = { statusCodes: ["2xx"], preset: "none", rules: [], undecided: "failure" };

function response(body: string, changes: Partial<CheckedResponse> = {}): CheckedResponse {
  return { status: 200, contentType: "application/json", body: Buffer.from(body), incomplete: false, ...changes };
}

/** Reason why a response is not a success; `null` if it is. */
function refusal(values: Partial<SuccessValues>, given: CheckedResponse): string | null {
  return new SuccessRule({ ...PLAIN, ...values }).refusal(given)?.sentence ?? null;
}

/** Whether one rule accepts this body. */
function takes(rule: SuccessClause, body: string, changes: Partial<CheckedResponse> = {}): boolean {
  return refusal({ rules: [rule] }, response(body, changes)) === null;
}

describe("the status", () => {
  it("is a success only for 2xx by default, regardless of the body", () => {
    for (const status of [200, 204, 299]) expect(refusal({}, response("{", { status }))).toBeNull();
    for (const status of [100, 199, 300, 404, 500])
      expect(refusal({}, response("", { status }))).toContain(`${status}`);
  });

  it("is a success for the status codes that the policy lists", () => {
    const statusCodes = [200, "404", "500-502"];
    for (const status of [200, 404, 500, 502]) expect(refusal({ statusCodes }, response("", { status }))).toBeNull();
    for (const status of [201, 204, 403, 503])
      expect(refusal({ statusCodes }, response("", { status }))).not.toBeNull();
  });
});

describe("a JSON rule", () => {
  it("checks whether a value exists, and does not count null as a value", () => {
    expect(takes({ type: "json", path: "$.a", exists: true }, '{"a":0}')).toBe(true);
    expect(takes({ type: "json", path: "$.a", exists: true }, '{"a":null}')).toBe(false);
    expect(takes({ type: "json", path: "$.errors[*]", exists: false }, '{"errors":[]}')).toBe(true);
    expect(takes({ type: "json", path: "$.errors[*]", exists: false }, '{"errors":[{}]}')).toBe(false);
  });

  it("compares every value at the path", () => {
    const all = { type: "json", path: "$.items[*].ok", equals: true } as const;
    expect(takes(all, '{"items":[{"ok":true},{"ok":true}]}')).toBe(true);
    expect(takes(all, '{"items":[{"ok":true},{"ok":false}]}')).toBe(false);
    expect(takes(all, '{"items":[]}')).toBe(false);
    expect(takes({ type: "json", path: "$..code", notEquals: 7 }, '{"a":{"code":7}}')).toBe(false);
    expect(takes({ type: "json", path: "$..code", notEquals: 7 }, "{}")).toBe(true);
    expect(takes({ type: "json", path: "$.a", equals: null }, '{"a":null}')).toBe(true);
  });

  it("fails for a response that is not JSON, even if it requires a value not to exist", () => {
    expect(takes({ type: "json", path: "$.errors", exists: false }, "<html>")).toBe(false);
    expect(takes({ type: "json", path: "$.errors", exists: false }, "")).toBe(false);
  });

  it("reads only members of the response itself, and no inherited properties", () => {
    for (const path of ["$.__proto__", "$.constructor", "$.toString", "$.items.length"]) {
      expect(takes({ type: "json", path, exists: false }, '{"items":[1]}')).toBe(true);
    }
    expect(takes({ type: "json", path: "$.__proto__", exists: true }, '{"__proto__":1}')).toBe(true);
  });

  it("fails with a short reason for a response that is nested too deeply", () => {
    const deep = "[".repeat(9000) + "]".repeat(9000);
    const rules = [{ type: "json", path: "$..a", exists: false }] as const;
    expect(refusal({ rules }, response(deep))).toContain("nested too deeply");
  });
});

describe("a rule on text or type", () => {
  it("requires a pattern to match, or not to match", () => {
    expect(takes({ type: "text", pattern: "(?i)^ok$" }, "OK")).toBe(true);
    expect(takes({ type: "text", pattern: "(?i)^ok$" }, "not ok")).toBe(false);
    expect(takes({ type: "text", pattern: "error", found: false }, "an error")).toBe(false);
  });

  it("takes time proportional to the response for any pattern", () => {
    const text = "a".repeat(20_000);
    expect(takes({ type: "text", pattern: "(a+)+$b", found: false }, text)).toBe(true);
    expect(takes({ type: "text", pattern: "(a|a)*b", found: false }, text)).toBe(true);
  });

  it("compares the content type without its parameters and ignoring case", () => {
    const html = response("", { contentType: "Text/HTML; charset=utf-8" });
    expect(refusal({ rules: [{ type: "contentType", isNot: "text/html" }] }, html)).toContain("text/html");
    expect(refusal({ rules: [{ type: "contentType", is: "text/*" }] }, html)).toBeNull();
    expect(refusal({ rules: [{ type: "contentType", is: "text/*" }] }, response(""))).not.toBeNull();
    expect(
      refusal({ rules: [{ type: "contentType", is: "text/html" }] }, response("", { contentType: null })),
    ).not.toBeNull();
  });
});

describe("a response that was not read completely", () => {
  const rules = [{ type: "json", path: "$.ok", equals: true }] as const;

  it("is a failure if a rule needs its body, unless the policy says otherwise", () => {
    expect(refusal({ rules }, response('{"ok":tr', { incomplete: true }))).toContain("too long");
    expect(refusal({ rules, undecided: "success" }, response('{"ok":tr', { incomplete: true }))).toBeNull();
  });

  it("is still checked by its content type", () => {
    const html = response("<", { incomplete: true, contentType: "text/html" });
    expect(refusal({ preset: "no-html", undecided: "success" }, html)).not.toBeNull();
  });
});

describe("a preset", () => {
  it.each([
    ["teams", "1", "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"],
    ["slack", "ok", '{"ok": false, "error": "channel_not_found"}'],
    ["slack", '{"ok":true}', '{"ok":false}'],
    ["graphql", '{"data":{}}', '{"data":null,"errors":[{"message":"no"}]}'],
    ["graphql", '{"data":{},"errors":[]}', "<html>"],
    ["json-rpc", '{"result":1,"error":null}', '{"error":{"code":-32600}}'],
  ] as const)("%s distinguishes success from failure: %s, %s", (preset, good, bad) => {
    expect(refusal({ preset }, response(good))).toBeNull();
    expect(refusal({ preset }, response(bad))).toContain("does not meet the success rule");
  });

  it("applies in addition to the rules", () => {
    const rules = [{ type: "text", pattern: "done" }] as const;
    expect(refusal({ preset: "slack", rules }, response('{"ok":true}'))).toContain("done");
    expect(refusal({ preset: "slack", rules }, response('{"ok":true,"x":"done"}'))).toBeNull();
  });
});

it("a stored rule that is no longer supported makes every response a failure with that reason", () => {
  expect(refusal({ rules: [{ type: "text", pattern: "(" }] }, response("x"))).toContain("is no longer supported");
  expect(refusal({ rules: [{ type: "json", path: "$[", exists: false }] }, response("{}"))).toContain(
    "is no longer supported",
  );
});
