import { describe, expect, it } from "vitest";
import { isAllowedHost, isAllowedOrigin } from "./hosts.ts";

const allowed = { publicUrl: "https://hooks.example.com", corsOrigins: ["*", "https://app.example.org"] };

describe("hosts", () => {
  it.each([
    "hooks.example.com",
    "hooks.example.com:8443",
    "127.0.0.1:8071",
    "[::1]:8071",
    "10.0.0.5",
    "localhost",
    "posthorn:8071",
    "posthorn.internal",
    "app.example.org",
  ])("accepts %s", (host) => expect(isAllowedHost(host, allowed)).toBe(true));
  it.each(["evil.example.com", "hooks.example.com.evil.example", "127.0.0.1.evil.example", "", "a b"])(
    "refuses %j",
    (host) => expect(isAllowedHost(host, allowed)).toBe(false),
  );
});

describe("origins", () => {
  it.each([undefined, "https://hooks.example.com", "https://app.example.org", "http://127.0.0.1:8071"])(
    "accepts %s",
    (origin) => expect(isAllowedOrigin(origin, "127.0.0.1:8071", allowed)).toBe(true),
  );
  // A star lets any page with a token call the API, but does not make all pages trusted.
  it.each(["https://evil.example.com", "null", "http://hooks.example.com", "http://127.0.0.1:9999", "file://"])(
    "refuses %s",
    (origin) => expect(isAllowedOrigin(origin, "127.0.0.1:8071", allowed)).toBe(false),
  );
});
