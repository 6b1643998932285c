import { describe, expect, it } from "vitest";
import { checkTotp, newTotpSecret, totpAt, totpUri } from "./totp.ts";
import { newRecoveryCodes, recoveryCodesLeft, useRecoveryCode } from "./recovery-codes.ts";

/** "12345678901234567890" in base32. */
const RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

describe("a one-time code", () => {
  it.each([
    [59, "94287082"],
    [1_111_111_109, "07081804"],
    [1_111_111_111, "14050471"],
    [1_234_567_890, "89005924"],
    [2_000_000_000, "69279037"],
    [20_000_000_000, "65353130"],
  ])("is that of RFC 6238, appendix B, at %i seconds", (seconds, code) => {
    expect(totpAt(RFC_SECRET, Math.floor(seconds / 30), 8)).toBe(code);
  });

  const NOW = 1_700_000_000_000;
  const step = Math.floor(NOW / 30_000);

  it("is accepted in its step and the two adjacent ones, with spaces, and in no other", () => {
    const accepted = [-2, -1, 0, 1, 2].map((by) => checkTotp(RFC_SECRET, totpAt(RFC_SECRET, step + by), NOW, null));
    expect(accepted).toEqual([null, step - 1, step, step + 1, null]);
    const code = totpAt(RFC_SECRET, step);
    expect(checkTotp(RFC_SECRET, `${code.slice(0, 3)} ${code.slice(3)}`, NOW, null)).toBe(step);
  });

  it("is rejected when it, or a later one, was used before", () => {
    const code = totpAt(RFC_SECRET, step);
    expect(checkTotp(RFC_SECRET, code, NOW, step - 1)).toBe(step);
    expect(checkTotp(RFC_SECRET, code, NOW, step)).toBeNull();
    expect(checkTotp(RFC_SECRET, code, NOW, step + 1)).toBeNull();
  });

  it.each(["", "12345", "1234567", "abcdef", "１２３４５６"])("is rejected if it is not six digits: %s", (code) => {
    expect(checkTotp(RFC_SECRET, code, NOW, null)).toBeNull();
  });
});

describe("the secret of one-time codes", () => {
  it("is new each time, and has 160 bits", () => {
    expect(newTotpSecret()).toMatch(/^[A-Z2-7]{32}$/);
    expect(newTotpSecret()).not.toBe(newTotpSecret());
  });

  it("is in the text of the QR code, with account and issuer", () => {
    const uri = new URL(totpUri(RFC_SECRET, "ada+x@engines.example", "Posthorn"));
    expect(uri.href).toMatch(/^otpauth:\/\/totp\/Posthorn:ada%2Bx%40engines\.example\?/);
    expect(Object.fromEntries(uri.searchParams)).toMatchObject({ secret: RFC_SECRET, issuer: "Posthorn", digits: "6" });
  });
});

describe("recovery codes", () => {
  it("work once each, in any notation, and do not affect the others", () => {
    const { codes, json } = newRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    expect(codes.some((code) => json.includes(code))).toBe(false);
    const rest = useRecoveryCode(json, ` ${codes[3]!.toUpperCase().replace("-", " ")} `);
    expect(recoveryCodesLeft(rest)).toBe(9);
    expect(useRecoveryCode(rest, codes[3]!)).toBeNull();
    expect(useRecoveryCode(rest, codes[4]!)).not.toBeNull();
    expect(useRecoveryCode(null, codes[4]!)).toBeNull();
  });
});
