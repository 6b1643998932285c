import { describe, expect, it } from "vitest";
import { isSecretHeader, masked } from "./mask.ts";

describe("a header", () => {
  it.each([
    "Authorization",
    "X-Auth-Token",
    "X-API-Key",
    "apikey",
    "x-functions-key",
    "Ocp-Apim-Subscription-Key",
    "Cookie",
    "X-Client-Secret",
    "X-Password",
    "x_session_id",
    "Private-Token",
    "Proxy-Anything",
  ])("that carries a secret by its name is hidden: %s", (name) => {
    expect(isSecretHeader(name, "value")).toBe(true);
  });

  it.each(["Bearer abc", "basic YTpi", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "Token abc"])(
    "that carries a secret by its value is hidden: %s",
    (value) => expect(isSecretHeader("x-other", value)).toBe(true),
  );

  it.each(["x-monkey", "x-keyboard", "x-environment", "accept", "x-tenant", "x-keynote", "x-request-id"])(
    "that carries none is shown: %s",
    (name) => expect(isSecretHeader(name, "value")).toBe(false),
  );

  it("keeps its place in the list", () => {
    expect(masked(["X-A", "1", "X-Token", "2", "X-B", "3"])).toEqual(["X-A", "1", "X-Token", null, "X-B", "3"]);
  });
});
