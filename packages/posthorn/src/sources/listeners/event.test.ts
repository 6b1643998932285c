import { describe, expect, it } from "vitest";
import type { SourceEvent, Unreadable } from "../source-event.ts";
import { type BrokerMessage, deliver } from "./event.ts";
import { EXTRA_BYTES, HEAD_BYTES } from "./large-messages.ts";
import type { ListenHost } from "./listener.ts";

const MAX_BYTES = 1000;
const PLACE = { topic: "orders", reference: "offset 7 of partition 1" };

/** Delivers a message, and returns what happened to it. */
async function delivered(body: Uint8Array, read: () => BrokerMessage) {
  const events: SourceEvent[] = [];
  const entries: Unreadable[] = [];
  const host = {
    maxBodyBytes: MAX_BYTES,
    deliver: (event: SourceEvent) => Promise.resolve(void events.push(event)),
    quarantine: (entry: Unreadable) => Promise.resolve(void entries.push(entry)),
  };
  await deliver(host as unknown as ListenHost, "order", { place: PLACE, body, read });
  return { events, entries };
}

const messageOf = (body: Uint8Array): BrokerMessage => ({
  id: "m1",
  body,
  contentType: null,
  occurredAt: null,
  metadata: [],
  headers: [],
  topic: "orders",
});

describe("a message of a broker", () => {
  it("that cannot be decoded is quarantined with its beginning and its position, and its delivery succeeds", async () => {
    const body = Buffer.alloc(HEAD_BYTES + 1, "x");
    const { events, entries } = await delivered(body, () => {
      throw new TypeError("Buffer too short");
    });
    expect(events).toEqual([]);
    expect(entries).toEqual([
      {
        reason: "message_unreadable",
        detail: expect.stringContaining("(Buffer too short; offset 7 of partition 1)"),
        body: body.subarray(0, HEAD_BYTES),
        contentType: "application/octet-stream",
      },
    ]);
  });

  it("that is a little too large is quarantined whole, and a larger one with its beginning, size and hash", async () => {
    for (const [bytes, kept, hash] of [
      [MAX_BYTES + 1, MAX_BYTES + 1, false],
      [MAX_BYTES + EXTRA_BYTES, MAX_BYTES + EXTRA_BYTES, false],
      [MAX_BYTES + EXTRA_BYTES + 1, HEAD_BYTES, true],
    ] as const) {
      const body = Buffer.alloc(bytes);
      const { events, entries } = await delivered(body, () => messageOf(body));
      expect(events).toEqual([]);
      expect(entries).toHaveLength(1);
      expect(entries[0]).toMatchObject({ reason: "too_large", detail: expect.stringContaining(`has ${bytes} bytes`) });
      expect([entries[0]!.body.byteLength, entries[0]!.detail.includes("SHA-256")]).toEqual([kept, hash]);
    }
    expect((await delivered(Buffer.alloc(MAX_BYTES), () => messageOf(Buffer.alloc(MAX_BYTES)))).events).toHaveLength(1);
  });
});
