import { describe, expect, it } from "vitest";
import { HARMLESS_HEADERS, SECRET_HEADERS } from "../../test/support/secret-headers.ts";
import { isSecretHeader, masked } from "./secret-headers.ts";

describe("a header", () => {
  it.each(SECRET_HEADERS)("that carries a secret by its name is hidden: %s", (name) => {
    for (const spelling of [name, name.toUpperCase(), name.replaceAll("-", "_")]) {
      expect(isSecretHeader(spelling, "value")).toBe(true);
    }
  });

  it.each([
    "Bearer abc",
    "basic YTpi",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
    "Token abc",
    "sk_live_abc",
    "ghp_abc",
    "xoxb-1-2",
    "whsec_abc",
    "AKIAIOSFODNN7EXAMPLE",
  ])("that carries a secret by its value is hidden: %s", (value) =>
    expect(isSecretHeader("x-other", value)).toBe(true),
  );

  it.each(HARMLESS_HEADERS)("that carries none is shown: %s", (name) => {
    expect(isSecretHeader(name, "value")).toBe(false);
  });

  it("keeps its place in the list", () => {
    expect(masked(["X-A", "1", "X-Token", "2", "X-B", "3"])).toEqual(["X-A", "1", "X-Token", null, "X-B", "3"]);
  });
});
