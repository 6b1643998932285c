import { describe, expect, it } from "vitest";
import { answerOf, type Capture, captureInput, DEFAULT_ANSWER, expiryOf } from "./capture.ts";

describe("a capture", () => {
  it("comes back from the server with the answer that was set", () => {
    const answer = {
      status: 503,
      contentType: "application/json",
      headers: { "x-a": "b" },
      body: "{}",
      delaySeconds: 2,
    };
    const { response } = captureInput("one", expiryOf("day", 0), answer);
    expect(answerOf({ response } as Capture)).toEqual(answer);
  });

  it("answers ok until something is set, and ends", () => {
    expect(answerOf({ response: null } as Capture)).toEqual(DEFAULT_ANSWER);
    expect(expiryOf("hour", 0)).toBe("1970-01-01T01:00:00.000Z");
  });
});
