import { describe, expect, it } from "vitest";
import { en } from "../i18n/en.ts";
import { fieldsOf, fromText, POLICY_CHOICES, policyPatch, toText } from "./policy.ts";

describe("a policy as text", () => {
  it("reads and writes schedules as people say them", () => {
    const backoff = { type: "schedule", delays: [5, 300, 7200, 86_400, 90] };
    expect(toText("backoff", backoff)).toBe("5s, 5m, 2h, 1d, 90s");
    expect(fromText("backoff", "5s, 5m, 2h, 1d, 90s")).toEqual(backoff);
    expect(fromText("backoff", '{"type":"preset","preset":"days"}')).toEqual({ type: "preset", preset: "days" });
    expect(() => fromText("backoff", "soon")).toThrow("soon");
  });

  it("reads codes, classes and ranges", () => {
    expect(fromText("codes", "410, 4xx 500-503")).toEqual([410, "4xx", "500-503"]);
  });

  it("sends only what changed, and null for what is to be inherited again", () => {
    const fields = fieldsOf("limits", { concurrency: 16, timeoutMs: 15_000, ratePerSecond: 0 });
    const before = { limits: { concurrency: 4, timeoutMs: 1000 } };
    const values = { "limits.concurrency": "", "limits.timeoutMs": "1000", "limits.ratePerSecond": "2.5" };
    expect(policyPatch(fields, before, values)).toEqual({ limits: { concurrency: null, ratePerSecond: 2.5 } });
  });

  it("has words for every choice and for the field it belongs to", () => {
    const { fields, choices } = en.policy;
    const missing = Object.entries(POLICY_CHOICES).flatMap(([field, values]) => [
      ...(field.replace(".", "_") in fields ? [] : [field]),
      ...values.filter((value) => !(value in choices)),
    ]);
    expect(missing).toEqual([]);
  });
});
