import { createHash } from "node:crypto";
import fc from "fast-check";
import { generate, type IPublishPacket, type Packet } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { type LargePublish, MqttFrames } from "./mqtt-frames.ts";

const MAX_BYTES = 70_000;

/** Runs packets through a reader in chunks of these sizes, and returns the passed and the skipped parts. */
function read(packets: readonly Packet[], version: 4 | 5, sizes: readonly number[]) {
  const passed: Buffer[] = [];
  const large: LargePublish[] = [];
  let skipped = 0;
  const frames = new MqttFrames(MAX_BYTES, version, {
    pass: (bytes) => passed.push(Buffer.from(bytes)),
    large: (message) => large.push(message),
    skipped: (bytes) => (skipped += bytes),
  });
  const stream = Buffer.concat(packets.map((packet) => generate(packet, { protocolVersion: version })));
  for (let at = 0, index = 0; at < stream.byteLength; index++) {
    const size = sizes[index % sizes.length]!;
    frames.push(stream.subarray(at, at + size));
    at += size;
  }
  return { passed: Buffer.concat(passed), large, skipped };
}

const publish = (topic: string, bytes: number, more: Partial<IPublishPacket> = {}): IPublishPacket => ({
  cmd: "publish",
  topic,
  payload: Buffer.alloc(bytes, topic),
  qos: 1,
  messageId: 7,
  dup: false,
  retain: false,
  ...more,
});

describe("the stream of an MQTT broker", () => {
  it("passes on packets unchanged, except messages that are too large, however it is divided", () => {
    const packet = fc.oneof(
      fc.record({ topic: fc.constantFrom("a", "b/c"), bytes: fc.integer({ min: 0, max: 300 }) }),
      fc.record({ topic: fc.constantFrom("a", "long/topic"), bytes: fc.integer({ min: 69_900, max: 140_000 }) }),
    );
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 65_536 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 5 }),
        sizes,
        fc.constantFrom(4 as const, 5 as const),
        (specs, of, version) => {
          const packets = specs.map(({ topic, bytes }, index) => publish(topic, bytes, { messageId: index + 1 }));
          const lengthOf = (one: Packet): number => generate(one, { protocolVersion: version }).byteLength;
          const fits = (one: Packet): boolean => lengthOf(one) - headerOf(lengthOf(one)) <= MAX_BYTES;
          // Chunks of single bytes of several large messages would take long.
          const chunks =
            of.every((size) => size < 100) && specs.some(({ bytes }) => bytes > 1000) ? [...of, 65_536] : of;
          const { passed, large, skipped } = read(packets, version, chunks);
          const expected = packets.filter((one) => fits(one));
          expect(passed.equals(Buffer.concat(expected.map((one) => generate(one, { protocolVersion: version }))))).toBe(
            true,
          );
          const dropped = packets.filter((one) => !fits(one));
          expect(large.map(({ topic, messageId, bytes }) => [topic, messageId, bytes])).toEqual(
            dropped.map(({ topic, messageId, payload }) => [topic, messageId, payload.length]),
          );
          expect(skipped).toBe(dropped.reduce((sum, one) => sum + lengthOf(one) - headerOf(lengthOf(one)), 0));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("keeps topic, packet identifier and beginning of a message that is too large", () => {
    const properties = { contentType: "text/plain", userProperties: { a: "b" } };
    const packet = publish("plant/7", 200_000, { properties });
    expect(read([packet], 5, [1000]).large).toEqual([
      {
        topic: "plant/7",
        qos: 1,
        messageId: 7,
        bytes: 200_000,
        sha256: createHash("sha256").update(Buffer.alloc(200_000, "plant/7")).digest("hex"),
        head: Buffer.alloc(200_000, "plant/7").subarray(0, 32_768),
      },
    ]);
    const [unacknowledged] = read([publish("a", 200_000, { qos: 0 })], 4, [65_536]).large;
    expect(unacknowledged).toMatchObject({ qos: 0, messageId: undefined });
  });
});

/** Bytes of a fixed header, by the length of the packet. */
function headerOf(length: number): number {
  if (length <= 129) return 2;
  return length <= 16_386 ? 3 : 4;
}
