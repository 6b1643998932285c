import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  concatBytes,
  decodeBase64,
  decodeBase64Url,
  decodeBytes,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeBase64Url,
  encodeBytes,
  encodeHex,
  equalBytes,
  equalText,
  utf8,
} from "./encoding.ts";

const bytes = fc.uint8Array({ maxLength: 100 });

describe("codecs", () => {
  it("agree with Node's Buffer, and decode what they encode", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const buffer = Buffer.from(value);
        expect(encodeHex(value)).toBe(buffer.toString("hex"));
        expect(encodeBase64(value)).toBe(buffer.toString("base64"));
        expect(encodeBase64Url(value)).toBe(buffer.toString("base64url"));
        for (const encoding of ["hex", "base64", "base64url"] as const) {
          expect(decodeBytes(encodeBytes(value, encoding), encoding)).toEqual(value);
        }
      }),
    );
  });

  it("never throw, and accept only one encoding of a value", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const encoding of ["base64", "base64url"] as const) {
          const value = decodeBytes(text, encoding);
          if (value === undefined) continue;
          const bare = (written: string) => written.replace(/=+$/, "");
          expect(bare(encodeBytes(value, encoding))).toBe(bare(text));
        }
        const hex = decodeHex(text);
        expect(hex === undefined ? text.toLowerCase() : encodeHex(hex)).toBe(text.toLowerCase());
      }),
    );
  });

  it.each(["A", "AAA==", "AA=", "AB==", "AAB=", "AA==AA==", "A A=", "AA\n==", "AA-_", "===="])(
    "base64 refuses %j",
    (text) => {
      expect(decodeBase64(text)).toBeUndefined();
    },
  );

  it("base64url refuses the other alphabet", () => {
    expect(decodeBase64Url("AA+/")).toBeUndefined();
    expect(decodeBase64Url("AA-_")).toEqual(decodeBase64("AA+/"));
  });

  it.each(["a", "0g", "0x00", " 00"])("hex refuses %j", (text) => {
    expect(decodeHex(text)).toBeUndefined();
  });

  it("UTF-8 keeps a byte order mark and refuses broken sequences", () => {
    expect(decodeUtf8(utf8("\ufeffé"))).toBe("\ufeffé");
    expect(decodeUtf8(Uint8Array.of(0xc3, 0x28))).toBeUndefined();
  });

  it("joins parts in order", () => {
    expect(concatBytes([utf8("a"), utf8(""), utf8("bc")])).toEqual(utf8("abc"));
  });
});

describe("comparison", () => {
  it("agrees with equality on any two values", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(equalBytes(a, a.slice())).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(equalText(a, b)).toBe(a === b);
        expect(equalText(a, a)).toBe(true);
      }),
    );
  });

  it("does not accept a repetition or a prefix of the expected value", () => {
    expect(equalText("abab", "ab")).toBe(false);
    expect(equalText("ab", "abab")).toBe(false);
    expect(equalText("", "a")).toBe(false);
    expect(equalText("a", "")).toBe(false);
  });
});
