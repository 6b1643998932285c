import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const OF_ENDPOINT = "app/app/endpoint/ep/policy";
const OF_APPLICATION = "app/app/policy";

let node: TestNode;
let tenant: Tenant;
const folder = temporaryFolder();

beforeAll(async () => {
  node = await startNode(folder.path, { env: { POSTHORN_RETRY_SCHEDULE: "5,60" } });
  tenant = new Tenant(node);
  await tenant.setUp("http://127.0.0.1:9999/");
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Shown {
  policy: Record<string, Record<string, unknown>>;
  effective: Record<string, Record<string, unknown>>;
  sources: Record<string, Record<string, string>>;
}

async function change(method: string, path: string, body: object, who = tenant): Promise<Shown> {
  const { status, json, text } = await who.call(method, path, body);
  if (status !== 200) throw new Error(text);
  return json as unknown as Shown;
}

/** Sets both policies; returns the effective policy of the endpoint. */
async function effective(application: object, endpoint: object): Promise<Shown> {
  await change("PUT", OF_APPLICATION, application);
  return change("PUT", OF_ENDPOINT, endpoint);
}

async function refused(path: string, body: object, who = tenant): Promise<unknown> {
  const { status, json } = await who.call("PATCH", path, body);
  if (status !== 422) return status;
  const [issue] = json["detail"] as { loc: string[] }[];
  return issue!.loc.join(".");
}

describe("a policy", () => {
  it("starts with the platform's values, which come from the settings", async () => {
    const shown = await effective({}, {});
    expect(shown.policy).toEqual({});
    expect(shown.effective["retry"]).toMatchObject({
      backoff: { type: "schedule", delays: [5, 60] },
      stopCodes: [410],
    });
    expect(shown.effective["limits"]).toEqual({
      concurrency: 16,
      ratePerSecond: 0,
      timeoutMs: 15_000,
      backlog: "oldest",
    });
    expect(shown.sources["limits"]).toMatchObject({ concurrency: "platform" });
  });

  it("of the endpoint takes precedence over the application's, field by field, and reports the source of each value", async () => {
    const shown = await effective(
      { retry: { maxAgeSeconds: 60, stopCodes: ["4xx"] } },
      { retry: { maxAgeSeconds: 30 } },
    );
    expect(shown.effective["retry"]).toMatchObject({ maxAgeSeconds: 30, stopCodes: ["4xx"] });
    expect(shown.sources["retry"]).toEqual({
      backoff: "platform",
      maxAgeSeconds: "endpoint",
      stopCodes: "application",
      retryCodes: "platform",
    });
  });

  it("changes the given fields, and resets those that are null to inherited values", async () => {
    await effective({}, { retry: { maxAgeSeconds: 30, stopCodes: [404] }, order: { by: "key" } });
    expect((await change("PATCH", OF_ENDPOINT, { retry: { maxAgeSeconds: 40 } })).policy).toEqual({
      retry: { maxAgeSeconds: 40, stopCodes: [404] },
      order: { by: "key" },
    });
    const shown = await change("PATCH", OF_ENDPOINT, { retry: { stopCodes: null }, order: null });
    expect(shown.policy).toEqual({ retry: { maxAgeSeconds: 40 } });
    expect((await tenant.call("GET", OF_ENDPOINT)).json).toEqual(shown);
  });

  it("is kept when endpoint and application are replaced", async () => {
    await effective({ order: { by: "key" } }, { retry: { maxAgeSeconds: 30 } });
    await tenant.call("PUT", "app/app", { name: "Test", uid: "app" });
    await tenant.call("PUT", "app/app/endpoint/ep", { url: "http://127.0.0.1:9999/", uid: "ep" });
    const { json } = await tenant.call("GET", OF_ENDPOINT);
    expect(json).toMatchObject({ effective: { order: { by: "key" }, retry: { maxAgeSeconds: 30 } } });
  });
});

describe("limits", () => {
  it("of an endpoint can only be tighter than its application's, which may differ from the platform's in both directions", async () => {
    const shown = await effective({ limits: { concurrency: 32 } }, { limits: { concurrency: 64 } });
    expect(shown.effective["limits"]).toMatchObject({ concurrency: 32 });
    expect(shown.sources["limits"]).toMatchObject({ concurrency: "application" });
    expect((await effective({}, { limits: { concurrency: 64 } })).effective["limits"]).toMatchObject({
      concurrency: 16,
    });
    expect((await effective({}, { limits: { concurrency: 1 } })).effective["limits"]).toMatchObject({ concurrency: 1 });
  });

  it("use the lowest of all rates, including throttleRate", async () => {
    await effective({ limits: { ratePerSecond: 20 } }, { limits: { ratePerSecond: 0 } });
    const rate = async (): Promise<unknown> => {
      const { json } = await tenant.call("GET", OF_ENDPOINT);
      return (json as unknown as Shown).effective["limits"]!["ratePerSecond"];
    };
    expect(await rate()).toBe(20);
    await tenant.call("PATCH", "app/app/endpoint/ep", { throttleRate: 7 });
    expect(await rate()).toBe(7);
    await tenant.call("PATCH", "app/app", { rateLimit: 3 });
    expect(await rate()).toBe(3);
    await tenant.call("PATCH", "app/app", { rateLimit: null });
    await tenant.call("PATCH", "app/app/endpoint/ep", { rateLimit: null });
  });

  it("limit the timeout to the maximum of the server", async () => {
    expect(await refused(OF_ENDPOINT, { limits: { timeoutMs: 60_001 } })).toBe("body.limits.timeoutMs");
    expect(await refused(OF_ENDPOINT, { limits: { timeoutMs: 60_000 } })).toBe(200);
  });
});

describe("an invalid policy", () => {
  it.each([
    ["retry.backoff.delays", { retry: { backoff: { type: "schedule" } } }],
    ["retry.backoff.first", { retry: { backoff: { type: "schedule", delays: [1], first: 1 } } }],
    ["retry.backoff.attempts", { retry: { backoff: { type: "exponential", first: 1 } } }],
    ["retry.backoff.preset", { retry: { backoff: { type: "preset", preset: "weeks" } } }],
    ["retry.backoff.delays.[0]", { retry: { backoff: { type: "schedule", delays: [-1] } } }],
    ["retry.stopCodes.[1]", { retry: { stopCodes: [410, "4x"] } }],
    ["retry.stopCodes.[0]", { retry: { stopCodes: ["503-500"] } }],
    ["retry.retryCodes.[0]", { retry: { retryCodes: [99] } }],
    ["retry.retryCodes.[0]", { retry: { retryCodes: [true] } }],
    ["limits.concurrency", { limits: { concurrency: 0 } }],
    ["order.by", { order: { by: "message" } }],
  ])("is rejected with its location, %s, before anything is stored", async (place, policy) => {
    await effective({}, { retry: { maxAgeSeconds: 30 } });
    expect(await refused(OF_ENDPOINT, policy)).toBe(`body.${place}`);
    expect(await refused(OF_APPLICATION, policy)).toBe(`body.${place}`);
    expect((await tenant.call("GET", OF_ENDPOINT)).json).toMatchObject({ policy: { retry: { maxAgeSeconds: 30 } } });
  });

  it("is rejected for an unknown section or field, so that typos are detected", async () => {
    expect(await refused(OF_ENDPOINT, { retries: {} })).toBe("body.retries");
    expect(await refused(OF_ENDPOINT, { retry: { maxAge: 5 } })).toBe("body.retry.maxAge");
  });
});

describe("a token of the application", () => {
  it("sets the sections of its endpoints that cannot harm the platform, and does not change the others", async () => {
    const portal = await tenant.portal(["ViewBase", "ManageEndpoint"]);
    await effective({}, { breaker: { failures: 3 } });
    const shown = await change("PUT", OF_ENDPOINT, { retry: { maxAgeSeconds: 60 } }, portal);
    expect(shown.policy).toEqual({ retry: { maxAgeSeconds: 60 }, breaker: { failures: 3 } });
    expect(await refused(OF_ENDPOINT, { breaker: { enabled: false } }, portal)).toBe(403);
    expect(await refused(OF_ENDPOINT, { breaker: null }, portal)).toBe(403);
    expect(await refused(OF_ENDPOINT, { retry: { backoff: { type: "schedule", delays: [0] } } }, portal)).toBe(
      "body.retry.backoff.delays",
    );
    expect(await refused(OF_APPLICATION, { retry: { maxAgeSeconds: 60 } }, portal)).toBe(403);
  });

  it("needs the capability to manage endpoints, and sees no other application", async () => {
    const viewer = await tenant.portal(["ViewBase"]);
    expect((await viewer.call("GET", OF_ENDPOINT)).status).toBe(200);
    expect(await refused(OF_ENDPOINT, { order: { by: "key" } }, viewer)).toBe(403);
    await tenant.call("POST", "app", { name: "Other", uid: "other" });
    expect((await viewer.call("GET", "app/other/policy")).status).toBe(404);
  });
});

describe("the signing policy", () => {
  it.each([
    "Set-Cookie",
    "Date",
    "Host",
    "Authorization",
    "Cookie",
    "Content-MD5",
    "Connection",
    "Transfer-Encoding",
    "TE",
    "Proxy-Connection",
    "If-Match",
    "X-Forwarded-For",
    "Sec-Fetch-Site",
    "Webhook-Signature",
    "with space",
  ])("rejects the header %j for a signature or timestamp", async (name) => {
    expect(await refused(OF_APPLICATION, { signing: { style: "github", header: name } })).toBe("body.signing.header");
    expect(await refused(OF_APPLICATION, { signing: { style: "slack", timestampHeader: name } })).toBe(
      "body.signing.timestampHeader",
    );
  });

  it("accepts a header of the product", async () => {
    expect(await refused(OF_APPLICATION, { signing: { style: "github", header: "X-Acme-Signature" } })).toBe(200);
  });
});
