/** A small platform for the tests of the dashboard: two customers, good and bad endpoints, a few messages. */
import assert from "node:assert/strict";
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
}

export const HOSTILE = "<img src=x onerror=\"window.broken='yes'\"><script>window.broken='yes'</script>";

/** Sends a message to an endpoint that takes it and to one that fails, whose answer is hostile. */
export async function setUpScene(world: World): Promise<DashboardScene> {
  const { api, receiver } = world;
  receiver.answer(({ path, body }) => {
    if (path === "/bad") return { status: 500, headers: { "content-type": "text/html" }, body: HOSTILE };
    if (path === "/busy") return { status: 429, headers: { "retry-after": "3600" } };
    return path === "/ordered" && body.includes("refuse") ? 500 : 204;
  });
  const make = async (path: string, body: object): Promise<{ id: string; name: string }> => {
    const { status, json, text } = await api.post(path, body);
    assert.ok(status === 201 || status === 202, text);
    return json as { id: string; name: string };
  };
  const schemas = { v1: { type: "object", properties: { amount: { type: "integer", minimum: 5 } } } };
  const { name: eventType } = await make("/api/v1/event-type", { name: "invoice.paid", description: "Paid.", schemas });
  const app = (await make("/api/v1/app", { name: "Acme Logistics", uid: "acme" })).id;
  await make("/api/v1/app", { name: "Globex", uid: "globex" });
  const good = (await make(`/api/v1/app/${app}/endpoint`, { url: `${receiver.url}/good` })).id;
  const bad = (await make(`/api/v1/app/${app}/endpoint`, { url: `${receiver.url}/bad`, description: HOSTILE })).id;
  const payload = { amount: 1.5, note: HOSTILE };
  const message = (await make(`/api/v1/app/${app}/msg`, { eventType, payload })).id;
  const source = (await make("/ingest/api/v1/source", { name: "GitHub", type: "github", secrets: ["a-secret"] })).id;
  const failedAttempt = await eventually(async () => {
    const { json } = await api.get(`/api/v1/app/${app}/attempt/msg/${message}`);
    const attempts = json.data as { id: string; endpointId: string }[];
    assert.equal(attempts.length, 2);
    return attempts.find(({ endpointId }) => endpointId === bad)!.id;
  });
  return { app, good, bad, message, failedAttempt, eventType, source };
}

/** Every page of the dashboard, by a name for people. */
export function pagesOf(scene: DashboardScene): readonly (readonly [string, string])[] {
  const { app, bad, message, failedAttempt, eventType, source } = scene;
  const endpoint = `/applications/${app}/endpoints/${bad}`;
  return [
    ["home", "/"],
    ["messages", "/messages"],
    ["live", "/live"],
    ["issues", "/issues"],
    ["applications", "/applications"],
    ["application", `/applications/${app}`],
    ["messages of an application", `/applications/${app}?tab=messages`],
    ["policy of an application", `/applications/${app}?tab=policy`],
    ["settings of an application", `/applications/${app}?tab=settings`],
    ["endpoint", endpoint],
    ["attempts of an endpoint", `${endpoint}?tab=attempts`],
    ["types and filter", `${endpoint}?tab=matching`],
    ["policy of an endpoint", `${endpoint}?tab=policy`],
    ["secret and headers", `${endpoint}?tab=security`],
    ["settings of an endpoint", `${endpoint}?tab=settings`],
    ["message", `/applications/${app}/messages/${message}`],
    ["attempt", `/applications/${app}/messages/${message}/attempts/${failedAttempt}`],
    ["event types", "/event-types"],
    ["event type", `/event-types/${eventType}`],
    ["sources", "/sources"],
    ["source", `/sources/${source}`],
    ["events of a source", `/sources/${source}?tab=events`],
    ["quarantine", `/sources/${source}?tab=quarantine`],
    ["replays", "/replays"],
    ["new replay", "/replays/new"],
    ["keys", "/settings"],
    ["address checker", "/settings?tab=egress"],
    ["storage", "/settings?tab=storage"],
    ["operational webhooks", "/settings?tab=webhooks"],
    ["shortcuts", "/shortcuts"],
  ];
}
