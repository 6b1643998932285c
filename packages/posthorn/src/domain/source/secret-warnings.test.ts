import { describe, expect, it } from "vitest";
import { secretWarnings } from "./secret-warnings.ts";

const codes = (secret: string) => secretWarnings("secret", secret).map(({ code }) => code);

describe("a secret", () => {
  it.each(["s3cret\n", "s3cret\r\n", " s3cret", "\ts3cret", "s3cret\u00a0", "\ufeffs3cret", "s3cret\u200b", " "])(
    "with white space at an end is reported: %j",
    (secret) => expect(codes(secret)).toEqual(["secret_whitespace"]),
  );

  it.each(['"s3cret"', "'s3cret'", "`s3cret`", '"s3cret', "s3cret'", "“s3cret”", "„s3cret“", "«s3cret»", '"'])(
    "with a quotation mark at an end is reported: %j",
    (secret) => expect(codes(secret)).toEqual(["secret_quoted"]),
  );

  it("with both is reported for both", () => {
    expect(codes('"s3cret"\n')).toEqual(["secret_whitespace", "secret_quoted"]);
  });

  it.each(["s3cret", 's3"c r\net', "whsec_AAAA=", "user:pass word", "", "-----BEGIN PUBLIC KEY-----\nMA==\n"])(
    "without either at its ends is not reported: %j",
    (secret) => expect(codes(secret)).toEqual([]),
  );

  it("is never part of the warning, which names the field and the line feed", () => {
    const [warning] = secretWarnings("secrets[1]", "s3cret\n");
    expect(warning).toMatchObject({ field: "secrets[1]", message: expect.stringContaining("ends with a line feed") });
    expect(JSON.stringify(warning)).not.toContain("s3cret");
  });

  it("of the maximum length is checked without delay", () => {
    expect(codes(`${" ".repeat(16_000)}a${" ".repeat(300)}`)).toEqual(["secret_whitespace"]);
  });
});
