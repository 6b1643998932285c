import fc from "fast-check";
import { expect, it } from "vitest";
import type { KindMessage } from "../../kind.ts";
import { headersOf } from "./nats.ts";
import { publishFrame } from "./nats-frames.ts";

const MESSAGE: KindMessage = {
  id: "msg_1",
  eventType: "invoice.paid",
  eventId: null,
  orderingKey: null,
  channels: [],
  createdAt: 1_767_323_045_678,
  contentType: "application/json",
  body: Buffer.from('{"n":1.0}'),
  attributes: [
    ["webhook-id", "msg_1"],
    ["webhook-timestamp", "1767323045"],
    ["webhook-signature", "v1,abc"],
  ],
  isTest: false,
};
const MAX_BYTES = 100_000;

const frameOf = (message: Partial<KindMessage>, maxBytes = MAX_BYTES) =>
  publishFrame({ ...MESSAGE, ...message }, "events", "_INBOX.a.7", maxBytes);

/** As the client publishes it. */
function expected(message: KindMessage): { readonly frame: Buffer; readonly bytes: number } {
  const headers = (headersOf(message) as unknown as { encode(): Uint8Array }).encode();
  const bytes = headers.byteLength + message.body.byteLength;
  const start = `HPUB events _INBOX.a.7 ${headers.byteLength} ${bytes}\r\n`;
  return { frame: Buffer.concat([Buffer.from(start), headers, message.body, Buffer.from("\r\n")]), bytes };
}

const line = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 30 })
  .map((text) => text.replaceAll(/[\r\n]/g, "").trim())
  .filter((text) => text !== "");
const body = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  fc.nat(70_000).map((length) => Buffer.alloc(length, 1)),
);

it("is what the client sends, byte by byte, for every type, content type and body", () => {
  fc.assert(
    fc.property(line, line, body, (eventType, contentType, content) => {
      const message = { ...MESSAGE, eventType, contentType, body: Buffer.from(content) };
      const frame = frameOf(message);
      expect(frame!.equals(expected(message).frame)).toBe(true);
    }),
  );
});

it("is left to the client if its headers and body together are larger than the server accepts", () => {
  const { bytes } = expected(MESSAGE);
  expect(frameOf({}, bytes)).not.toBeNull();
  expect(frameOf({}, bytes - 1)).toBeNull();
  expect(frameOf({}, 0)).toBeNull();
});

it.each([
  ["a header of the endpoint", { attributes: [...MESSAGE.attributes, ["X-Tenant", "eu"]] }],
  ["a type of several lines", { eventType: "a\r\nNats-Msg-Id: other" }],
  ["a content type of several lines", { contentType: "text/plain\nX-Other: 1" }],
] as const)("is left to the client with %s", (_, message) => {
  expect(frameOf(message)).toBeNull();
});
