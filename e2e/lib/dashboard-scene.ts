/** Sample data for the dashboard tests: two customers, working and failing endpoints, a few messages. */
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { eventually } from "@posthorn/testkit";
import type { World } from "./world.ts";

export interface DashboardScene {
  readonly app: string;
  readonly good: string;
  readonly bad: string;
  readonly message: string;
  readonly failedAttempt: string;
  readonly eventType: string;
  readonly source: string;
  /** The endpoint to which inbound events are forwarded. */
  readonly route: string;
  /** A request to the source whose signature was wrong. */
  readonly rejected: string;
  /** A source that captures any request. */
  readonly capture: string;
  readonly replay: string;
  readonly incident: string;
  /** A source that Posthorn reads. */
  readonly schedule: string;
  /** A watch of that source, which reports nothing while the tests run. */
  readonly watch: string;
  readonly template: string;
}

export const SOURCE_SECRET = "a-secret";
export const HOSTILE = "<img src=x onerror=\"window.broken='yes'\"><script>window.broken='yes'</script>";

/** The application with consumers and subscriptions. */
const SUBSCRIBED = "globex";

/** A consumer of a feed, a topic with a subscription and a request that its callback did not confirm, and a REST hook with its token. */
async function subscribe({ api, receiver, server }: World): Promise<void> {
  const app = `/api/v1/app/${SUBSCRIBED}`;
  await api.post(`${app}/feed/consumer/billing/poll`, {});
  await api.post(`${app}/autoconfig`, {});
  await api.post(`${app}/rest-hook-token`, {});
  await api.post(`${app}/rest-hook`, {
    targetUrl: `${receiver.url}/hooks/catch/1234567/abcdefg/`,
    event: "invoice.paid",
  });
  const { json } = await api.post(`${app}/websub/topic`, {
    description: "Paid invoices",
    eventTypes: ["invoice.paid"],
  });
  for (const path of ["/subscriber?of=invoices", "/unconfirmed"]) {
    const callback = `${receiver.url}${path}`;
    const form = { "hub.mode": "subscribe", "hub.topic": json["url"] as string, "hub.callback": callback };
    const { status } = await fetch(`${server.url}/websub`, { method: "POST", body: new URLSearchParams(form) });
    assert.equal(status, 202);
  }
  await eventually(async () => {
    const subscriptions = (await api.get(`${app}/websub/subscription`)).json["data"] as unknown[];
    const requests = (await api.get(`${app}/websub/request`)).json["data"] as { readonly state: string }[];
    assert.deepEqual([subscriptions.length, requests.map(({ state }) => state)], [1, ["failed"]]);
  });
}

/** Sends a message to an endpoint that accepts it and to one that fails with a hostile response. */
export async function setUpScene(world: World): Promise<DashboardScene> {
  const { api, receiver } = world;
  receiver.respondWith(({ path, body }) => {
    // A subscriber at the hub.
    const challenge = new URL(path, receiver.url).searchParams.get("hub.challenge");
    if (path.startsWith("/subscriber?") && challenge !== null) return { status: 200, body: challenge };
    if (path === "/bad") return { status: 500, headers: { "content-type": "text/html" }, body: HOSTILE };
    if (path === "/busy") return { status: 429, headers: { "retry-after": "3600" } };
    return path === "/ordered" && body.includes("refuse") ? 500 : 204;
  });
  const make = async (path: string, body: object): Promise<{ id: string; name: string }> => {
    const { status, json, text } = await api.post(path, body);
    assert.ok(status === 201 || status === 202, text);
    return json as { id: string; name: string };
  };
  const schemas = { 1: { type: "object", properties: { amount: { type: "integer", minimum: 5 } } } };
  const { name: eventType } = await make("/api/v1/event-type", { name: "invoice.paid", description: "Paid.", schemas });
  const app = (await make("/api/v1/app", { name: "Acme Logistics", uid: "acme" })).id;
  await make("/api/v1/app", { name: "Globex", uid: SUBSCRIBED });
  const good = (await make(`/api/v1/app/${app}/endpoint`, { url: `${receiver.url}/good` })).id;
  const bad = (await make(`/api/v1/app/${app}/endpoint`, { url: `${receiver.url}/bad`, description: HOSTILE })).id;
  const payload = { amount: 1.5, note: HOSTILE };
  const message = (await make(`/api/v1/app/${app}/msg`, { eventType, payload })).id;
  const fields = { name: "GitHub", type: "github", secrets: [SOURCE_SECRET] };
  const made = await api.post("/ingest/api/v1/source", fields);
  const { id: source, ingestUrl } = made.json as { id: string; ingestUrl: string };
  const route = (await make(`/ingest/api/v1/source/${source}/endpoint`, { url: `${receiver.url}/inbound` })).id;
  await sendPush(ingestUrl, "refs/heads/main");
  await eventually(async () => {
    const { json } = await api.get(`/ingest/api/v1/source/${source}/catalogue`);
    assert.equal((json.data as unknown[]).length, 1);
  });
  const failedAttempt = await eventually(async () => {
    const { json } = await api.get(`/api/v1/app/${app}/attempt/msg/${message}`);
    const attempts = json.data as { id: string; endpointId: string }[];
    assert.equal(attempts.length, 2);
    return attempts.find(({ endpointId }) => endpointId === bad)!.id;
  });
  await sendPush(ingestUrl, "refs/heads/main", "wrong");
  const rejected = await eventually(async () => {
    const { json } = await api.get(`/ingest/api/v1/source/${source}/quarantine`);
    const [row] = json.data as { id: string }[];
    assert.ok(row);
    return row.id;
  });
  const { id: capture } = await make("/ingest/api/v1/source", {
    name: "Capture",
    type: "generic-webhook",
    verification: { scheme: "none" },
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
  });
  const since = new Date(Date.now() - 3_600_000).toISOString();
  await subscribe(world);
  const { id: replay } = await make(`/api/v1/app/${app}/endpoint/${good}/recover`, { since });
  const { id: schedule } = await make("/ingest/api/v1/source", {
    name: "Nightly report",
    kind: "schedule",
    config: { cron: "0 3 * * *", timeZone: "Europe/Berlin" },
  });
  const { id: watch } = await make(`/api/v1/app/${schedule}/watch`, {
    name: "Report is missing",
    emit: { type: "report.missing" },
    rule: { read: { key: "$.name" }, when: { silent: "26h" }, expect: ["Nightly report"] },
  });
  const inbound = { source, route, rejected, capture, schedule, watch, template: "sensor-threshold" };
  const incident = await eventually(async () => {
    const [first] = (await api.get("/api/v1/incident")).json["data"] as { readonly id: string }[];
    assert.ok(first, "no incident yet");
    return first.id;
  });
  return { app, good, bad, message, failedAttempt, eventType, replay, incident, ...inbound };
}

/** Sends a signed GitHub push event. @returns The status of the response. */
export async function sendPush(
  url: string,
  branch: string,
  secret = SOURCE_SECRET,
  delivery: string = randomUUID(),
): Promise<number> {
  const body = JSON.stringify({ ref: branch, commits: 1 });
  const { status } = await fetch(`${url}/ci?from=shop`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": "push",
      "x-github-delivery": delivery,
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    },
    body,
  });
  return status;
}

/** Every page of the dashboard, by a readable name. */
export function pagesOf(scene: DashboardScene): readonly (readonly [string, string])[] {
  const { app, bad, message, failedAttempt, eventType, source, route, rejected, capture, replay } = scene;
  const { incident } = scene;
  const { schedule, watch } = scene;
  const watchPage = `/watches/${schedule}/${watch}`;
  const endpoint = `/applications/${app}/endpoints/${bad}`;
  return [
    ["home", "/"],
    ["messages", "/messages"],
    ["held messages", "/messages?state=held"],
    ["live", "/live"],
    ["incidents", "/incidents"],
    ["resolved incidents", "/incidents?show=resolved"],
    ["incident", `/incidents/${incident}`],
    ["issues", "/issues"],
    ["endpoints", "/endpoints"],
    ["endpoints needing attention", "/endpoints/attention"],
    ["applications", "/applications"],
    ["application", `/applications/${app}`],
    ["messages of an application", `/applications/${app}?tab=messages`],
    ["feed of an application", `/applications/${SUBSCRIBED}?tab=feed`],
    ["subscriptions of an application", `/applications/${SUBSCRIBED}?tab=subscriptions`],
    ["feed of an application without consumers", `/applications/${app}?tab=feed`],
    ["an application without subscriptions", `/applications/${app}?tab=subscriptions`],
    ["policy of an application", `/applications/${app}?tab=policy`],
    ["settings of an application", `/applications/${app}?tab=settings`],
    ["endpoint", endpoint],
    ["attempts of an endpoint", `${endpoint}?tab=attempts`],
    ["types and filter", `${endpoint}?tab=matching`],
    ["policy of an endpoint", `${endpoint}?tab=policy`],
    ["secret and headers", `${endpoint}?tab=security`],
    ["feed of an endpoint", `${endpoint}?tab=feed`],
    ["settings of an endpoint", `${endpoint}?tab=settings`],
    ["message", `/applications/${app}/messages/${message}`],
    ["attempt", `/applications/${app}/messages/${message}/attempts/${failedAttempt}`],
    ["event types", "/event-types"],
    ["event type", `/event-types/${eventType}`],
    ["sources", "/sources"],
    ["table sources", "/sources/tables"],
    ["source", `/sources/${source}`],
    ["routes of a source", `/sources/${source}?tab=routes&route=${route}`],
    ["catalogue of a source", `/sources/${source}?tab=catalogue`],
    ["event type of a source", `/sources/${source}?tab=catalogue&type=push`],
    ["activity of a source", `/sources/${source}?tab=activity`],
    ["settings of a source", `/sources/${source}?tab=settings`],
    ["events of a source", `/sources/${source}?tab=events`],
    ["quarantine", `/sources/${source}?tab=quarantine`],
    ["rejected request", `/sources/${source}/quarantine/${rejected}`],
    ["source that is read", `/sources/${schedule}`],
    ["settings of a source that is read", `/sources/${schedule}?tab=settings`],
    ["templates", "/templates"],
    ["template", `/templates/${scene.template}`],
    ["watches", "/watches"],
    ["new watch", "/watches/new"],
    ["watch", watchPage],
    ["key of a watch", `${watchPage}?key=Nightly+report`],
    ["transitions of a watch", `${watchPage}?tab=transitions`],
    ["rule of a watch", `${watchPage}?tab=rule`],
    ["settings of a watch", `${watchPage}?tab=settings`],
    ["captures", "/capture"],
    ["capture", `/capture/${capture}`],
    ["audit log", "/audit"],
    ["replays", "/replays"],
    ["replay", `/replays/${app}/${replay}`],
    ["replay across applications", `/replays/all/${replay}`],
    ["new replay", "/replays/new"],
    ["new replay across applications", "/replays/across"],
    ["new replay of an incident", `/replays/across?incident=${incident}`],
    ["cluster", "/cluster"],
    ["keys", "/settings"],
    ["URL checker", "/settings?tab=egress"],
    ["organisations", "/settings?tab=organisations"],
    ["storage", "/settings?tab=storage"],
    ["operational webhooks", "/settings?tab=webhooks"],
    ["alerts", "/settings?tab=alerts"],
    ["agents", "/settings?tab=agents"],
    ["API requests", "/settings?tab=requests"],
    ["appearance of the portal", "/settings?tab=portal"],
    ["users", "/users"],
    ["profile", "/profile"],
    ["device approval", "/device"],
    ["client consent", "/connect"],
    ["set-up without a code", "/setup"],
    ["invitation without a code", "/invitation"],
    ["reset without a code", "/reset"],
    ["shortcuts", "/shortcuts"],
    ["API reference", "/reference"],
    ["operation of the API reference", "/reference?operation=v1.message.create"],
  ];
}
