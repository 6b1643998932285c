import { describe, expect, it } from "vitest";
import { exampleTypes, toExampleBody } from "./send-example.ts";

describe("the event types of an example", () => {
  it("always include the built-in type, last", () => {
    expect(exampleTypes([], [])).toEqual(["webhook.ping"]);
    expect(exampleTypes(["b.registered", "a.registered"], [])).toEqual([
      "b.registered",
      "a.registered",
      "webhook.ping",
    ]);
  });

  it("include published types that are not registered, each once", () => {
    const published = ["z.seen", "a.seen", "z.seen", "known", "posthorn.ping", "webhook.ping", "svix.ping"];
    expect(exampleTypes(["known"], published)).toEqual(["known", "a.seen", "z.seen", "webhook.ping"]);
  });
});

describe("the request for an example", () => {
  it("contains the payload as typed, or none when the field is empty", () => {
    expect(toExampleBody({ eventType: "a", payload: " \n" })).toBe('{"eventType":"a"}');
    expect(toExampleBody({})).toBe('{"eventType":"webhook.ping"}');
    expect(toExampleBody({ eventType: "a", payload: '{"n": 1.0, "big": 12345678901234567890}' })).toBe(
      '{"eventType":"a","payload":{"n": 1.0, "big": 12345678901234567890}}',
    );
  });

  it.each(["{", "text", '{"a":1},"eventType":"b"'])("is not built from %j, which is not JSON", (payload) => {
    expect(toExampleBody({ eventType: "a", payload })).toBeNull();
  });
});
