import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Vault } from "./vault.ts";

const vault = new Vault(randomBytes(32));

describe("Vault", () => {
  it("opens what it sealed, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (given) => {
        const text = given.toWellFormed();
        expect(vault.open(vault.seal(text))).toBe(text);
      }),
    );
  });

  it("never seals the same text to the same bytes, nor shows it in them", () => {
    const seals = Array.from({ length: 50 }, () => Buffer.from(vault.seal("whsec_a-secret-text")));
    expect(new Set(seals.map((seal) => seal.toString("hex"))).size).toBe(50);
    expect(seals.every((seal) => !seal.includes("secret"))).toBe(true);
  });

  it("opens bytes that stand within a larger buffer, as a database hands them out", () => {
    const sealed = vault.seal("text");
    const larger = new Uint8Array(sealed.length + 20);
    larger.set(sealed, 7);
    expect(vault.open(larger.subarray(7, 7 + sealed.length))).toBe("text");
  });

  it("refuses what was sealed with another key, and names the setting", () => {
    const other = new Vault(randomBytes(32)).seal("text");
    expect(() => vault.open(other)).toThrow("POSTHORN_ENCRYPTION_KEY");
  });

  it("refuses bytes of which one was changed, cut off or added", () => {
    const sealed = Buffer.from(vault.seal("text"));
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 1;
      expect(() => vault.open(changed)).toThrow("cannot be decrypted");
    }
    // The empty text too: a part of its tag must not do for the whole.
    for (const whole of [sealed, Buffer.from(vault.seal(""))]) {
      for (let length = 0; length < whole.length; length++) {
        expect(() => vault.open(whole.subarray(0, length))).toThrow("cannot be decrypted");
      }
    }
    expect(() => vault.open(Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow("cannot be decrypted");
  });
});
