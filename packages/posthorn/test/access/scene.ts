/** A node with data of every kind, in which every payload value contains the canary. */
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { codeOf, TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { type ApiResponse, Tenant } from "../support/tenant.ts";

/** Looks like the start of a name, and has too many digits for one. */
export const CANARY = "canary20471189";

const TRANSFORMATION = `function handler(webhook) {
  console.log(webhook.payload.name);
  webhook.payload.transformed = webhook.payload.name;
  return webhook;
}`;

export interface AccessScene extends AsyncDisposable {
  readonly node: TestNode;
  readonly owner: Tenant;
  /** Values of path parameters: for an application, and for a source that is used as one. */
  readonly params: readonly Readonly<Record<string, string>>[];
  /** A token with this grant: null for everything. */
  keyWith(scopes: readonly string[] | null, applications?: readonly string[]): Promise<Tenant>;
  /** The session of a new person with this role. @param app `null`: in the whole organisation. */
  sessionWith(role: string, app: string | null): Promise<Pick<Tenant, "at">>;
}

export async function startAccessScene(env: Record<string, string> = {}): Promise<AccessScene> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  const receiver = stack.use(
    await startReceiver({ response: { status: 500, body: `{"no":"${CANARY}"}`, headers: { "x-answer": CANARY } } }),
  );
  const node = stack.use(await startNode(folder.path, { env: { POSTHORN_RETRY_SCHEDULE: "3600", ...env } }));
  const owner = new Tenant(node);
  const ofApplication = await applicationData(owner, receiver);
  const ofSource = await sourceData(owner, node, receiver);
  return {
    node,
    owner,
    params: [
      { ...ofSource, ...ofApplication },
      { ...ofSource, app_id: ofSource["source_id"]!, msg_id: ofSource["event_id"]! },
    ],
    sessionWith: (role, app) => sessionOf(node, owner, role, app),
    keyWith: async (scopes, applications) => {
      const limits = applications === undefined ? {} : { applications };
      const { json } = await ok(owner.call("POST", "auth/api-key", { name: "Key", scopes, ...limits }));
      return owner.as(json["token"] as string);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

let people = 0;

async function sessionOf(node: TestNode, owner: Tenant, role: string, app: string | null): Promise<Pick<Tenant, "at">> {
  const email = `person${++people}@engines.example`;
  const { json } = await ok(owner.call("POST", "invitation", { email, role, ...(app === null ? {} : { app }) }));
  const browser = new TestBrowser(node);
  const account = { code: codeOf(json["url"]), name: "Person", password: "green-lanterns-drift-away" };
  const { status } = await browser.send("POST", "sign-in/invitation/accept", account);
  if (status !== 200) throw new Error(`The invitation was not accepted: ${status}.`);
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  return {
    at: async (root, method, path) => {
      const headers = { cookie, "x-posthorn-csrf": "1", origin: node.url };
      const response = await fetch(`${node.url}/${root === "" ? "" : `${root}/`}${path}`, { method, headers });
      const text = await response.text();
      return { status: response.status, text, json: {} };
    },
  };
}

export async function ok(response: Promise<ApiResponse>): Promise<ApiResponse> {
  const given = await response;
  if (given.status >= 300) throw new Error(`${given.status} ${given.text}`);
  return given;
}

async function applicationData(owner: Tenant, receiver: Receiver): Promise<Record<string, string>> {
  const call = (method: string, path: string, body?: object) => ok(owner.call(method, path, body));
  const app = (await call("POST", "app", { name: "App", uid: "app" })).json["id"] as string;
  await call("POST", "event-type", { name: "order.made", description: "" });
  const endpoint = (await call("POST", "app/app/endpoint", { url: `${receiver.url}/hook`, uid: "ep" })).json[
    "id"
  ] as string;
  await call("PATCH", "app/app/endpoint/ep/transformation", { code: TRANSFORMATION, enabled: true });
  await call("POST", "app/app/endpoint", { url: `${receiver.url}/other`, uid: "filtered" });
  await call("PUT", "app/app/endpoint/filtered/filter", { filter: { body: { name: "a person" } } });
  const watch = { name: "Watch", uid: "watch", rule: { read: { key: "$.name", value: "$.n" }, when: { above: 1 } } };
  await call("POST", "app/app/watch", { ...watch, emit: { type: "watch.seen" } });
  const payload = { name: CANARY, [`key-${CANARY}`]: { list: [CANARY] }, n: 5 };
  const message = (await call("POST", "app/app/msg", { eventType: "order.made", eventId: "event-1", payload })).json[
    "id"
  ] as string;
  const raw = { rawPayload: `<name>${CANARY}</name>`, headers: { "content-type": "application/xml" } };
  await call("POST", "app/app/msg", { eventType: "order.raw", transformationsParams: raw });
  const attempt = await eventually(async () => {
    const data = (await call("GET", `app/app/attempt/msg/${message}`)).json["data"] as {
      id: string;
      endpointId: string;
    }[];
    const found = data.find((one) => one.endpointId === endpoint);
    if (found === undefined) throw new Error("no attempt yet");
    return found.id;
  });
  await eventually(async () => {
    const { text } = await call("GET", "app/app/watch/watch/key");
    if (!text.includes(CANARY)) throw new Error("no key yet");
  });
  const incident = await eventually(async () => {
    const [first] = (await call("GET", "incident")).json["data"] as { id: string }[];
    if (first === undefined) throw new Error("no incident yet");
    return first.id;
  });
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const replay = (await call("POST", "app/app/replay", { since, statuses: ["fail", "sending"] })).json["id"] as string;
  await call("POST", "operational-webhook/endpoint", { url: `${receiver.url}/operational`, uid: "operational" });
  return {
    app_id: app,
    endpoint_id: endpoint,
    msg_id: message,
    attempt_id: attempt,
    watch_id: "watch",
    event_type_name: "order.made",
    replay_id: replay,
    incident_id: incident,
    task_id: replay,
  };
}

async function sourceData(owner: Tenant, node: TestNode, receiver: Receiver): Promise<Record<string, string>> {
  const call = (method: string, path: string, body?: object) => ok(owner.at("ingest/api/v1", method, path, body));
  const verification = {
    scheme: "api-key",
    in: "header",
    name: "x-key",
    eventType: ["{body:type}"],
    deliveryId: ["{body:id}"],
  };
  const fields = { name: "Source", type: "generic-webhook", verification, secrets: ["a-secret-of-the-source"] };
  const source = (await call("POST", "source", fields)).json as { id: string; ingestUrl: string };
  const url = new URL(source.ingestUrl).pathname;
  const endpoint = (
    await call("POST", `source/${source.id}/endpoint`, { url: `${receiver.url}/passed`, uid: "passed" })
  ).json["id"];
  const post = (key: string, body: object) =>
    fetch(`${node.url}${url}/${CANARY}?q=${CANARY}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-key": key, "x-value": CANARY, [`x-${CANARY}`]: "1" },
      body: JSON.stringify(body),
    });
  const body = { id: "delivery-1", type: CANARY, name: CANARY, [`key-${CANARY}`]: 1 };
  for (const n of [1, 2])
    await post("a-secret-of-the-source", { ...body, id: `delivery-${n}`, extra: n === 1 ? CANARY : 1 });
  await post("a-secret-of-the-source", body);
  await post("wrong", body);
  const events = (await call("GET", `source/${source.id}/event`)).json["data"] as { id: string }[];
  const request = await eventually(async () => {
    const [first] = (await call("GET", `source/${source.id}/quarantine`)).json["data"] as { id: string }[];
    if (first === undefined) throw new Error("nothing in quarantine yet");
    return first.id;
  });
  const event = events[0]!.id;
  const attempt = await eventually(async () => {
    const { json } = await ok(owner.call("GET", `app/${source.id}/attempt/msg/${event}`));
    const [first] = json["data"] as { id: string }[];
    if (first === undefined) throw new Error("no attempt yet");
    return first.id;
  });
  await eventually(async () => {
    const { text } = await call("GET", `source/${source.id}/catalogue`);
    if (!text.includes(CANARY)) throw new Error("no catalogue yet");
  });
  return {
    source_id: source.id,
    event_id: event,
    request_id: request,
    endpoint_id: endpoint as string,
    attempt_id: attempt,
    event_type: CANARY,
  };
}
