import { eventually, usedMemory } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { HARMLESS_HEADERS, SECRET_HEADERS } from "../../test/support/secret-headers.ts";
import { isSecretHeader, isSecretResponseHeader, masked } from "./secret-headers.ts";

describe("a header", () => {
  it.each(SECRET_HEADERS)("whose name implies a secret is hidden: %s", (name) => {
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
  ])("whose value is a secret is hidden: %s", (value) => expect(isSecretHeader("x-other", value)).toBe(true));

  it.each(HARMLESS_HEADERS)("without a secret is shown: %s", (name) => {
    expect(isSecretHeader(name, "value")).toBe(false);
  });

  it("keeps its position in the list", () => {
    expect(masked(["X-A", "1", "X-Token", "2", "X-B", "3"])).toEqual(["X-A", "1", "X-Token", null, "X-B", "3"]);
  });
});

describe("a header of a response", () => {
  const challenge = "www-authenticate";

  it.each(SECRET_HEADERS.filter((name) => name !== challenge))("is hidden by the same list: %s", (name) => {
    expect(isSecretResponseHeader(name, "value")).toBe(true);
  });

  it.each([
    ["WWW-Authenticate", 'Bearer error="invalid_token"'],
    ["Proxy-Authenticate", "Basic"],
    ["Access-Control-Allow-Credentials", "true"],
    ["X-RateLimit-Remaining-Tokens", "5"],
    ["Content-Type", "text/plain"],
    ["Cache-Control", "private"],
  ])("is shown if it is public: %s", (name, value) => {
    expect(isSecretResponseHeader(name, value)).toBe(false);
  });

  it("is hidden when its value is a credential", () => {
    expect(isSecretResponseHeader("x-echo", "Bearer abc")).toBe(true);
  });
});

it("long names of headers are not remembered", async () => {
  const before = usedMemory();
  for (let number = 0; number < 2000; number++) isSecretHeader(`x-${number}-${Buffer.alloc(8000, "p").toString()}`, "");
  // What is created while the collector marks survives its first collection.
  await eventually(() => expect(usedMemory() - before).toBeLessThan(4 * 1024 * 1024), { timeoutMs: 10_000 });
});
