import { describe, expect, it } from "vitest";
import { ValidationError } from "../../lib/errors.ts";
import { checkHeaders } from "./header-rules.ts";

function refusal(headers: Record<string, string>): string | null {
  try {
    checkHeaders(headers);
    return null;
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return error.issues[0]!.loc.join(".");
  }
}

describe("checkHeaders", () => {
  it.each([
    ["X-Api-Key", "secret"],
    ["authorization", "Bearer a.b.c"],
    ["cookie", "a=b; c=d"],
    ["x-tab", "a\tb"],
    ["x-latin", "caf\u00e9"],
    ["x-empty", ""],
    ["accept-encoding", "gzip"],
    ["!#$%&'*+-.^_`|~0aA", "every character of a token"],
    ["x-long", "a".repeat(4096)],
  ])("accepts %s: %j", (name, value) => {
    expect(refusal({ [name]: value })).toBeNull();
  });

  it.each([
    "a\r\nx-injected: 1",
    "a\nb",
    "a\rb",
    "a\u0000b",
    "a\u001fb",
    "a\u007fb",
    "\u0142",
    "\u2028",
    "\u{1f600}",
    "\ud800",
    "a".repeat(4097),
  ])("rejects the value %j", (value) => {
    expect(refusal({ "x-a": value })).toBe("body.headers.x-a");
  });

  it.each(["", " x", "x y", "x:", "x\r\ny", "\u00e9", "x\u0000", "(x)", "a".repeat(257)])(
    "rejects the name %j",
    (name) => {
      expect(refusal({ [name]: "a" })).toBe(`body.headers.${name}`);
    },
  );

  it("rejects, in upper or lower case, every name reserved for HTTP, proxies, the signature or the HTTP client", () => {
    const owned =
      "Host Content-Length Transfer-Encoding Connection Keep-Alive Upgrade TE Trailer Expect Proxy-Connection " +
      "Proxy-Authorization Content-Type Content-Encoding User-Agent Webhook-Id WEBHOOK-SIGNATURE webhook-anything Svix-Id " +
      "X-Posthorn-Trace x-amzn-trace-id";
    for (const name of owned.split(" ")) expect(refusal({ [name]: "a" })).toBe(`body.headers.${name}`);
  });

  it("accepts at most 100 headers", () => {
    const some = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "a"]));
    expect(refusal(some(100))).toBeNull();
    expect(refusal(some(101))).toBe("body.headers");
  });
});
