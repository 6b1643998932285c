import { describe, expect, it } from "vitest";
import { contentOf } from "./message-content.ts";

const raw = (rawPayload: string, rawPayloadEncoding = "utf-8") =>
  contentOf({ payload: {}, rawPayload, rawPayloadEncoding });

describe("the content of a listed message", () => {
  it("is its payload if that is a JSON object", () => {
    const expected = { json: { a: 1 }, short: '{"a":1}', long: '{\n  "a": 1\n}' };
    expect(contentOf({ payload: { a: 1 } })).toEqual(expected);
  });

  it("is another JSON value, such as a list or the number of a sensor", () => {
    expect(raw('[ {"sku": "A"} ]')).toEqual({
      json: [{ sku: "A" }],
      short: '[{"sku":"A"}]',
      long: '[\n  {\n    "sku": "A"\n  }\n]',
    });
    expect(raw("21.5")).toEqual({ json: 21.5, short: "21.5", long: "21.5" });
  });

  it("is unchanged if it is text that is not JSON, or base64 of bytes that are not text", () => {
    expect(raw("a;b\n1;2")).toEqual({ json: undefined, short: "a;b\n1;2", long: "a;b\n1;2" });
    expect(raw("MTI=", "base64")).toEqual({ json: undefined, short: "MTI=", long: "MTI=" });
  });
});
