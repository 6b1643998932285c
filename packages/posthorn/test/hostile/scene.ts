/** An object of every kind that a path names, on the attacked server, and another customer. */
import { eventually } from "@posthorn/testkit";
import { dataOf } from "../../src/cli/listen/stream-transport.ts";
import type { Running } from "./process.ts";

export interface ApiResponse {
  readonly status: number;
  readonly text: string;
}

/** Parameters of paths whose objects the scene cannot create, or must not lose. */
const MISSING = {
  passkey_id: "passkey_none",
  listener_id: "relay_none",
  listen_token_id: "ltok_none",
  connected_client_id: "ses_none",
};

export class Scene {
  /** Valid values of path parameters; the API's names for them. */
  readonly ids = new Map<string, string>();
  /** Position of a message in the feeds of the application and its endpoints. */
  offset = 0;
  readonly #server: Pick<Running, "url" | "token">;

  private constructor(server: Pick<Running, "url" | "token">) {
    this.#server = server;
  }

  static async make(server: Pick<Running, "url" | "token">): Promise<Scene> {
    const scene = new Scene(server);
    // Paths use IDs: a PUT removes the uid.
    const app = String((await scene.#post("/api/v1/app", { name: "Attacked" }))["id"]);
    await scene.#post("/api/v1/app", { name: "Other", uid: "other" });
    await scene.#post("/api/v1/event-type", {
      name: "order.paid",
      description: "",
      schemas: { "1": { examples: [{}] } },
    });
    const endpoint = await scene.#post(`/api/v1/app/${app}/endpoint`, {
      url: "https://silent.example.com/",
      uid: "ep",
    });
    // Its attempts fail at once. The route that tests an endpoint would wait for an attempt to the unresponsive one.
    const refusing = await scene.#post(`/api/v1/app/${app}/endpoint`, { url: "https://127.0.0.1/" });
    const recipient = await scene.#post(`/api/v1/app/${app}/alert-recipient`, { endpoint: refusing["id"] });
    const operational = await scene.#post("/api/v1/operational-webhook/endpoint", {
      url: "https://silent.example.com/",
      uid: "ep",
    });
    const message = await scene.#post(`/api/v1/app/${app}/msg`, { eventType: "order.paid", payload: { amount: 1 } });
    const replay = await scene.#post(`/api/v1/app/${app}/replay`, { since: new Date(0).toISOString() });
    const broadcast = await scene.#post("/api/v1/msg/broadcast", { eventType: "order.paid", payload: {} });
    const read = await scene.#post("/ingest/api/v1/source", {
      name: "Schedule",
      kind: "schedule",
      config: { cron: "0 9 * * *" },
    });
    const source = await scene.#post("/ingest/api/v1/source", {
      name: "Source",
      type: "github",
      config: { secret: "s3cret" },
    });
    const id = String(source["id"]);
    const target = await scene.#post(`/ingest/api/v1/source/${id}/endpoint`, {
      url: "https://silent.example.com/",
      uid: "ep",
    });
    const destination = await scene.#post(`/api/v1/app/${app}/destination`, {
      type: "fifoEndpoint",
      config: { url: "https://silent.example.com/" },
    });
    const polling = await scene.#post(`/api/v1/app/${app}/endpoint`, { kind: "polling" });
    await scene.#pull(app, String(endpoint["id"]), String(polling["id"]));
    const [subscription, pushed] = await Promise.all(
      ["", ""].map(() => scene.#post(`/api/v1/app/${app}/autoconfig`, {})),
    );
    const topic = await scene.#post(`/api/v1/app/${app}/websub/topic`, {});
    const hook = await scene.#post(`/api/v1/app/${app}/rest-hook`, { targetUrl: "https://silent.example.com/" });
    const hookToken = await scene.#post(`/api/v1/app/${app}/rest-hook-token`, {});
    const watch = await scene.#post(`/api/v1/app/${app}/watch`, {
      name: "Amount",
      rule: { read: { value: "$.amount" }, when: { above: 5 } },
      emit: { type: "amount.high" },
    });
    const provider = await scene.#post("/api/v1/identity-provider", {
      name: "Staff",
      issuer: "https://silent.example.com/",
      clientId: "posthorn",
    });
    const erasure = await scene.#post("/api/v1/erasure", { path: "$.person", value: "person-1", dryRun: true });
    const { user_code: userCode } = await scene.#post("/api/v1/device/code", { client_id: "laptop" });
    const changed = await scene.#post("/ingest/api/v1/source", { name: "Changed", type: "generic-webhook" });
    for (const body of [`${"[".repeat(20_000)}${"]".repeat(20_000)}`, "{}"]) {
      await fetch(String(source["ingestUrl"]), { method: "POST", body });
    }
    const [released, request] = await eventually(() => scene.#quarantined(id, 2));
    for (const [name, value] of Object.entries({
      app_id: app,
      rule_id: await scene.#redactionRule(app),
      endpoint_id: endpoint["id"],
      tested_endpoint_id: refusing["id"],
      recipient_id: recipient["id"],
      topic_id: topic["id"],
      subscription_id: hook["id"],
      hook_id: hook["id"],
      token_id: hookToken["id"],
      template_id: "refund",
      watch_id: watch["id"],
      destination_id: destination["id"],
      event_type_name: "order.paid",
      kind: "slack",
      sink_id: polling["id"],
      consumer_id: "worker",
      autoconfig_id: subscription!["id"],
      pushed_autoconfig_id: pushed!["id"],
      key_id: (await scene.#post("/api/v1/auth/api-key", { name: "Key", scopes: ["read"] }))["id"],
      provider_id: provider["id"],
      view_id: await scene.#view(),
      erasure_id: erasure["id"],
      user_code: userCode,
      user_id: await scene.#user(),
      ...MISSING,
      session_id: await scene.#listener(app),
      organisation_id: await scene.#organisation(),
      msg_id: message["id"],
      replay_id: replay["id"],
      ...(await scene.#failures()),
      task_id: broadcast["id"],
      source_id: id,
      request_id: request,
      released_request_id: released,
      changed_source_id: changed["id"],
      read_source_id: read["id"],
      operational_endpoint_id: operational["id"],
      source_endpoint_id: target["id"],
    })) {
      scene.ids.set(name, String(value));
    }
    return scene;
  }

  async #organisation(): Promise<string> {
    const { data } = (await this.#get("/api/v1/organisation")) as { readonly data: readonly { readonly id: string }[] };
    return data[0]!.id;
  }

  /** Reads the feeds of an application and an endpoint as the consumer `worker`. */
  async #pull(app: string, endpoint: string, polling: string): Promise<void> {
    const feeds = [`/api/v1/app/${app}`, `/api/v1/app/${app}/endpoint/${endpoint}`];
    const polls = feeds.map((path) => `${path}/feed/consumer/worker/poll`);
    for (const poll of polls) await this.#post(poll, {});
    await this.#get(`/api/v1/app/${app}/polling-endpoint/${polling}/consumer/worker`);
    await this.#post(`/api/v1/app/${app}/msg`, { eventType: "order.paid", payload: { amount: 2 } });
    const feed = (await this.#get(`/api/v1/app/${app}/feed`)) as {
      readonly data: readonly { readonly offset: number }[];
    };
    this.offset = feed.data.at(-1)!.offset;
    await this.#receive(polls);
  }

  async #view(): Promise<unknown> {
    const view = { list: "messages", name: "Failed", query: "state=failed" };
    return (await this.#post("/api/v1/saved-view", view))["id"];
  }

  /** A rule that applies to no event type in use. */
  async #redactionRule(app: string): Promise<unknown> {
    const rule = { path: "$.x", action: "mask", eventTypes: ["none"], appId: app };
    return (await this.#post("/api/v1/redaction-rule", rule))["id"];
  }

  /** Objects related to the endpoint whose attempts fail at once. */
  async #failures(): Promise<Readonly<Record<string, unknown>>> {
    const replay = await this.#post("/api/v1/replay", { since: new Date(Date.now() - 60_000).toISOString() });
    const rule = await this.#post("/api/v1/alert-rule", { name: "Alerts", kind: "incident", targets: [] });
    const incident = await eventually(async () => {
      const { data } = (await this.#get("/api/v1/incident")) as { readonly data: readonly { readonly id: string }[] };
      if (data[0] === undefined) throw new Error("There is no incident yet.");
      return data[0].id;
    });
    return { across_replay_id: replay["id"], alert_rule_id: rule["id"], incident_id: incident };
  }

  /** A path with valid IDs for its parameters. */
  fill(path: string): string {
    const kind = path.includes("/operational-webhook/") ? "operational" : path.startsWith("/ingest/") ? "source" : "";
    // Objects that a request uses up or changes are not shared with others.
    const special: Readonly<Record<string, string | undefined>> = {
      endpoint_id: path.endsWith("/test") ? "tested_endpoint_id" : kind === "" ? undefined : `${kind}_endpoint_id`,
      replay_id: path.startsWith("/api/v1/replay/") ? "across_replay_id" : undefined,
      request_id: path.endsWith("/release") ? "released_request_id" : undefined,
      autoconfig_id: path.endsWith("/endpoint") ? "pushed_autoconfig_id" : undefined,
      source_id: path.endsWith("{source_id}")
        ? "changed_source_id"
        : /\{source_id\}\/(?:state|poll|pause|resume)$/.test(path)
          ? "read_source_id"
          : undefined,
    };
    return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const id = this.ids.get(special[name] ?? name);
      if (id === undefined) throw new Error(`The scene has nothing that {${name}} of ${path} can name: add it.`);
      return encodeURIComponent(id);
    });
  }

  /** A token of only the attacked application. */
  async portalToken(): Promise<string> {
    return String((await this.#post(`/api/v1/auth/app-portal-access/${this.ids.get("app_id")}`, {}))["token"]);
  }

  /**
   * Paths of inbound URLs: one that accepts unsigned requests and has an endpoint whose filter reads the body, and one whose body is read
   * before it is known whether the request is signed.
   */
  async inboundPaths(): Promise<readonly string[]> {
    const open = await this.#post("/ingest/api/v1/source", { name: "Open", type: "generic-webhook" });
    await this.#post(`/ingest/api/v1/source/${String(open["id"])}/endpoint`, {
      url: "https://silent.example.com/",
      filter: { body: { missing: 1 } },
    });
    const slack = await this.#post("/ingest/api/v1/source", { name: "Slack", type: "slack", config: { secret: "s" } });
    return [open, slack].map((source) => new URL(String(source["ingestUrl"])).pathname);
  }

  async send(
    method: string,
    path: string,
    text: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiResponse> {
    return this.request(method, path, text, headers);
  }

  /** Like `send`, but without a body if `text` is `null`. */
  async request(
    method: string,
    path: string,
    text: string | null,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiResponse> {
    const response = await fetch(`${this.#server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#server.token}`, "content-type": "application/json", ...headers },
      ...(text === null ? {} : { body: text }),
    });
    return { status: response.status, text: await response.text() };
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(`${this.#server.url}${path}`, {
      headers: { authorization: `Bearer ${this.#server.token}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Polls until the consumers have received the message, which can be committed then. Later polls may return earlier pages again. */
  async #receive(polls: readonly string[]): Promise<void> {
    for (const poll of polls) {
      await eventually(async () => {
        const { data } = (await this.#post(poll, {})) as { readonly data: readonly { readonly offset: number }[] };
        if (data.at(-1)?.offset !== this.offset) throw new Error("the consumer has not received the message yet");
      });
    }
  }

  async #post(path: string, body: object): Promise<Record<string, unknown>> {
    const { status, text } = await this.send("POST", path, JSON.stringify(body));
    if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** Invites a user, who accepts. Returns their ID. */
  async #user(): Promise<string> {
    const { url } = await this.#post("/api/v1/invitation", { email: "eve@example.com", role: "viewer" });
    const body = { code: String(url).split("#code=")[1], name: "Eve", password: "quiet-otter-mends-lamps" };
    const accept = "/api/v1/sign-in/invitation/accept";
    const { status, text } = await this.send("POST", accept, JSON.stringify(body), { "x-posthorn-csrf": "1" });
    if (status !== 200) throw new Error(`${accept}: ${status} ${text}`);
    const { data } = (await this.#get("/api/v1/user")) as { data: { id: string }[] };
    return data[0]!.id;
  }

  /**
   * Connects a listener that acknowledges each request and responds to none. It stays connected as long as the server runs. Returns the ID
   * of its session.
   */
  async #listener(app: string): Promise<string> {
    const body = { name: "anna", clientId: "client-scene" };
    const { id, ticket } = await this.#post(`/api/v1/app/${app}/relay/session`, body);
    const headers = { authorization: `Bearer ${this.#server.token}` };
    const stream = await fetch(`${this.#server.url}/api/v1/relay/stream?ticket=${String(ticket)}`, { headers });
    if (!stream.ok) throw new Error(`The listener is not connected: ${stream.status}`);
    // Ends with the server.
    void this.#acknowledge(stream, `/api/v1/app/${app}/relay/session/${String(id)}/frame`).catch(() => undefined);
    return String(id);
  }

  async #acknowledge(stream: Response, path: string): Promise<void> {
    for await (const text of dataOf(stream.body!, () => undefined)) {
      const { type, id } = JSON.parse(text) as { readonly type: string; readonly id?: string };
      if (type !== "request") continue;
      await this.send("POST", path, JSON.stringify({ frames: [JSON.stringify({ type: "ack", id })] }));
    }
  }

  /** The IDs of the requests in quarantine, newest first, once there are this many. */
  async #quarantined(source: string, count: number): Promise<readonly string[]> {
    const { data } = (await this.#get(`/ingest/api/v1/source/${source}/quarantine`)) as { data: { id: string }[] };
    if (data.length < count) throw new Error(`${data.length} of ${count} in quarantine`);
    return data.map((row) => row.id);
  }
}
