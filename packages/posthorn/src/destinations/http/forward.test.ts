import { expect, it } from "vitest";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import { SecretBox } from "../../lib/secret-box.ts";
import { forwardedRequest } from "./forward.ts";

const REQUEST = {
  method: "POST",
  path: "",
  query: "",
  headers: ["X-Seen", "seen"],
  address: "203.0.113.7",
  origin: { provider: "generic", scheme: "none", trust: "none", deliveryId: null, occurredAt: null },
};

it("hides the secret headers of the endpoint, although the request has none", () => {
  const endpoint = {
    url: "https://example.com/",
    forward: { method: false, path: false, query: false },
    headers: ["X-Api-Key", "s3cret"],
    headerNames: new Set(["x-api-key"]),
    maskedHeaders: ["X-Api-Key", null],
  } as Partial<DirectoryEndpoint> as DirectoryEndpoint;
  const { headers, masked } = forwardedRequest({
    messageId: "msg_1",
    endpoint,
    requestJson: JSON.stringify(REQUEST),
    families: ["webhook"],
    userAgent: "",
    secretBox: SecretBox.withKey(Buffer.alloc(32, 1)),
    changed: null,
  });
  expect(headers.slice(-2)).toEqual(["X-Api-Key", "s3cret"]);
  expect(masked).toEqual([...headers.slice(0, -1), null]);
});
