import { describe, expect, it } from "vitest";
import { authFromForm, tlsFromForm } from "./egress-form.ts";

describe("credentials from a form", () => {
  it("hold the fields of their kind and no others, and none that is empty", () => {
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
  it("take pins one a line or with commas, and leave out what is empty", () => {
    expect(tlsFromForm({ ca: "", cert: "CERT", key: "KEY", pins: "aa\nbb, cc" })).toEqual({
      cert: "CERT",
      key: "KEY",
      pins: ["aa", "bb", "cc"],
    });
  });
});
