/** Backfill of missed events from the provider's API, against fakes that e2e/test/stand-ins.test.ts verifies with the official SDKs. */
import {
  eventually,
  type GitHubStandIn,
  primaryLimit,
  secondaryLimit,
  startGitHub,
  startStripe,
  stripeRateLimit,
} from "@posthorn/testkit";
import { verifyProvider } from "@posthorn/webhooks/provider";
import { findProvider } from "@posthorn/webhooks/providers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestGateway, type TestSource } from "../support/gateway.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { temporaryFolder } from "../support/store.ts";

const SECRET = "s3cret-of-the-hook";
const OWNER = "repos/acme/shop";
const HOUR_MS = 3_600_000;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Clock of a provider that is an hour behind, so that its events are old enough to count as missed. */
const anHourAgo = (): number => Date.now() - HOUR_MS;

async function run(source: TestSource, body: object = {}): Promise<Record<string, unknown>> {
  const started = await gateway.call("POST", `ingest/api/v1/source/${source.id}/backfill/run`, {
    since: new Date(Date.now() - 48 * HOUR_MS).toISOString(),
    ...body,
  });
  expect(started).toMatchObject({ status: 202 });
  const path = `ingest/api/v1/source/${source.id}/backfill/run/${String(started.json["id"])}`;
  const runs = await gateway.call("GET", `ingest/api/v1/source/${source.id}/backfill/run?limit=1`);
  expect(runs.json["data"]).toMatchObject([{ id: started.json["id"] }]);
  return eventually(async () => {
    const { json } = await gateway.call("GET", path);
    if (json["state"] === "running") throw new Error(JSON.stringify(json));
    return json;
  });
}

interface GitHubScene {
  readonly github: GitHubStandIn;
  readonly source: TestSource;
}

async function makeHook(github: GitHubStandIn, url: string): Promise<number> {
  const made = await fetch(`${github.url}/${OWNER}/hooks`, {
    method: "POST",
    headers: { authorization: "Bearer ghp_1", "user-agent": "test" },
    body: JSON.stringify({ config: { url, content_type: "json", secret: SECRET }, events: ["issues"] }),
  });
  return ((await made.json()) as { readonly id: number }).id;
}

async function githubScene(settings: object = {}): Promise<GitHubScene & AsyncDisposable> {
  const github = await startGitHub({ token: "ghp_1", now: anHourAgo });
  const source = await gateway.source({ type: "github", secrets: [SECRET] });
  const id = await makeHook(github, source.url);
  const set = await gateway.call("PUT", `ingest/api/v1/source/${source.id}/backfill`, {
    provider: "github",
    owner: "acme/shop",
    hookId: id,
    apiUrl: github.url,
    token: "ghp_1",
    ...settings,
  });
  expect(set).toMatchObject({ status: 200 });
  expect(set.text).not.toContain("ghp_1");
  return { github, source, [Symbol.asyncDispose]: () => github[Symbol.asyncDispose]() };
}

const issue = (number: number): object => ({ action: "opened", issue: { number, score: 1 } });

async function messageCount(source: TestSource): Promise<number> {
  const { json } = await gateway.call("GET", `api/v1/app/${source.id}/msg?limit=250`);
  return (json["data"] as readonly unknown[]).length;
}

describe("backfill with GitHub", () => {
  it("has GitHub redeliver missed events, over many pages, without duplicates", async () => {
    await using scene = await githubScene();
    const { github, source } = scene;
    for (let number = 0; number < 4; number++) await github.emit(OWNER, "issues", issue(number));
    for (let number = 0; number < 3; number++) await github.emitUndelivered(OWNER, "issues", issue(100 + number));
    expect(await messageCount(source)).toBe(4);
    const done = await run(source);
    expect(done).toMatchObject({
      state: "finished",
      scanned: 7,
      missing: 3,
      redelivered: 3,
      fetched: 0,
      lastError: null,
    });
    await eventually(async () => expect(await messageCount(source)).toBe(7));
    expect(await run(source)).toMatchObject({ scanned: 7, missing: 0, redelivered: 0 });
    expect(await messageCount(source)).toBe(7);
  });

  it("only counts in a dry run", async () => {
    await using scene = await githubScene();
    const { github, source } = scene;
    await github.emitUndelivered(OWNER, "issues", issue(1));
    const done = await run(source, { dryRun: true });
    expect(done).toMatchObject({
      state: "finished",
      missing: 1,
      redelivered: 0,
      examples: [{ eventType: "issues.opened" }],
    });
    expect(github.calls.filter((call) => call.startsWith("POST") && call.includes("attempts"))).toEqual([]);
    expect(await messageCount(source)).toBe(0);
  });

  it("fetches missed events that the provider cannot resend, and forwards them with the signature of the hook", async () => {
    await using scene = await githubScene({ mode: "fetch" });
    const { github, source } = scene;
    await github.emitUndelivered(OWNER, "issues", issue(4711));
    expect(await run(source)).toMatchObject({ state: "finished", missing: 1, fetched: 1, redelivered: 0 });
    const received = await gateway.receiver.waitFor((request) => request.body.includes("4711"));
    const { headers, body } = received;
    await verifyProvider(findProvider("github")!, { method: "POST", url: "", headers, body }, { secrets: [SECRET] });
    expect(headers).toMatchObject({ "x-github-event": "issues", "content-type": "application/json" });
    expect(JSON.parse(body.toString())).toEqual(issue(4711));
  });

  it("waits as long as a rate limit requests, and then continues", async () => {
    await using scene = await githubScene();
    const { github, source } = scene;
    await github.emitUndelivered(OWNER, "issues", issue(1));
    github.refuseNext(primaryLimit(Math.floor(Date.now() / 1000)), secondaryLimit(1), { status: 502 });
    expect(await run(source)).toMatchObject({ state: "finished", missing: 1, redelivered: 1 });
    const lists = github.calls.filter((call) => call.startsWith("GET"));
    expect(lists).toHaveLength(4);
  });

  it("reports an invalid token, and does not retry", async () => {
    await using scene = await githubScene({ token: "ghp_wrong" });
    const done = await run(scene.source);
    expect(done).toMatchObject({
      state: "failed",
      lastError: expect.stringContaining("rejected the token") as unknown,
    });
    expect(scene.github.calls.filter((call) => call.startsWith("GET"))).toHaveLength(1);
  });
});

describe("backfill with Stripe", () => {
  async function stripeScene() {
    const stripe = await startStripe({ key: "sk_test_1", now: anHourAgo });
    const source = await gateway.source({ type: "stripe", secrets: [SECRET] });
    const body = { provider: "stripe", apiUrl: stripe.url, token: "sk_test_1" };
    const set = await gateway.call("PUT", `ingest/api/v1/source/${source.id}/backfill`, body);
    expect(set).toMatchObject({ status: 200 });
    return { stripe, source, [Symbol.asyncDispose]: () => stripe[Symbol.asyncDispose]() };
  }

  it("backfills missed events once each, over many pages and a rate limit, verifiable by the recipient", async () => {
    await using scene = await stripeScene();
    const { stripe, source } = scene;
    const ids: string[] = [];
    for (let n = 0; n < 230; n++) ids.push(await stripe.emitUndelivered("invoice.paid", { id: `in_${n}`, total: n }));
    stripe.refuseNext(stripeRateLimit());
    const done = await run(source);
    expect(done).toMatchObject({ state: "finished", scanned: 230, missing: 230, fetched: 230, duplicates: 0 });
    const received = await gateway.receiver.waitFor(({ body }) => body.includes(ids[7]!));
    const { headers, body } = received;
    await verifyProvider(findProvider("stripe")!, { method: "POST", url: "", headers, body }, { secrets: [SECRET] });
    expect(headers["x-posthorn-delivery-id"]).toBe(ids[7]);
    expect(await run(source)).toMatchObject({ scanned: 230, missing: 0, fetched: 0 });
  });
});

describe("backfill settings", () => {
  it("never request events older than the local retention, which would seem to be missing", async () => {
    await using shortly = await TestGateway.start({
      POSTHORN_PAYLOAD_RETENTION_DAYS: "1",
      POSTHORN_ATTEMPT_RETENTION_DAYS: "1",
    });
    const source = await shortly.source({ type: "stripe", secrets: [SECRET] }, false);
    const path = `ingest/api/v1/source/${source.id}/backfill`;
    await shortly.call("PUT", path, { provider: "stripe", token: "t", apiUrl: "http://127.0.0.1:8999" });
    const { json } = await shortly.call("POST", `${path}/run`, { since: "2026-01-01T00:00:00Z" });
    expect(Date.now() - Date.parse(json["since"] as string)).toBeLessThan(25 * HOUR_MS);
  });

  it("must fit the source, and need a token and an address that may be called", async () => {
    const source = await gateway.source({ type: "stripe", secrets: [SECRET] });
    const path = `ingest/api/v1/source/${source.id}/backfill`;
    const github = { provider: "github", owner: "a/b", hookId: 1, token: "t" };
    expect((await gateway.call("PUT", path, github)).status).toBe(422);
    expect((await gateway.call("PUT", path, { provider: "stripe" })).status).toBe(422);
    const bad = { provider: "stripe", token: "t", apiUrl: "ftp://example.com/" };
    expect((await gateway.call("PUT", path, bad)).status).toBe(422);
    expect((await gateway.call("GET", path)).status).toBe(404);
    expect((await gateway.call("POST", `${path}/run`, {})).status).toBe(404);
  });

  it("keep the token when it is omitted, and delete it with the settings", async () => {
    const source = await gateway.source({ type: "stripe", secrets: [SECRET] });
    const path = `ingest/api/v1/source/${source.id}/backfill`;
    const body = { provider: "stripe", token: "t", everyMinutes: 30 };
    expect((await gateway.call("PUT", path, body)).json).toMatchObject({ everyMinutes: 30, backfilledUntil: null });
    expect((await gateway.call("PUT", path, { provider: "stripe" })).json).toMatchObject({
      everyMinutes: null,
      nextAt: null,
    });
    expect((await gateway.call("DELETE", path)).status).toBe(204);
    expect((await gateway.call("PUT", path, { provider: "stripe" })).status).toBe(422);
  });
});

describe("a run", () => {
  const stripeSource = { type: "stripe", secrets: [SECRET] };

  it("starts automatically at its scheduled time, and repeats", async () => {
    const clock = new ShiftedClock();
    await using timed = await TestGateway.start({}, { clock });
    await using stripe = await startStripe({ key: "sk_test_1", now: () => clock.now() - HOUR_MS / 2 });
    const source = await timed.source(stripeSource, false);
    const path = `ingest/api/v1/source/${source.id}/backfill`;
    await timed.call("PUT", path, { provider: "stripe", apiUrl: stripe.url, token: "sk_test_1", everyMinutes: 60 });
    for (const total of [1, 2]) {
      clock.advance(HOUR_MS);
      await stripe.emitUndelivered("invoice.paid", { total });
      await eventually(async () => {
        clock.advance(30_000);
        expect(await timed.messages(source)).toHaveLength(total);
      });
    }
    await eventually(async () => {
      const { json } = await timed.call("GET", path);
      expect(Date.parse(json["backfilledUntil"] as string)).toBeGreaterThan(clock.now() - HOUR_MS);
    });
  });

  it("continues where it stopped when the server is restarted", async () => {
    using folder = temporaryFolder();
    await using github = await startGitHub({ token: "ghp_1", now: anHourAgo });
    const hookId = await makeHook(github, "http://127.0.0.1:8999/");
    for (let number = 0; number < 4; number++) await github.emitUndelivered(OWNER, "issues", issue(number));
    const settings = { provider: "github", owner: "acme/shop", hookId, apiUrl: github.url, token: "ghp_1" };
    let id = "";
    {
      await using node = await startNode(folder.path);
      await callSource(node, "POST", "", { name: "Shop", uid: "shop", type: "github", secrets: [SECRET] });
      await callSource(node, "PUT", "/shop/backfill", settings);
      const since = new Date(Date.now() - 24 * HOUR_MS).toISOString();
      id = String((await callSource(node, "POST", "/shop/backfill/run", { since }))["id"]);
      // One redelivery per second: GitHub's limit.
      await eventually(async () => {
        expect((await callSource(node, "GET", `/shop/backfill/run/${id}`))["redelivered"]).toBeGreaterThan(0);
      });
    }
    await using node = await startNode(folder.path);
    await eventually(async () => {
      const done = await callSource(node, "GET", `/shop/backfill/run/${id}`);
      expect(done).toMatchObject({ state: "finished", scanned: 4, missing: 4, redelivered: 4 });
    });
    expect(github.calls.filter((call) => call.endsWith("/attempts"))).toHaveLength(4);
  });
});

async function callSource(
  node: TestNode,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${node.token}`, "content-type": "application/json" };
  const given = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${node.url}/ingest/api/v1/source${path}`, { method, headers, ...given });
  return (await response.json()) as Record<string, unknown>;
}
