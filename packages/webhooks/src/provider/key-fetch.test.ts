import { describe, expect, type Mock, test, vi } from "vitest";
import { createKeyFetcher, fetchKey, requireTrustedUrl } from "./key-fetch.ts";

const URL = "https://keys.example.com/cert.pem";
const request = { provider: "example", url: URL };

function serve(...answers: (string | Error)[]): Mock<typeof fetch> {
  let index = 0;
  return vi.fn<typeof fetch>(() => {
    const answer = answers[Math.min(index++, answers.length - 1)];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(new Response(answer));
  });
}

describe("createKeyFetcher", () => {
  test("fetches once and keeps the key for an hour", async () => {
    const fetch = serve("one", "two");
    let now = 0;
    const fetchOnce = createKeyFetcher({ fetch, now: () => now });
    expect(await fetchOnce(request)).toBe("one");
    now = 3_599_000;
    expect(await fetchOnce(request)).toBe("one");
    now = 3_600_000;
    expect(await fetchOnce(request)).toBe("two");
  });

  test("fetches again for a missing key, but at most once per minute", async () => {
    const fetch = serve("one", "two");
    let now = 0;
    const fetchOnce = createKeyFetcher({ fetch, now: () => now });
    await fetchOnce(request);
    now = 59_000;
    expect(await fetchOnce({ ...request, fresh: true })).toBe("one");
    now = 60_000;
    expect(await fetchOnce({ ...request, fresh: true })).toBe("two");
  });

  test("does not keep a failure", async () => {
    const fetchOnce = createKeyFetcher({ fetch: serve(new Error("down"), "one") });
    await expect(fetchOnce(request)).rejects.toThrow("down");
    expect(await fetchOnce(request)).toBe("one");
  });

  test("follows no redirect and limits the size of a key", async () => {
    const fetch = serve("x".repeat(300 * 1024));
    await expect(createKeyFetcher({ fetch })(request)).rejects.toThrow("larger than 256 KiB");
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ redirect: "error" });
  });

  test("a response with an error status is not a key", async () => {
    const fetch = (): Promise<Response> => Promise.resolve(new Response("no", { status: 404 }));
    await expect(createKeyFetcher({ fetch })(request)).rejects.toThrow("404");
  });
});

test("any error of a caller's function becomes key_unavailable", async () => {
  const custom = (): Promise<never> => Promise.reject(new TypeError("offline"));
  await expect(fetchKey(custom, request)).rejects.toMatchObject({ code: "key_unavailable" });
});

test("a provider without a public URL for its keys requires configured keys", async () => {
  await expect(fetchKey(createKeyFetcher(), { provider: "plaid", kid: "k" })).rejects.toMatchObject({
    code: "key_unavailable",
  });
});

describe("requireTrustedUrl", () => {
  const host = /^sns\.[a-z0-9-]+\.amazonaws\.com$/;

  test("accepts a URL of the provider", () => {
    expect(requireTrustedUrl("https://sns.us-east-1.amazonaws.com/x.pem", host, "SNS")).toContain("/x.pem");
  });

  test.each([
    "http://sns.us-east-1.amazonaws.com/x.pem",
    "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
    "https://evil.example/sns.us-east-1.amazonaws.com",
    "https://sns.us-east-1.amazonaws.com@evil.example/x.pem",
    "https://user@sns.us-east-1.amazonaws.com/x.pem",
    "https://sns.us-east-1.amazonaws.com:8443/x.pem",
    "https://127.0.0.1/x.pem",
    "file:///etc/passwd",
    "x",
    "",
  ])("refuses %s", (address) => {
    expect(() => requireTrustedUrl(address, host, "SNS")).toThrow(
      expect.objectContaining({ code: "certificate_untrusted" }),
    );
  });
});
