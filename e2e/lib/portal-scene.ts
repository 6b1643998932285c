/** A customer with endpoints, a catalogue and a few deliveries, another customer, and a page of another origin. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "@posthorn/testkit";
import type { World } from "./world.ts";

export interface PortalScene {
  readonly app: string;
  readonly good: string;
  readonly bad: string;
  readonly message: string;
  readonly failedAttempt: string;
  readonly eventType: string;
  readonly replay: string;
  readonly other: { readonly app: string; readonly endpoint: string; readonly message: string };
}

const TYPES = [
  ["invoice.paid", "An invoice was paid in full.", "Billing"],
  ["invoice.failed", "A payment for an invoice failed.", "Billing"],
  ["invoice.refunded", "A payment was refunded.", "Billing"],
  ["parcel.sent", "A parcel left the warehouse.", null],
  ["parcel.delivered", "A parcel was delivered.", null],
  ["user.created", "A user signed up.", "Accounts"],
] as const;

const SCHEMA = {
  type: "object",
  title: "Invoice",
  properties: {
    id: { type: "string", examples: ["inv_1042"] },
    amount: { type: "number", minimum: 0, examples: [129.9] },
    currency: { type: "string", enum: ["EUR", "USD"] },
  },
  required: ["id", "amount"],
  examples: [{ id: "inv_1042", amount: 129.9, currency: "EUR" }],
};

/** A message that one endpoint accepts and another refuses. */
export async function setUpPortal({ api, receiver }: World): Promise<PortalScene> {
  receiver.respondWith(({ path }) => (path === "/bad" ? { status: 500, body: "out of order" } : 204));
  const make = async (path: string, body: object): Promise<string> => {
    const { status, json, text } = await api.post(`/api/v1/${path}`, body);
    assert.ok(status === 201 || status === 202, text);
    return json.id as string;
  };
  for (const [name, description, groupName] of TYPES) {
    const { status, text } = await api.post("/api/v1/event-type", {
      name,
      description,
      ...(groupName === null ? {} : { groupName }),
      schemas: { 1: SCHEMA },
    });
    assert.equal(status, 201, text);
  }
  const app = await make("app", { name: "Acme Logistics", uid: "acme" });
  const good = await make(`app/${app}/endpoint`, { url: `${receiver.url}/good`, description: "Production" });
  const bad = await make(`app/${app}/endpoint`, { url: `${receiver.url}/bad`, eventTypes: ["invoice.paid"] });
  const message = await make(`app/${app}/msg`, { eventType: "invoice.paid", payload: { id: "inv_1", amount: 12.5 } });
  const otherApp = await make("app", { name: "Globex", uid: "globex" });
  const other = {
    app: otherApp,
    endpoint: await make(`app/${otherApp}/endpoint`, { url: `${receiver.url}/globex` }),
    message: await make(`app/${otherApp}/msg`, { eventType: "invoice.paid", payload: {} }),
  };
  const failedAttempt = await eventually(async () => {
    const { json } = await api.get(`/api/v1/app/${app}/attempt/msg/${message}`);
    const attempts = json.data as { id: string; endpointId: string }[];
    assert.equal(attempts.length, 2);
    return attempts.find(({ endpointId }) => endpointId === bad)!.id;
  });
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const replay = await make(`app/${app}/endpoint/${good}/recover`, { since });
  return { app, good, bad, message, failedAttempt, eventType: "invoice.paid", replay, other };
}

/** A link to the portal of an application. */
export async function portalLink(
  { api }: World,
  app: string,
  body: object = {},
): Promise<{ readonly url: string; readonly token: string }> {
  const { status, json, text } = await api.post(`/api/v1/auth/app-portal-access/${app}`, body);
  assert.equal(status, 200, text);
  return json as { url: string; token: string };
}

/** Every page of the portal, by a readable name. */
export function portalPages(scene: PortalScene): readonly (readonly [string, string])[] {
  const { bad, message, failedAttempt, eventType, replay } = scene;
  return [
    ["endpoints", "/portal"],
    ["endpoint", `/portal/endpoints/${bad}`],
    ["attempts", `/portal/endpoints/${bad}?tab=attempts`],
    ["types and filter", `/portal/endpoints/${bad}?tab=matching`],
    ["policy", `/portal/endpoints/${bad}?tab=policy`],
    ["signing of an endpoint", `/portal/endpoints/${bad}?tab=security`],
    ["feed of an endpoint", `/portal/endpoints/${bad}?tab=feed`],
    ["settings", `/portal/endpoints/${bad}?tab=settings`],
    ["deliveries", "/portal/messages"],
    ["message", `/portal/messages/${message}`],
    ["attempt", `/portal/messages/${message}/attempts/${failedAttempt}`],
    ["catalogue", "/portal/event-types"],
    ["event type", `/portal/event-types/${eventType}`],
    ["replay", `/portal/replays/${replay}`],
    ["signing", "/portal/signing"],
    ["feed", "/portal/feed"],
    ["alerts", "/portal/alerts"],
    ["agents", "/portal/agents"],
  ];
}

export interface HostPage extends AsyncDisposable {
  readonly origin: string;
  /** Sets the HTML of the page. */
  show(html: string): void;
}

/** A page of the product, on another origin than the server's. */
export async function startHost(files: Readonly<Record<string, string>> = {}): Promise<HostPage> {
  let html = "";
  const server = createServer((request, response) => {
    const file = files[request.url ?? ""];
    response.writeHead(200, { "content-type": file === undefined ? "text/html; charset=utf-8" : "text/javascript" });
    response.end(file ?? html);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    show: (text) => (html = `<!doctype html><title>Product</title>${text}`),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
