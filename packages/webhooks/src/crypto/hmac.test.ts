import { createHmac, hash } from "node:crypto";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { hmacKey } from "./hmac.ts";

/** Around the size of a block of the hash, and of the longest message that is hashed at once. */
const size = fc.oneof(fc.nat(300), fc.integer({ min: 16_250, max: 16_450 }), fc.constant(200_000));
const body = fc.tuple(size, fc.nat(255)).map(([length, first]) => new Uint8Array(length).fill(first));
const text = fc.oneof(fc.string({ maxLength: 80 }), fc.string({ unit: "binary", maxLength: 80 }));
const parts = fc.array(fc.oneof(body, text), { maxLength: 4 });
const key = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 150 }),
  fc.string({ unit: "binary", minLength: 1, maxLength: 90 }),
);
const encoding = fc.constantFrom("hex", "base64", "base64url");

function expected(
  secret: Uint8Array | string,
  message: readonly (Uint8Array | string)[],
  as: "hex" | "base64" | "base64url",
): string {
  const state = createHmac("sha256", secret);
  for (const part of message) state.update(part);
  return state.digest(as);
}

describe("the HMAC-SHA256 of a prepared key", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("is that of createHmac for every key, message, size and encoding, however often the key is used", () => {
    fc.assert(
      fc.property(key, fc.array(fc.tuple(parts, encoding), { minLength: 1, maxLength: 4 }), (secret, messages) => {
        const prepared = hmacKey("sha256", secret);
        for (const [message, as] of messages) {
          expect(prepared.macText(message, as)).toBe(expected(secret, message, as));
        }
      }),
    );
  });

  it("does not depend on the messages and keys that were used before", () => {
    const [one, other] = [hmacKey("sha256", "one"), hmacKey("sha256", "x".repeat(100))];
    const long = ["a long prefix", new Uint8Array(5000).fill(7)];
    for (const message of [long, ["short"], [], long]) {
      void other.macText(long, "hex");
      expect(one.macText(message, "hex")).toBe(expected("one", message, "hex"));
    }
  });

  it("does not change when the bytes of the secret change afterwards", () => {
    const secret = new Uint8Array(32).fill(1);
    const prepared = hmacKey("sha256", secret);
    const before = prepared.macText(["text"], "hex");
    secret.fill(2);
    expect(prepared.macText(["text"], "hex")).toBe(before);
  });

  it.each([
    ["has no one-shot hash", undefined],
    ["has one that returns another form", (algorithm: string, data: Uint8Array) => hash(algorithm, data, "hex")],
    [
      "has one that does not know the encoding",
      (): never => {
        throw new TypeError("unknown encoding");
      },
    ],
  ])("is the same in a runtime that %s", (_title, ofRuntime) => {
    const real = process.getBuiltinModule("node:crypto");
    vi.spyOn(process, "getBuiltinModule").mockReturnValue({ ...real, hash: ofRuntime });
    const prepared = hmacKey("sha256", new Uint8Array([1, 2, 3]));
    expect(prepared.macText(["text"], "hex")).toBe(expected(new Uint8Array([1, 2, 3]), ["text"], "hex"));
  });
});
