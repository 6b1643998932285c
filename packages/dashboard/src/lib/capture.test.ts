import { describe, expect, it } from "vitest";
import { responseOf, type Capture, captureInput, DEFAULT_RESPONSE, expiryOf } from "./capture.ts";

describe("a capture", () => {
  it("round-trips its response through the API", () => {
    const configured = {
      status: 503,
      contentType: "application/json",
      headers: { "x-a": "b" },
      body: "{}",
      delaySeconds: 2,
    };
    const { response } = captureInput("one", expiryOf("day", 0), configured);
    expect(responseOf({ response } as Capture)).toEqual(configured);
  });

  it("responds with 200 by default, and expires", () => {
    expect(responseOf({ response: null } as Capture)).toEqual(DEFAULT_RESPONSE);
    expect(expiryOf("hour", 0)).toBe("1970-01-01T01:00:00.000Z");
  });
});
