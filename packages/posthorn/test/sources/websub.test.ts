/** Subscriptions at a WebSub hub, which runs in the test and follows the specification. */
import { createHmac } from "node:crypto";
import { eventually } from "@posthorn/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SourceScene } from "./scene.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

const SECRET = "a-secret-of-the-subscriber";
const DAY_MS = 86_400_000;

interface Subscription {
  readonly callback: string;
  readonly topic: string;
  readonly secret: string;
}

let scene: SourceScene;
let hub: WebServer;
let subscriptions: Subscription[];
/** Whether the hub confirms what is requested. */
let confirms: boolean;
/** Responses to its confirmations. */
let challenges: string[];

beforeEach(async () => {
  scene = await SourceScene.start();
  hub = await startWebServer();
  [subscriptions, confirms, challenges] = [[], true, []];
  hub.respond = (request, response, body) => {
    if (request.method === "GET") {
      response.writeHead(200, { link: [`<${hub.url}/hub>; rel="hub"`, `<${hub.url}/topic>; rel="self"`] }).end("Hello");
      return;
    }
    const form = new URLSearchParams(body);
    const subscription = {
      callback: form.get("hub.callback")!,
      topic: form.get("hub.topic")!,
      secret: form.get("hub.secret")!,
    };
    subscriptions.push(subscription);
    response.writeHead(202).end();
    if (confirms) void confirm(subscription);
  };
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

async function confirm({ callback, topic }: Subscription, leaseSeconds = 864_000): Promise<number> {
  const query = new URLSearchParams({
    "hub.mode": "subscribe",
    "hub.topic": topic,
    "hub.challenge": "c-123",
    "hub.lease_seconds": String(leaseSeconds),
  });
  const response = await fetch(`${callback}?${query.toString()}`);
  challenges.push(await response.text());
  return response.status;
}

async function publish({ callback, secret }: Subscription, body: string): Promise<number> {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = { "content-type": "application/atom+xml", "x-hub-signature": `sha256=${signature}` };
  const { status } = await fetch(callback, { method: "POST", body, headers });
  return status;
}

async function subscribed() {
  const source = await scene.source("websub", { url: `${hub.url}/topic`, secret: SECRET });
  const state = await eventually(async () => {
    const now = await scene.state(source);
    expect(Date.parse(String(now["nextAt"])) - scene.clock.now()).toBeGreaterThan(DAY_MS);
    return now;
  });
  return { source, state };
}

describe("a subscription", () => {
  it("finds the hub, is confirmed, and stores updates that are signed, once", async () => {
    const { source } = await subscribed();
    expect(subscriptions).toMatchObject([{ topic: `${hub.url}/topic`, secret: SECRET }]);
    expect(challenges).toEqual(["c-123"]);
    expect(await publish(subscriptions[0]!, "<feed>1</feed>")).toBe(202);
    expect(await publish(subscriptions[0]!, "<feed>1</feed>")).toBe(202);
    expect(await publish(subscriptions[0]!, "<feed>2</feed>")).toBe(202);
    expect(await scene.messages(source)).toMatchObject([
      { eventType: "websub.update" },
      { eventType: "websub.update" },
    ]);
  });

  it("distinguishes an update that the hub repeats from a topic that returns to an earlier state", async () => {
    const { source } = await subscribed();
    const [subscription] = subscriptions;
    for (const body of ["on", "on", "off", "on", "on"]) expect(await publish(subscription!, body)).toBe(202);
    expect(await scene.messages(source)).toHaveLength(3);
    scene.clock.set(scene.clock.now() + 3_700_000);
    await publish(subscription!, "on");
    expect(await scene.messages(source)).toHaveLength(4);
  });

  it("stores an update once if the hub sends it several times at once", async () => {
    const { source } = await subscribed();
    await Promise.all(Array.from({ length: 5 }, () => publish(subscriptions[0]!, "same")));
    expect(await scene.messages(source)).toHaveLength(1);
  });

  it("reports why the hub denies it", async () => {
    const { source } = await subscribed();
    const query = new URLSearchParams({
      "hub.mode": "denied",
      "hub.topic": `${hub.url}/topic`,
      "hub.reason": "too many",
    });
    const { status } = await fetch(`${subscriptions[0]!.callback}?${query.toString()}`);
    expect(status).toBe(200);
    expect(await scene.state(source)).toMatchObject({
      state: "failing",
      error: { message: "The hub denied the subscription: too many" },
    });
  });

  it("quarantines updates with a wrong signature or none, without reporting it to the sender", async () => {
    const { source } = await subscribed();
    const [subscription] = subscriptions;
    expect(await publish({ ...subscription!, secret: "another-secret-of-16" }, "<feed/>")).toBe(202);
    expect((await fetch(subscription!.callback, { method: "POST", body: "<feed/>" })).status).toBe(202);
    expect(await scene.messages(source)).toEqual([]);
    expect(await scene.gateway.quarantine(source, 2)).toMatchObject([
      { reason: "signature_mismatch" },
      { reason: "signature_mismatch" },
    ]);
  });

  it("is renewed after two thirds of its lease", async () => {
    const { source } = await subscribed();
    await scene.next(source);
    await eventually(() => expect(subscriptions).toHaveLength(2));
    await eventually(() => expect(challenges).toHaveLength(2));
    await eventually(async () => {
      const { nextAt, state } = await scene.state(source);
      expect(Date.parse(String(nextAt)) - scene.clock.now()).toBeGreaterThan(DAY_MS);
      expect(state).toBe("waiting");
    });
  });

  it("is not confirmed for another topic, nor after its source was deleted", async () => {
    const { source } = await subscribed();
    const [subscription] = subscriptions;
    expect(await confirm({ ...subscription!, topic: "https://other.example/" })).toBe(404);
    await scene.gateway.call("DELETE", `ingest/api/v1/source/${source.id}`);
    expect(await confirm(subscription!)).toBe(404);
  });

  it("is requested again if the hub does not confirm it, and fails with a hint", async () => {
    confirms = false;
    const source = await scene.source("websub", { url: `${hub.url}/topic`, secret: SECRET });
    // The first call may find the source before it has requested the subscription, when nothing is overdue.
    await eventually(async () => {
      await scene.next(source);
      expect(await scene.state(source)).toMatchObject({ state: "failing", error: { code: "target_refused" } });
    });
    confirms = true;
    await eventually(async () => {
      await scene.next(source);
      expect(await scene.state(source)).toMatchObject({ state: "waiting", error: null });
    });
  });

  it("to a topic without a hub fails with a hint", async () => {
    hub.respond = (_request, response) => void response.end("Hello");
    const source = await scene.source("websub", { url: `${hub.url}/topic`, secret: SECRET });
    expect(await scene.state(source)).toMatchObject({ error: { code: "protocol_error", hint: expect.any(String) } });
  });
});
