import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyIdOf, SecretBox } from "./secret-box.ts";

const PLACE = "endpoint.headers_sealed 1";
const key = randomBytes(32);
const secretBox = SecretBox.withKey(key);

/** Encrypts a value as earlier versions did: directly with the key (1), or with a key derived from it (2). */
function sealedBefore(version: 1 | 2, text: string): Buffer {
  const salt = version === 1 ? Buffer.alloc(0) : randomBytes(16);
  const derived = createHmac("sha256", key).update("posthorn sealed value").update(salt).update(Buffer.of(1)).digest();
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", version === 1 ? key : derived, iv);
  const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.of(version), salt, iv, cipher.getAuthTag(), encrypted]);
}

describe("SecretBox", () => {
  it("decrypts any text that it encrypted", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (given) => {
        const text = given.toWellFormed();
        expect(secretBox.open(secretBox.seal(text, PLACE), PLACE)).toBe(text);
      }),
    );
  });

  it("never encrypts a text to the same bytes twice, and never to bytes that contain it", () => {
    const seals = Array.from({ length: 50 }, () => Buffer.from(secretBox.seal("whsec_a-secret-text", PLACE)));
    expect(new Set(seals.map((seal) => seal.toString("hex"))).size).toBe(50);
    expect(seals.every((seal) => !seal.includes("secret"))).toBe(true);
  });

  it("decrypts bytes that are part of a larger buffer, as databases return them", () => {
    const sealed = secretBox.seal("text", PLACE);
    const larger = new Uint8Array(sealed.length + 20);
    larger.set(sealed, 7);
    expect(secretBox.open(larger.subarray(7, 7 + sealed.length), PLACE)).toBe("text");
  });

  it.each([1, 2] as const)("decrypts values of version %d, and rejects them when they were changed", (version) => {
    const sealed = sealedBefore(version, "text");
    expect(keyIdOf(sealed)).toBe(0);
    expect(secretBox.open(sealed, PLACE)).toBe("text");
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 3;
      expect(secretBox.opens(changed, PLACE)).toBe(false);
    }
    for (let length = 0; length < sealed.length; length++)
      expect(secretBox.opens(sealed.subarray(0, length), PLACE)).toBe(false);
  });

  it("rejects a value that was moved to another column or row", () => {
    const sealed = secretBox.seal("text", PLACE);
    for (const other of ["endpoint.headers_sealed 2", "endpoint.egress_sealed 1", "endpoint.headers_sealed", ""])
      expect(secretBox.opens(sealed, other)).toBe(false);
  });

  it("encrypts no value with the data key itself, and none with the nonce of another", () => {
    const text = "the same text each time";
    const [one, other] = [secretBox, secretBox].map((box) => Buffer.from(box.seal(text, PLACE))) as [Buffer, Buffer];
    const nonce = one.subarray(21, 33);
    expect(other.subarray(21, 33)).not.toEqual(nonce);
    const direct = createCipheriv("aes-256-gcm", key, nonce);
    expect(one.subarray(49)).not.toEqual(direct.update(text, "utf8"));
    const fresh = Buffer.from(SecretBox.withKey(key).seal(text, PLACE));
    expect(fresh.subarray(5, 21)).not.toEqual(one.subarray(5, 21));
  });

  it("decrypts values of every key it has, and encrypts with the current one", () => {
    const [first, second] = [randomBytes(32), randomBytes(32)];
    const box = new SecretBox({ sealing: 7, keys: new Map([[7, first]]) });
    const older = box.seal("older", PLACE);
    box.useKeys({
      sealing: 4_000_000_000,
      keys: new Map([
        [7, first],
        [4_000_000_000, second],
      ]),
    });
    const newer = box.seal("newer", PLACE);
    expect([keyIdOf(older), keyIdOf(newer)]).toEqual([7, 4_000_000_000]);
    expect([box.open(older, PLACE), box.open(newer, PLACE)]).toEqual(["older", "newer"]);
    let asked = 0;
    box.onUnknownKey = () => void asked++;
    box.useKeys({ sealing: 4_000_000_000, keys: new Map([[4_000_000_000, second]]) });
    expect(() => box.open(older, PLACE)).toThrow("data key 7");
    expect(asked).toBe(1);
  });

  it("derives another key once one has encrypted its maximum number of values", () => {
    const box = new SecretBox({ sealing: 1, keys: new Map([[1, key]]) }, 100);
    const salts = Array.from({ length: 201 }, () => Buffer.from(box.seal("", PLACE)).toString("hex", 5, 21));
    expect([new Set(salts.slice(0, 100)).size, new Set(salts).size]).toEqual([1, 3]);
  });

  it("rejects values encrypted with another key, and names the setting", () => {
    const other = SecretBox.withKey(randomBytes(32)).seal("text", PLACE);
    expect(() => secretBox.open(other, PLACE)).toThrow("POSTHORN_ENCRYPTION_KEY");
  });

  it("rejects bytes that were changed, truncated or extended", () => {
    const sealed = Buffer.from(secretBox.seal("text", PLACE));
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 1;
      expect(() => secretBox.open(changed, PLACE)).toThrow("cannot be decrypted");
    }
    // Also for the empty text: a truncated tag must not be accepted.
    for (const whole of [sealed, Buffer.from(secretBox.seal("", PLACE))]) {
      for (let length = 0; length < whole.length; length++) {
        expect(() => secretBox.open(whole.subarray(0, length), PLACE)).toThrow("cannot be decrypted");
      }
    }
    expect(() => secretBox.open(Buffer.concat([sealed, Buffer.alloc(1)]), PLACE)).toThrow("cannot be decrypted");
  });
});
