import { describe, expect, it } from "vitest";
import { SecretBox } from "../../lib/secret-box.ts";
import { encodeRequest, type InboundRequest, openRequest, requestOf, shownRequest } from "./request.ts";

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
    const json = encodeRequest(request, NONE, secretBox, "message 1");
    expect(json).not.toContain("s3cret");
    expect(openRequest(json, secretBox, "message 1")).toMatchObject({
      headers: request.headers,
      hidden: { headers: [false, true, false, false] },
    });
  });

  it("that was stored with a secret header in plain text is shown, filtered and passed on as if it were encrypted", () => {
    const json = JSON.stringify(request);
    expect(shownRequest(json).headers).toEqual(["X-Api-Key", "***", "X-Seen", "seen"]);
    expect(requestOf(json).headers).toEqual({ "x-seen": "seen" });
    expect(openRequest(json, secretBox, "message 1")).toMatchObject({
      headers: request.headers,
      hidden: { headers: [false, true, false, false] },
    });
  });
});
