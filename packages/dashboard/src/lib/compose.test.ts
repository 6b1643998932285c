import { describe, expect, it } from "vitest";
import { composeMessage } from "./compose.ts";
import { bodyOf } from "./publish-body.ts";
import { publishSnippets } from "./publish-snippets.ts";

describe("a composed message", () => {
  it("has the payload as typed, and only the fields that were filled in", () => {
    const message = composeMessage({
      eventType: " a.b ",
      payload: ' {"n":1.0} ',
      tags: "x, ,y",
      delay: "600",
      key: "k",
    })!;
    expect(message.idempotencyKey).toBe("k");
    expect(bodyOf(message)).toBe('{"eventType":"a.b","payload":{"n":1.0},"tags":["x","y"],"delaySeconds":600}');
    expect(bodyOf(composeMessage({ eventType: "a" })!)).toBe('{"eventType":"a","payload":{}}');
    expect(composeMessage({ eventType: "a", delay: "7" })!.fields).toEqual({});
  });

  it("is refused if its payload is not JSON", () => {
    expect(composeMessage({ eventType: "a", payload: "{" })).toBeNull();
  });

  it("is published by each snippet with its fields and its key, which cannot end the code around them", () => {
    const { idempotencyKey, ...message } = composeMessage({ eventType: "a", tags: "x", key: `k"'\\` })!;
    const snippets = publishSnippets({ url: "https://posthorn.test", app: "acme", ...message, idempotencyKey });
    expect(snippets).toHaveLength(9);
    for (const { code } of snippets) {
      expect(code.toLowerCase()).toContain("idempotency-key");
      expect(code).toMatch(/tags\\?":\[\\?"x\\?"\]/);
      expect(code).not.toContain(`"k"'`);
    }
    const plain = publishSnippets({ url: "https://posthorn.test", app: "acme", eventType: "a", payload: "{}" });
    for (const { code } of plain) expect(code.toLowerCase()).not.toContain("idempotency-key");
  });
});
