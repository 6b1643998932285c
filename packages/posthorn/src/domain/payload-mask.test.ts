import { describe, expect, it } from "vitest";
import { looksLikeName, maskPayload } from "./payload-mask.ts";

describe("a masked payload", () => {
  const payload = {
    customer: { email: "ada@example.com", ids: [1, 2] },
    "ada@example.com": true,
    paid: false,
    note: null,
  };

  it("keeps the structure, but no values", () => {
    expect(maskPayload("json", payload, "masked")).toEqual({
      customer: { email: "<string>", ids: ["<number>", "<number>"] },
      "***1": "<boolean>",
      paid: "<boolean>",
      note: null,
    });
  });

  it("is empty for callers that may not see payloads", () => {
    expect(maskPayload("json", payload, "none")).toEqual({});
  });
});

describe("a masked text", () => {
  it.each([
    ["document", '{"a":{"b":"secret"}}', '{"a":{"b":"<string>"}}'],
    ["document", "secret", "***"],
    ["document", '"secret"', "***"],
    ["text", "secret", "***"],
    ["url", "https://example.com:8443/a?b=secret", "https://example.com:8443/***"],
    ["url", "https://example.com", "https://example.com"],
    ["url", "kafka://broker:9092/topic", "kafka://broker:9092/***"],
    ["name", "invoice.paid", "invoice.paid"],
    ["name", "ada@example.com", "***"],
  ] as const)("with the rule %s shows nothing of %s", (rule, text, expected) => {
    expect(maskPayload(rule, text, "masked")).toBe(expected);
  });

  it.each(["document", "text", "name", "url", "json", "headers"] as const)(
    "keeps null values with the rule %s",
    (rule) => expect(maskPayload(rule, null, "none")).toBeNull(),
  );
});

it("masked headers keep their names", () => {
  const headers = [
    { name: "X-Event", value: "secret" },
    { name: "x-4711-2024", value: "secret" },
  ];
  expect(maskPayload("headers", headers, "masked")).toEqual([
    { name: "X-Event", value: "***" },
    { name: "***", value: "***" },
  ]);
  expect(maskPayload("headers", headers, "none")).toEqual([]);
});

it("a masked schema keeps types, and names that look like names", () => {
  const schema = { type: "object", properties: { amount: { type: "number" }, "ada@example.com": { type: "string" } } };
  expect(maskPayload("schema", schema, "masked")).toEqual({
    type: "object",
    properties: { amount: { type: "number" }, "***1": { type: "string" } },
  });
});

describe("names", () => {
  it.each(["invoice.paid", "v1.charge.updated", "order/created", "Änderung", "x"])("include names such as %s", (text) =>
    expect(looksLikeName(text)).toBe(true),
  );
  it.each(["", "ada@example.com", "cus_4711", "2024-01-01", "a b", "x".repeat(101), "DE89370400440532013000"])(
    "do not include %j, which may be data",
    (text) => expect(looksLikeName(text)).toBe(false),
  );
});
