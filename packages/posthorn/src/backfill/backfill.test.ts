import { describe, expect, it } from "vitest";
import { githubApi } from "./github.ts";
import { MAX_FAILURES, refusalOf } from "./refusal.ts";
import { stripeApi } from "./stripe.ts";
import { type ApiResponse, UnexpectedResponse } from "./types.ts";

const NOW = Date.UTC(2026, 0, 10);
const window = { from: NOW - 1000_000, until: NOW };

function response(body: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): ApiResponse {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, headers: new Map(Object.entries(headers)), body: Buffer.from(text) };
}

describe("GitHub's deliveries", () => {
  const settings = { apiUrl: "https://api.github.com/", owner: "acme/shop", hookId: 7, mode: "redeliver" } as const;
  const api = githubApi(settings, "t0ken");
  const delivery = (id: number, changes: object = {}) => ({
    id,
    guid: `guid-${id}`,
    delivered_at: new Date(NOW - id * 1000).toISOString(),
    redelivery: false,
    event: "issues",
    action: "opened",
    ...changes,
  });

  it("are requested page by page, with the documented API version, for repositories and organizations", () => {
    const { url, headers } = api.list(window, "v1_9");
    expect(url).toBe("https://api.github.com/repos/acme/shop/hooks/7/deliveries?per_page=100&cursor=v1_9");
    expect(headers).toContain("2022-11-28");
    expect(headers).toContain("Bearer t0ken");
    const org = githubApi({ ...settings, owner: "acme" }, "t").list(window, null);
    expect(org.url).toBe("https://api.github.com/orgs/acme/hooks/7/deliveries?per_page=100");
  });

  it("are read within the time window, each once however often it was redelivered", () => {
    const link = { link: '<https://api.github.com/x?cursor=v1_8&per_page=100>; rel="next"' };
    const listed = [delivery(1), delivery(2, { redelivery: true, guid: "guid-1" }), delivery(3, { action: null })];
    const page = api.readPage(response(listed, link), window);
    expect(page.events.map(({ ref, eventType }) => [ref, eventType])).toEqual([
      ["1", "issues.opened"],
      ["3", "issues"],
    ]);
    expect(page.cursor).toBe("v1_8");
  });

  it("are read no further back than the start of the window, even if there are more pages", () => {
    const link = { link: '<https://api.github.com/x?cursor=v1_8>; rel="next"' };
    const page = api.readPage(response([delivery(1), delivery(2000)], link), window);
    expect(page).toMatchObject({ events: [{ ref: "1" }], cursor: null });
  });

  it("keep the exact text of their numbers, without a signature that would not match", () => {
    const text =
      '{"id": 5, "request": {"headers": {"X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=00"}, "payload": {"n": 12345678901234567890, "x": 1.0}}}';
    const { body, headers } = api.readContent(response(text));
    expect(body.toString()).toBe('{"n": 12345678901234567890, "x": 1.0}');
    expect(headers).toEqual(["content-type", "application/json", "X-GitHub-Event", "push"]);
  });

  it("that cannot be parsed are reported as an unexpected response", () => {
    expect(() => api.readPage(response("<html>"), window)).toThrow(UnexpectedResponse);
    expect(() => api.readPage(response({ message: "hello" }), window)).toThrow(UnexpectedResponse);
    expect(() => api.readContent(response({}))).toThrow(UnexpectedResponse);
  });
});

describe("Stripe's events", () => {
  const api = stripeApi({ apiUrl: "https://api.stripe.com", account: "acct_1", eventTypes: ["a.b", "c.d"] }, "sk_1");

  it("are requested within the time window, after the last one seen", () => {
    const { url, headers } = api.list(window, "evt_9");
    const query = new URL(url).searchParams;
    expect(query.getAll("types[]")).toEqual(["a.b", "c.d"]);
    expect(Object.fromEntries(query)).toMatchObject({
      limit: "100",
      starting_after: "evt_9",
      "created[gte]": String(window.from / 1000),
    });
    expect(headers).toEqual(["authorization", "Bearer sk_1", "stripe-account", "acct_1"]);
  });

  it("are extracted from the list byte for byte", () => {
    const event = '{"id": "evt_1", "type": "a.b", "created": 1767990000, "amount": 1.10}';
    const page = api.readPage(response(`{"object": "list", "has_more": true, "data": [ ${event} ]}`), window);
    expect(page.events[0]!.content!.body.toString()).toBe(event);
    expect(page).toMatchObject({
      cursor: "evt_1",
      events: [{ deliveryId: "evt_1", eventType: "a.b", occurredAt: 1767990000_000 }],
    });
    expect(() => api.readPage(response({ error: {} }), window)).toThrow(UnexpectedResponse);
  });
});

describe("a provider API that rejects a request", () => {
  it("is called again after the delay that it requests", () => {
    expect(refusalOf(response({}, { "retry-after": "30" }, 429), 0, NOW)).toMatchObject({ kind: "wait", ms: 30_000 });
    const reset = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1000 + 60) };
    expect(refusalOf(response({}, reset, 403), 0, NOW)).toMatchObject({ kind: "wait", ms: 61_000 });
    const secondary = response({ message: "You have exceeded a secondary rate limit." }, {}, 403);
    expect(refusalOf(secondary, 0, NOW)).toMatchObject({ kind: "wait", ms: 60_000 });
    expect(refusalOf(secondary, 6, NOW)).toMatchObject({ kind: "wait", ms: 128_000 });
  });

  it("is retried at growing intervals, a limited number of times", () => {
    const waits = [0, 1, 2].map((failures) => refusalOf(response({}, {}, 500), failures, NOW));
    expect(waits).toMatchObject([{ ms: 2000 }, { ms: 4000 }, { ms: 8000 }]);
    expect(refusalOf({ status: null, message: "no answer" }, 1, NOW)).toMatchObject({ kind: "wait", ms: 4000 });
    expect(refusalOf(response({}, {}, 429), MAX_FAILURES - 1, NOW)).toMatchObject({ kind: "fail" });
  });

  it("is not called again after an error that a retry cannot fix", () => {
    for (const status of [400, 401, 403, 404, 422]) {
      expect(refusalOf(response({}, {}, status), 0, NOW)).toMatchObject({ kind: "fail" });
    }
    expect(refusalOf(response({}), 0, NOW)).toBeNull();
  });
});
