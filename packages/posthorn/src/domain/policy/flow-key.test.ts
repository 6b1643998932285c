import { describe, expect, it } from "vitest";
import { flowKey } from "./flow-key.ts";

function keyAt(path: string, payload: string): string {
  return flowKey({ by: "payload", path }, { eventType: "a", orderingKey: null, payload: Buffer.from(payload) });
}

describe("flowKey", () => {
  it.each([
    ["customer.id", '{"customer":{"id":"c1"}}', '"c1"'],
    ["customer.id", ' {"id":"no", "customer" : { "id" : 12345678901234567890 } }', "12345678901234567890"],
    ["id", '{"id":1.0}', "1.0"],
    ["id", '{"id":"\\u0061"}', '"a"'],
    ["id", '{"id":true}', "true"],
    ["id", '{"id":1,"id":2}', "2"],
    ["id", '{"id":{"a":[1]}}', '{"a":[1]}'],
    ["id", '{"other":1}', "-"],
    ["a.b", '{"a":"b"}', "-"],
    ["a.b", '{"a":[{"b":1}]}', "-"],
    ["id", "[1]", "-"],
    ["id", '"id"', "-"],
    ["id", '{"id"}"x"', "-"],
    ["id", "<id>1</id>", "-"],
    ["id", "", "-"],
  ])("at %s of %s is %s", (path, payload, key) => {
    expect(keyAt(path, payload)).toBe(key);
  });

  it("is short for values of any length, and different for different values", () => {
    const long = (end: string): string => keyAt("id", JSON.stringify({ id: "x".repeat(10_000) + end }));
    expect(long("a").length).toBeLessThan(65);
    expect(long("a")).not.toBe(long("b"));
  });

  it("can be the event type, the ordering key, or one key for the whole endpoint", () => {
    const message = { eventType: "a.b", orderingKey: "o", payload: Buffer.from("{}") };
    const keys = (["endpoint", "eventType", "orderingKey"] as const).map((by) => flowKey({ by, path: "" }, message));
    expect(keys).toEqual(["*", "a.b", "o"]);
    expect(flowKey({ by: "orderingKey", path: "" }, { ...message, orderingKey: null })).toBe("-");
  });
});
