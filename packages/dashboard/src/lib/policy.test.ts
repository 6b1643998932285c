import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { en } from "../i18n/en.ts";
import { fieldsOf, fromText, longDurationMs, POLICY_CHOICES, policyPatch, toText } from "./policy.ts";

beforeAll(async () => {
  await i18next.init({ lng: "en", resources: { en: { translation: en } } });
});

describe("a policy as text", () => {
  it("parses and formats schedules as lists of delays", () => {
    const backoff = { type: "schedule", delays: [5, 300, 7200, 86_400, 90] };
    expect(toText("backoff", backoff)).toBe("5s, 5m, 2h, 1d, 90s");
    expect(fromText("backoff", "5s, 5m, 2h, 1d, 90s")).toEqual(backoff);
    expect(fromText("backoff", '{"type":"preset","preset":"days"}')).toEqual({ type: "preset", preset: "days" });
    expect(() => fromText("backoff", "soon")).toThrow("“soon” is not a delay. Use values such as 5s, 30m, 2h or 1d.");
  });

  it("parses status codes, classes and ranges", () => {
    expect(fromText("codes", "410, 4xx 500-503")).toEqual([410, "4xx", "500-503"]);
  });

  it("sends only fields that changed, and null for fields that become inherited again", () => {
    const fields = fieldsOf("limits", { concurrency: 16, timeoutMs: 15_000, ratePerSecond: 0 });
    const before = { limits: { concurrency: 4, timeoutMs: 1000 } };
    const values = { "limits.concurrency": "", "limits.timeoutMs": "1000", "limits.ratePerSecond": "2.5" };
    expect(policyPatch(fields, before, values)).toEqual({ limits: { concurrency: null, ratePerSecond: 2.5 } });
  });

  it("has a label for every choice and for its field", () => {
    const { fields, choices } = en.policy;
    const missing = Object.entries(POLICY_CHOICES).flatMap(([field, values]) => [
      ...(field.replace(".", "_") in fields ? [] : [field]),
      ...values.filter((value) => !(value in choices)),
    ]);
    expect(missing).toEqual([]);
  });

  it("shows the duration of fields in seconds and milliseconds from a minute on, and of no other field", () => {
    const [age, timeout, limit] = fieldsOf("any", { maxAgeSeconds: 1, timeoutMs: 1, concurrency: 1 });
    expect(longDurationMs(age!, "432000")).toBe(432_000_000);
    expect(longDurationMs(timeout!, "90000")).toBe(90_000);
    expect(longDurationMs(timeout!, "15000")).toBeNull();
    expect(longDurationMs(limit!, "432000")).toBeNull();
    expect(longDurationMs(age!, "")).toBeNull();
  });
});
