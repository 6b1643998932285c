import { createCipheriv, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SecretBox } from "./secret-box.ts";

const key = randomBytes(32);
const secretBox = new SecretBox(key);

/** Seals a value as earlier versions did: directly with the key. */
function sealedBefore(text: string): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.of(1), iv, cipher.getAuthTag(), encrypted]);
}

describe("SecretBox", () => {
  it("opens what it sealed, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (given) => {
        const text = given.toWellFormed();
        expect(secretBox.open(secretBox.seal(text))).toBe(text);
      }),
    );
  });

  it("never seals a text to the same bytes twice, nor shows it in them", () => {
    const seals = Array.from({ length: 50 }, () => Buffer.from(secretBox.seal("whsec_a-secret-text")));
    expect(new Set(seals.map((seal) => seal.toString("hex"))).size).toBe(50);
    expect(seals.every((seal) => !seal.includes("secret"))).toBe(true);
  });

  it("opens bytes that are part of a larger buffer, as databases return them", () => {
    const sealed = secretBox.seal("text");
    const larger = new Uint8Array(sealed.length + 20);
    larger.set(sealed, 7);
    expect(secretBox.open(larger.subarray(7, 7 + sealed.length))).toBe("text");
  });

  it("opens values sealed by earlier versions, and rejects them when they were changed", () => {
    const sealed = sealedBefore("text");
    expect(secretBox.open(sealed)).toBe("text");
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 3;
      expect(secretBox.opens(changed)).toBe(false);
    }
    for (let length = 0; length < sealed.length; length++)
      expect(secretBox.opens(sealed.subarray(0, length))).toBe(false);
  });

  it("derives a key per value, so that no key gets near its usage limit", () => {
    const text = "the same text each time";
    const [one, other] = [Buffer.from(secretBox.seal(text)), Buffer.from(secretBox.seal(text))];
    const [salt, nonce] = [one.subarray(1, 17), one.subarray(17, 29)];
    expect(other.subarray(1, 17)).not.toEqual(salt);
    // The master key with the same nonce would produce the same key stream.
    const direct = createCipheriv("aes-256-gcm", key, nonce);
    expect(one.subarray(45)).not.toEqual(direct.update(text, "utf8"));
    const swapped = Buffer.concat([one.subarray(0, 1), other.subarray(1, 17), one.subarray(17)]);
    expect(secretBox.opens(swapped)).toBe(false);
  });

  it("rejects values sealed with another key, and names the setting", () => {
    const other = new SecretBox(randomBytes(32)).seal("text");
    expect(() => secretBox.open(other)).toThrow("POSTHORN_ENCRYPTION_KEY");
  });

  it("rejects bytes that were changed, truncated or extended", () => {
    const sealed = Buffer.from(secretBox.seal("text"));
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 1;
      expect(() => secretBox.open(changed)).toThrow("cannot be decrypted");
    }
    // Also for the empty text: a truncated tag must not be accepted.
    for (const whole of [sealed, Buffer.from(secretBox.seal(""))]) {
      for (let length = 0; length < whole.length; length++) {
        expect(() => secretBox.open(whole.subarray(0, length))).toThrow("cannot be decrypted");
      }
    }
    expect(() => secretBox.open(Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow("cannot be decrypted");
  });
});
