import { describe, expect, it } from "vitest";
import { SecretBox } from "../../lib/secret-box.ts";
import { encodeRequest, type InboundRequest, keepOpen, openRequest, requestOf, shownRequest } from "./request.ts";

const secretBox = SecretBox.withKey(Buffer.alloc(32, 1));
const NONE = { headers: new Set<string>(), query: false, path: false };
const request: InboundRequest = {
  method: "POST",
  path: "",
  query: "",
  headers: ["X-Api-Key", "s3cret", "X-Seen", "seen"],
  address: "127.0.0.1",
  origin: { provider: "generic", scheme: "none", trust: "none", deliveryId: null, occurredAt: null },
};

describe("an inbound request", () => {
  it("is stored with its secret headers encrypted for every provider, and passed on with them", () => {
    const { json } = encodeRequest(request, NONE, secretBox, "message 1");
    expect(json).not.toContain("s3cret");
    expect(openRequest(json, secretBox, "message 1")).toMatchObject({
      headers: request.headers,
      masked: ["X-Api-Key", null, "X-Seen", "seen"],
    });
  });

  it("that was stored with a secret header in plain text is shown, filtered and passed on as if it were encrypted", () => {
    const json = JSON.stringify(request);
    expect(shownRequest(json).headers).toEqual(["X-Api-Key", "***", "X-Seen", "seen"]);
    expect(requestOf(json).headers).toEqual({ "x-seen": "seen" });
    expect(openRequest(json, secretBox, "message 1")).toMatchObject({
      headers: request.headers,
      masked: ["X-Api-Key", null, "X-Seen", "seen"],
    });
  });

  it.each([
    ["with secrets", request, { headers: new Set(["x-seen"]), query: true, path: true }],
    ["without secrets", { ...request, headers: ["X-Seen", "\u{1f600}\ud800"] }, NONE],
  ])("that is forwarded at once is the same as from its stored form, %s", (_, received, credentials) => {
    const whole = { ...received, path: "/a", query: "b=1" };
    const encoded = encodeRequest(whole, credentials, secretBox, "message 2");
    const stored = openRequest(encoded.json, secretBox, "message 2");
    keepOpen("message 2", encoded, 2);
    // From here on, only the kept request can be opened.
    const otherBox = SecretBox.withKey(Buffer.alloc(32, 2));
    for (let endpoint = 0; endpoint < 2; endpoint++)
      expect(openRequest(encoded.json, otherBox, "message 2")).toEqual(stored);
    expect(openRequest(encoded.json, secretBox, "message 2")).not.toBe(encoded.opened);
  });

  it("that was replaced in the database is not the one that was kept", () => {
    const encoded = encodeRequest(request, NONE, secretBox, "message 3");
    keepOpen("message 3", encoded, 1);
    const { json } = encodeRequest({ ...request, query: "a=1" }, NONE, secretBox, "message 3");
    expect(openRequest(json, secretBox, "message 3").query).toBe("a=1");
  });

  it("is kept only while few others are", () => {
    const encoded = encodeRequest(request, NONE, secretBox, "message 4");
    keepOpen("message 4", encoded, 1);
    for (let other = 0; other < 256; other++) keepOpen(`other ${other}`, encoded, 1);
    expect(openRequest(encoded.json, secretBox, "message 4")).not.toBe(encoded.opened);
  });
});
