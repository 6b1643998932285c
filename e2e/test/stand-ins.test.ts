/** The fake provider APIs, called by the official SDKs, which shows that they are faithful. */
import { startGitHub, startReceiver, startStripe } from "@posthorn/testkit";
import { loadOracle, requireOracle } from "@posthorn/testkit/oracles";
import { beforeAll, describe, expect, it } from "vitest";

const DAY_MS = 86_400_000;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

interface Hook {
  readonly owner: string;
  readonly repo: string;
  readonly hook_id: number;
  readonly per_page?: number;
}

interface HookDelivery {
  readonly id: number;
  readonly guid: string;
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly payload: unknown };
}

type ListDeliveries = (options: Hook) => Promise<{ readonly data: readonly HookDelivery[] }>;

/** The part of Octokit that is used here. */
interface GitHubClient {
  paginate(list: ListDeliveries, options: Hook): Promise<readonly HookDelivery[]>;
  readonly rest: {
    readonly repos: {
      createWebhook(options: object): Promise<{ readonly data: { readonly id: number; readonly config: object } }>;
      getWebhook(options: Hook): Promise<unknown>;
      listWebhooks(options: object): Promise<unknown>;
      readonly listWebhookDeliveries: ListDeliveries;
      getWebhookDelivery(options: Hook & { readonly delivery_id: number }): Promise<{ readonly data: HookDelivery }>;
      redeliverWebhookDelivery(options: Hook & { readonly delivery_id: number }): Promise<{ readonly status: number }>;
    };
  };
}

interface StripeEvent {
  readonly id: string;
  readonly created: number;
}

/** The part of Stripe's library that is used here. */
interface StripeClient {
  readonly webhooks: { constructEvent(body: Buffer, header: string, secret: string): unknown };
  readonly webhookEndpoints: { create(options: object): Promise<{ readonly secret?: string }> };
  readonly events: {
    list(options?: object): Promise<{ readonly data: readonly StripeEvent[] }> & {
      autoPagingToArray(options: object): Promise<readonly StripeEvent[]>;
    };
    retrieve(id: string): Promise<StripeEvent>;
  };
}

describe("the fake GitHub API", () => {
  const at = { owner: "acme", repo: "shop" };
  let Octokit: new (options: object) => GitHubClient;
  beforeAll(async () => {
    ({ Octokit } = await loadOracle<{ readonly Octokit: typeof Octokit }>("octokit"));
  });
  const connect = (baseUrl: string, auth = "ghp_test"): GitHubClient =>
    new Octokit({ baseUrl, auth, log: quiet, throttle: { enabled: false }, retry: { enabled: false } });

  it("works with Octokit: creates a hook, pages through deliveries, shows one, redelivers it under its GUID", async () => {
    await using receiver = await startReceiver();
    await using github = await startGitHub({ token: "ghp_test" });
    const { rest, paginate } = connect(github.url);
    const config = { url: receiver.url, content_type: "json", secret: "s3cret" };
    const hook = await rest.repos.createWebhook({ ...at, config, events: ["issues"] });
    expect(hook.data.config).toMatchObject({ secret: "********" });
    for (let number = 1; number <= 25; number++) {
      await github.emitUndelivered("repos/acme/shop", "issues", { action: "opened", issue: { number } });
    }
    await github.emit("repos/acme/shop", "push", {});
    const list = { ...at, hook_id: hook.data.id };
    const deliveries = await paginate(rest.repos.listWebhookDeliveries, { ...list, per_page: 10 });
    expect(deliveries).toHaveLength(25);
    expect(new Set(deliveries.map(({ guid }) => guid)).size).toBe(25);
    expect(deliveries[0]).toMatchObject({ event: "issues", action: "opened", redelivery: false, status_code: 0 });
    const one = { ...list, delivery_id: deliveries[3]!.id };
    const shown = await rest.repos.getWebhookDelivery(one);
    expect(shown.data.request.headers).toMatchObject({ "X-GitHub-Delivery": deliveries[3]!.guid });
    const again = await rest.repos.redeliverWebhookDelivery(one);
    expect(again.status).toBe(202);
    const [received] = await receiver.waitForCount(1);
    expect(received!.headers["x-github-delivery"]).toBe(deliveries[3]!.guid);
    expect(JSON.parse(received!.body.toString())).toEqual(shown.data.request.payload);
    const [newest] = (await rest.repos.listWebhookDeliveries({ ...list, per_page: 1 })).data;
    expect(newest).toMatchObject({ guid: deliveries[3]!.guid, redelivery: true, status_code: 204 });
  });

  it("removes deliveries after three days, and rejects unknown tokens", async () => {
    let now = Date.UTC(2026, 0, 1);
    await using github = await startGitHub({ token: "ghp_test", now: () => now });
    const { rest } = connect(github.url);
    const { data } = await rest.repos.createWebhook({ ...at, config: { url: "http://127.0.0.1:1" }, events: ["push"] });
    await github.emitUndelivered("repos/acme/shop", "push", {});
    const list = () => rest.repos.listWebhookDeliveries({ ...at, hook_id: data.id });
    expect((await list()).data).toHaveLength(1);
    now += 3 * DAY_MS;
    expect((await list()).data).toHaveLength(0);
    await expect(connect(github.url, "ghp_other").rest.repos.listWebhooks(at)).rejects.toMatchObject({ status: 401 });
    await expect(rest.repos.getWebhook({ ...at, hook_id: 7 })).rejects.toMatchObject({ status: 404 });
  });
});

describe("the fake Stripe API", () => {
  const Stripe = requireOracle<new (key: string, options: object) => StripeClient>("stripe");
  const connect = (url: string, key = "sk_test_1"): StripeClient => {
    const { hostname, port } = new URL(url);
    return new Stripe(key, { host: hostname, port, protocol: "http", maxNetworkRetries: 0, telemetry: false });
  };

  it("works with Stripe's library: creates an endpoint, signs as the library verifies, pages through events", async () => {
    await using receiver = await startReceiver();
    await using server = await startStripe({ key: "sk_test_1" });
    const stripe = connect(server.url);
    const endpoint = await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ["invoice.paid"] });
    const first = await server.emit("invoice.paid", { id: "in_1", total: 100 });
    const [received] = await receiver.waitForCount(1);
    const signature = received!.headers["stripe-signature"]!;
    const event = stripe.webhooks.constructEvent(received!.body, signature, endpoint.secret!);
    expect(event).toMatchObject({ id: first, type: "invoice.paid", data: { object: { total: 100 } } });
    for (let n = 0; n < 23; n++) await server.emitUndelivered("charge.failed", { id: `ch_${n}` });
    const all = await stripe.events.list({ limit: 10 }).autoPagingToArray({ limit: 100 });
    expect(all).toHaveLength(24);
    expect(all.at(-1)!.id).toBe(first);
    const created = { gte: all[0]!.created - 60 };
    const some = await stripe.events.list({ types: ["invoice.paid"], created }).autoPagingToArray({ limit: 100 });
    expect(some.map(({ id }) => id)).toEqual([first]);
    expect(await stripe.events.retrieve(first)).toMatchObject({ id: first });
  });

  it("removes events after thirty days, and returns errors that the library recognises", async () => {
    let now = Date.UTC(2026, 0, 1);
    await using server = await startStripe({ key: "sk_test_1", now: () => now });
    const stripe = connect(server.url);
    await server.emitUndelivered("invoice.paid", {});
    expect((await stripe.events.list()).data).toHaveLength(1);
    now += 30 * DAY_MS;
    expect((await stripe.events.list()).data).toHaveLength(0);
    await expect(stripe.events.list({ limit: 500 })).rejects.toMatchObject({
      type: "StripeInvalidRequestError",
      param: "limit",
    });
    await expect(stripe.events.retrieve("evt_none")).rejects.toMatchObject({ code: "resource_missing" });
    await expect(connect(server.url, "sk_bad").events.list()).rejects.toMatchObject({
      type: "StripeAuthenticationError",
    });
  });
});
