import { describe, expect, it } from "vitest";
import { parseMailAddress, parseMailUrl } from "./mail.ts";

describe("the URL of the mail server", () => {
  it("uses TLS from the start, or STARTTLS, unless it specifies otherwise", () => {
    const none = { username: null, password: null };
    expect(parseMailUrl("")).toBeNull();
    expect(parseMailUrl("smtps://mail.example.com")).toEqual({
      host: "mail.example.com",
      port: 465,
      security: "tls",
      ...none,
    });
    expect(parseMailUrl("smtp://u%40x:p%25w@mail.example.com:2525")).toEqual({
      host: "mail.example.com",
      port: 2525,
      security: "starttls",
      username: "u@x",
      password: "p%w",
    });
    expect(parseMailUrl("smtp://[::1]:25?security=none")).toMatchObject({ host: "[::1]", security: "none" });
  });

  it.each([
    "mail.example.com:587",
    "http://mail.example.com",
    "smtp://",
    "smtp://mail.example.com/path",
    "smtp://user@mail.example.com",
    "smtp://u:p%zz@mail.example.com",
    "smtp://mail.example.com?security=maybe",
    "smtps://mail.example.com?security=none",
    "smtp://mail.example.com?tls=1",
  ])("is refused as %s", (url) => {
    expect(() => parseMailUrl(url)).toThrow(Error);
  });

  it("does not show the password in an error", () => {
    expect(() => parseMailUrl("smtp://user:hunter2@mail.example.com/x")).toThrow(/^(?!.*hunter2)/);
  });
});

describe("an email address for a mail server", () => {
  it("is one address", () => {
    expect(parseMailAddress(" posthorn@example.com ")).toBe("posthorn@example.com");
    for (const text of ["posthorn", "a@b, c@d", "A <a@b.example>", "a@b\nBcc: c@d"]) {
      expect(() => parseMailAddress(text)).toThrow("is not an email address");
    }
  });
});
