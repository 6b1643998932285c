import fc from "fast-check";
import { describe as suite, expect, test } from "vitest";
import { deduplicationKey, describe } from "../../src/provider/describe.ts";
import { answerHandshake, receiveProvider } from "../../src/provider/handshake.ts";
import type { ProviderDefinition } from "../../src/provider/types.ts";
import { tryVerifyProvider } from "../../src/provider/verify.ts";
import { providers } from "../../src/providers/index.ts";
import { vectors } from "./vectors.ts";

/** Header names of all vectors, so that random requests pass the check for missing headers. */
const HEADERS = [...new Set(vectors.flatMap(({ headers }) => Object.keys(headers).map((name) => name.toLowerCase())))];

const SCRAPS = [
  "",
  ",",
  "=",
  "t=1,v1=",
  "t=1768478400,t=1,v1=aa",
  "v0=",
  "sha256=",
  "Bearer a.b.c",
  "Basic !!!",
  "eyJhbGciOiJub25lIn0.e30.",
  "1768478400",
  "99999999999999999999",
  "{}",
  "[]",
  "null",
  '{"value":[null]}',
  '{"notificationItems":[null,{}]}',
  '{"signedPayload":"a.b.c"}',
  '{"Signature":"","SignatureVersion":"1","SigningCertURL":"x","Type":"Notification"}',
  '{"signature":null,"event":{"event_hash":1}}',
  "bt_signature=%7C&bt_payload=%00",
  "mandrill_events=[]",
  "\ud800",
];

const value = fc.oneof(fc.constantFrom(...SCRAPS), fc.string({ unit: "binary", maxLength: 40 }));
const body = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.constantFrom(...SCRAPS).map((text) => new TextEncoder().encode(text)),
  fc.json().map((text) => new TextEncoder().encode(text)),
);
const request = fc.record({
  method: fc.constantFrom("GET", "POST", "HEAD", "OPTIONS", "put"),
  url: fc.oneof(
    fc.constantFrom(
      "",
      "?",
      "/x?challenge=1&hub.mode=subscribe&crc_token=a&bt_challenge=zz",
      "https://[",
      "https://h/%",
    ),
    fc.webUrl({ withQueryParameters: true }),
  ),
  headers: fc.dictionary(fc.oneof(fc.constantFrom(...HEADERS), fc.string({ maxLength: 10 })), value, { maxKeys: 12 }),
  body,
});
const options = fc.record({
  secrets: fc.array(value, { maxLength: 2 }),
  publicKeys: fc.array(value, { maxLength: 2 }),
  config: fc.dictionary(
    fc.constantFrom("url", "publicKey", "webhookId", "audience", "topic", "timestampHeader"),
    value,
  ),
  allowUnsigned: fc.boolean(),
  fetchKey: fc.constantFrom(
    () => Promise.reject(new Error("offline")),
    () => Promise.resolve("nonsense"),
    () => Promise.resolve({ keys: [{}] }),
  ),
});

suite.each(Object.values(providers).map((definition): [string, ProviderDefinition] => [definition.id, definition]))(
  "%s",
  (_, definition) => {
    test("every request is accepted or rejected, and only a WebhookError is thrown", async () => {
      await fc.assert(
        fc.asyncProperty(request, options, async (given, chosen) => {
          // Each of these resolves for a WebhookError and rejects for any other error.
          await tryVerifyProvider(definition, given, chosen);
          await answerHandshake(definition, given, chosen);
          const { response } = await receiveProvider(definition, given, chosen);
          expect(response.status).toBeGreaterThanOrEqual(200);
          describe(definition, given);
          await deduplicationKey(definition, given);
        }),
        { numRuns: 100 },
      );
    });
  },
);

test("no response to a challenge is HTML or allows header injection", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.values(providers)), request, async (definition, given) => {
      const response = await answerHandshake(definition, given, {});
      const headers = Object.entries(response?.headers ?? {});
      expect(headers.filter(([name, text]) => name === "content-type" && text.includes("html"))).toEqual([]);
      expect(headers.filter(([, text]) => /[\r\n\0]/.test(text))).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});
