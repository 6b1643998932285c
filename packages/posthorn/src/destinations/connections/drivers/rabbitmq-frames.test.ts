import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import type { KindMessage } from "../../kind.ts";
import type { ResultError } from "../driver.ts";
import { PublishFrames } from "./rabbitmq-frames.ts";

interface Encoder {
  readonly BasicPublish: number;
  readonly BasicProperties: number;
  encodeMethod(method: number, channel: number, fields: object): Buffer;
  encodeProperties(properties: number, channel: number, size: number, fields: object): Buffer;
}

/** The encoder of the client, which it does not export. */
const require = createRequire(import.meta.url);
const lib = join(dirname(require.resolve("amqplib")), "lib");
const client = require(join(lib, "defs.js")) as Encoder;
const { makeBodyFrame } = require(join(lib, "frame.js")) as {
  makeBodyFrame(channel: number, part: Uint8Array): Buffer;
};

const CHANNEL = 3;
const MAX_BYTES = 4096;
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
    ["webhook-signature", "v1,abc"],
    ["X-Größe", "ü€😀"],
    ["x-empty", ""],
  ],
  isTest: false,
};

function framesOf(exchange = "", routingKey = "events"): PublishFrames {
  return new PublishFrames({ channel: CHANNEL, exchange, routingKey, maxBytes: MAX_BYTES });
}

/** The client's encoding of a message. */
function expected({ body, ...message }: KindMessage, exchange = "", routingKey = "events"): Buffer {
  const fields = { exchange, routingKey, mandatory: true, immediate: false, ticket: 0 };
  const properties = {
    contentType: message.contentType,
    headers: Object.fromEntries(message.attributes),
    deliveryMode: 2,
    correlationId: "7",
    messageId: message.id,
    timestamp: Math.floor(message.createdAt / 1000),
    type: message.eventType,
  };
  const parts = [];
  for (let from = 0; from < body.byteLength; from += MAX_BYTES - 8) {
    parts.push(makeBodyFrame(CHANNEL, body.subarray(from, from + MAX_BYTES - 8)));
  }
  return Buffer.concat([
    client.encodeMethod(client.BasicPublish, CHANNEL, fields),
    client.encodeProperties(client.BasicProperties, CHANNEL, body.byteLength, properties),
    ...parts,
  ]);
}

it.each([
  ["text outside ASCII", MESSAGE],
  ["no headers and no content type", { ...MESSAGE, attributes: [], contentType: "" }],
  ["an empty body", { ...MESSAGE, body: new Uint8Array(0) }],
  ["a body that fills one frame", { ...MESSAGE, body: Buffer.alloc(MAX_BYTES - 8, 1) }],
  ["a body of three frames", { ...MESSAGE, body: Buffer.alloc(2 * MAX_BYTES, 2) }],
  ["a time after the year 2106", { ...MESSAGE, createdAt: 5_000_000_000_000 }],
  ["headers that fill most of a frame", { ...MESSAGE, attributes: [["x", "ü".repeat(1900)] as const] }],
])("encodes a message with %s as the client does", (_, message: KindMessage) => {
  expect(framesOf().of(message, "7").equals(expected(message))).toBe(true);
});

it("encodes messages after longer ones, to an exchange", () => {
  const frames = framesOf("größer", "a.b");
  frames.of({ ...MESSAGE, attributes: [["x", "y".repeat(3000)]] }, "6");
  expect(frames.of(MESSAGE, "7").equals(expected(MESSAGE, "größer", "a.b"))).toBe(true);
});

it("keeps the last of repeated headers", () => {
  const { attributes } = MESSAGE;
  const repeated = { ...MESSAGE, attributes: [["webhook-id", "other"] as const, ...attributes] };
  expect(framesOf().of(repeated, "7").equals(expected(MESSAGE))).toBe(true);
});

/** Why a message was not encoded. */
function resultOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as ResultError).result;
  }
  throw new Error("The protocol can express the message.");
}

it("rejects messages that the protocol cannot express, each with its own reason", () => {
  const named = { ...MESSAGE, attributes: [["ü".repeat(128), "value"] as const] };
  expect(resultOf(() => framesOf().of(named, "7"))).toMatchObject({
    kind: "refused",
    code: "message_invalid",
    sentence: expect.stringContaining("256 bytes"),
  });
  const large = { ...MESSAGE, attributes: [["x", "v".repeat(MAX_BYTES)] as const] };
  expect(resultOf(() => framesOf().of(large, "7"))).toMatchObject({
    kind: "refused",
    code: "message_too_large",
    sentence: expect.stringContaining("up to 4096"),
  });
});

it("fails messages to an exchange whose name is too long", () => {
  expect(resultOf(() => framesOf("ü".repeat(128)))).toMatchObject({ kind: "closed", code: "target_not_found" });
});

it.each([
  ["ASCII", "t".repeat(300), "t".repeat(255)],
  ["characters of two bytes", "ü".repeat(128), "ü".repeat(127)],
  ["characters of four bytes", `x${"😀".repeat(70)}`, `x${"😀".repeat(63)}`],
  ["the longest text that fits", `x${"ü".repeat(127)}`, `x${"ü".repeat(127)}`],
])("truncates content type and event type to 255 bytes of whole characters: %s", (_, long, kept) => {
  const message = { ...MESSAGE, contentType: long, eventType: long };
  expect(
    framesOf()
      .of(message, "7")
      .equals(expected({ ...MESSAGE, contentType: kept, eventType: kept })),
  ).toBe(true);
});
