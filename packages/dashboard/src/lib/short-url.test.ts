import { describe, expect, it } from "vitest";
import { shortUrl } from "./short-url.ts";

describe("a short URL", () => {
  it("is the URL itself when it is not too long", () => {
    expect(shortUrl("http://127.0.0.1:9000/hook?tenant=7")).toBe("http://127.0.0.1:9000/hook?tenant=7");
    expect(shortUrl("")).toBe("");
  });

  it("keeps the host and the end of the path", () => {
    const short = shortUrl(`https://api.customer.example/${"webhooks/".repeat(30)}orders`);
    expect(short).toMatch(/^https:\/\/api\.customer\.example\/….*webhooks\/orders$/);
  });

  it.each([
    `https://${"a".repeat(240)}.example/x`,
    `https://${"a".repeat(200)}`,
    `https://h.example/${"x".repeat(2000)}`,
    `https://h.example?${"q=1&".repeat(400)}`,
    "x".repeat(300),
  ])("has at most 60 characters: %#", (url) => {
    expect(shortUrl(url).length).toBeLessThanOrEqual(60);
    expect(shortUrl(url)).toContain("…");
  });
});
