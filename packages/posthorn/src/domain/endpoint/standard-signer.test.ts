import { createSigner } from "@posthorn/webhooks";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { standardSigner } from "./standard-signer.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ED25519 = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==";
const id = fc.stringMatching(/^[!-\-/-~]{1,40}$/);
const time = fc.nat(4_000_000_000);
/** Around the size of a block of the hash, and of the longest message that is hashed at once. */
const size = fc.oneof(fc.nat(300), fc.integer({ min: 16_250, max: 16_450 }), fc.constant(200_000));
const body = fc.tuple(size, fc.nat(255)).map(([length, first]) => Buffer.from({ length }).fill(first));
const key = fc.uint8Array({ minLength: 1, maxLength: 150 });

describe("signatures of an endpoint", () => {
  it("are those of createSigner for every key, message and size", () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 2 }), id, time, body, (keys, ...message) => {
        expect(standardSigner(keys).signSync(...message)).toBe(createSigner(keys).signSync(...message));
      }),
    );
  });

  it.each([[[SECRET]], [[SECRET, OTHER]], [[ED25519]]])(
    "are those of createSigner for the secrets %j",
    async (secrets) => {
      const message = ["msg_1", 1_764_450_000, Buffer.from('{"a":1}')] as const;
      const signer = standardSigner(secrets);
      const expected = createSigner(secrets).signSync(...message);
      expect(signer.signSync(...message)).toBe(expected);
      expect(await signer.sign(...message)).toBe(expected);
      expect(signer.signSync("msg_1", 1, "text")).toBe(createSigner(secrets).signSync("msg_1", 1, "text"));
    },
  );

  it("do not depend on the message that was signed before", () => {
    const [one, other] = [standardSigner([SECRET]), standardSigner([OTHER])];
    const first = one.signSync("msg_1", 1, Buffer.from("a long body of the first message"));
    other.signSync("msg_2", 2, Buffer.from("short"));
    expect(one.signSync("msg_1", 1, Buffer.from("a long body of the first message"))).toBe(first);
  });

  it.each([
    ["an ID with a full stop", "msg.1", 1],
    ["an empty ID", "", 1],
    ["a time before 1970", "msg_1", -1],
    ["a part of a second", "msg_1", 1.5],
  ])("are refused for %s", (_, messageId, timestamp) => {
    expect(() => standardSigner([SECRET]).signSync(messageId, timestamp, Buffer.from("{}"))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(?:id|argument)_invalid$/) as string }),
    );
  });
});
