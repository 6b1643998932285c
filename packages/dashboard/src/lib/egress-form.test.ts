import { describe, expect, it } from "vitest";
import { authFromForm, tlsFromForm } from "./egress-form.ts";

describe("credentials from a form", () => {
  it("contain only the fields of their type, without empty ones", () => {
    const values = { header: "x-signature", secret: " s ", algorithm: "sha256", template: "", user: "of another kind" };
    expect(authFromForm("hmac", values)).toEqual({
      type: "hmac",
      header: "x-signature",
      secret: "s",
      algorithm: "sha256",
    });
  });
});

describe("TLS settings from a form", () => {
  it("accept pins separated by line breaks or commas, and leave out empty fields", () => {
    expect(tlsFromForm({ ca: "", cert: "CERT", key: "KEY", pins: "aa\nbb, cc" })).toEqual({
      cert: "CERT",
      key: "KEY",
      pins: ["aa", "bb", "cc"],
    });
  });
});
