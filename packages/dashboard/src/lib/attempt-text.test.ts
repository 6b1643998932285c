import { describe, expect, it } from "vitest";
import { requestText, responseText } from "./attempt-text.ts";

describe("an attempt as text", () => {
  it("has the request with its headers by name, and marks secrets", () => {
    const headers = [
      { name: "Webhook-Id", value: "msg_1" },
      { name: "authorization", value: null },
    ];
    const text = requestText({ method: "POST", url: "https://a.example/", headers }, ["{", "}"], "(not stored)");
    expect(text).toBe("POST https://a.example/\nauthorization: (not stored)\nwebhook-id: msg_1\n\n{\n}");
  });

  it("says when there was no response", () => {
    const texts = { hidden: "-", none: "No response" };
    expect(responseText(0, [], [], texts)).toBe("No response\n");
    expect(responseText(502, [{ name: "via", value: "b" }], ["x"], texts)).toBe("HTTP 502 Bad Gateway\nvia: b\n\nx");
  });
});
