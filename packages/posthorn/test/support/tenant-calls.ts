/** Every API call that makes the server send a request to an address. */
import { eventually } from "@posthorn/testkit";
import { send } from "./gateway.ts";
import type { ApiResponse, Tenant } from "./tenant.ts";

/** An application `app` with endpoint `ep` at `url`, and source `source` with an endpoint at the same URL. */
export interface CallScene {
  readonly tenant: Tenant;
  readonly app: string;
  /** The URL of deliveries. */
  readonly url: string;
  /** An address of this machine, for calls that use no rules of applications. */
  readonly inside: string;
  readonly source: string;
  readonly sourceUrl: string;
}

type Fields = Record<string, unknown>;
/** Makes the call; resolves with the error code of its outcome. */
export type TenantCall = (scene: CallScene) => Promise<unknown>;

/** An operator who allows only the public internet. */
export const STRICT = { POSTHORN_EGRESS_ALLOW: "external", POSTHORN_RETRY_SCHEDULE: "" };

/** A public address. */
const ELSEWHERE = "http://203.0.114.2:8080/target";
const MESSAGE = { eventType: "a", payload: { n: 1 } };
const since = () => new Date(Date.now() - 3_600_000).toISOString();

function accepted({ status, json, text }: ApiResponse): Fields {
  if (status < 200 || status > 299) throw new Error(`${status} ${text}`);
  return json;
}

/** The newest attempts of a list, once there are this many. */
function attempts(tenant: Tenant, path: string, count = 1): Promise<Fields[]> {
  return eventually(async () => {
    const data = accepted(await tenant.call("GET", path))["data"] as Fields[];
    if (data.length < count) throw new Error(`${data.length} of ${count} attempts`);
    return data;
  });
}

/** The error code of the newest attempt at the endpoint, once there are this many. */
async function attempted({ tenant, app }: CallScene, count = 1, endpoint = "ep"): Promise<unknown> {
  return (await attempts(tenant, `app/${app}/attempt/endpoint/${endpoint}`, count))[0]!["errorCode"];
}

async function published({ tenant, app }: CallScene): Promise<string> {
  return accepted(await tenant.call("POST", `app/${app}/msg`, MESSAGE))["id"] as string;
}

/** Posts to a path of endpoint `ep` after a message failed there. */
const again =
  (path: string, body: () => object): TenantCall =>
  async (scene) => {
    await published(scene);
    await attempted(scene);
    accepted(await scene.tenant.call("POST", `app/${scene.app}/endpoint/ep/${path}`, body()));
    return attempted(scene, 2);
  };

const consent =
  (method: string): TenantCall =>
  async ({ tenant, app }) =>
    accepted(await tenant.call("POST", `app/${app}/endpoint/ep/verify`, { method }))["errorCode"];

/** Gives endpoint `ep` a transformation with a different target. */
async function setCode({ tenant, app, inside }: CallScene): Promise<void> {
  accepted(await tenant.call("PATCH", `app/${app}/endpoint/ep`, { url: ELSEWHERE }));
  const code = `function handler(webhook) { webhook.url = ${JSON.stringify(inside)}; return webhook; }`;
  accepted(await tenant.call("PATCH", `app/${app}/endpoint/ep/transformation`, { code, enabled: true }));
}

export const DELIVERIES: readonly (readonly [name: string, call: TenantCall])[] = [
  ["a message", async (scene) => (await published(scene), attempted(scene))],
  [
    "a batch of messages of an application",
    async (scene) => {
      const body = { messages: [MESSAGE, MESSAGE] };
      accepted(await scene.tenant.call("POST", `app/${scene.app}/msg/batch`, body));
      return attempted(scene, 2);
    },
  ],
  [
    "a batch of messages",
    async (scene) => {
      const body = { messages: [{ ...MESSAGE, app: scene.app }] };
      accepted(await scene.tenant.call("POST", "msg/batch", body));
      return attempted(scene);
    },
  ],
  [
    "a broadcast",
    async (scene) => {
      accepted(await scene.tenant.call("POST", "msg/broadcast", { ...MESSAGE, applications: [scene.app] }));
      return attempted(scene);
    },
  ],
  [
    "an example",
    async (scene) => {
      const path = `app/${scene.app}/endpoint/ep/send-example`;
      accepted(await scene.tenant.call("POST", path, { eventType: "posthorn.ping" }));
      return attempted(scene);
    },
  ],
  [
    "a resent message",
    async (scene) => {
      const id = await published(scene);
      await attempted(scene);
      accepted(await scene.tenant.call("POST", `app/${scene.app}/msg/${id}/endpoint/ep/resend`));
      return attempted(scene, 2);
    },
  ],
  ["a recovery", again("recover", () => ({ since: since() }))],
  ["a bulk replay", again("bulk-replay", () => ({ since: since() }))],
  [
    "a replay to a URL",
    async (scene) => {
      const { tenant, app, url } = scene;
      const id = await published(scene);
      await attempted(scene);
      accepted(await tenant.call("POST", `app/${app}/replay`, { since: since(), target: { url } }));
      return (await attempts(tenant, `app/${app}/attempt/msg/${id}`, 2))[0]!["errorCode"];
    },
  ],
  [
    "a replay to another endpoint",
    async (scene) => {
      const { tenant, app, url } = scene;
      await published(scene);
      await attempted(scene);
      accepted(await tenant.call("POST", `app/${app}/endpoint`, { url, uid: "other" }));
      accepted(await tenant.call("POST", `app/${app}/replay`, { since: since(), target: { endpoint: "other" } }));
      return attempted(scene, 1, "other");
    },
  ],
  [
    "an endpoint that a portal token adds, and its example",
    async ({ tenant, app, url }) => {
      const portal = await tenant.portal(["ViewBase", "ManageEndpoint", "CreateAttempts"], app);
      accepted(await portal.call("POST", `app/${app}/endpoint`, { url, uid: "own" }));
      accepted(await portal.call("POST", `app/${app}/endpoint/own/send-example`, { eventType: "posthorn.ping" }));
      return (await attempts(portal, `app/${app}/attempt/endpoint/own`))[0]!["errorCode"];
    },
  ],
  ["a challenge", consent("challenge")],
  ["a request for consent", consent("cloudevents")],
  [
    "a request for a token of OAuth 2",
    async (scene) => {
      const auth = { type: "oauth2", tokenUrl: scene.url, clientId: scene.app, clientSecret: "s3cret" };
      accepted(await scene.tenant.call("PUT", `app/${scene.app}/endpoint/ep/egress`, { auth }));
      accepted(await scene.tenant.call("PATCH", `app/${scene.app}/endpoint/ep`, { url: ELSEWHERE }));
      await published(scene);
      return attempted(scene);
    },
  ],
  [
    "a request that a source passes on",
    async ({ tenant, source, sourceUrl }) => {
      await send(sourceUrl, '{"n":1}', { "content-type": "application/json" });
      return (await attempts(tenant, `app/${source}/attempt/endpoint/passed`))[0]!["errorCode"];
    },
  ],
  [
    "the example of a consumer of a source",
    async ({ tenant, source }) => {
      const { token } = accepted(await tenant.at("ingest/api/v1", "POST", `source/${source}/dashboard`, {}));
      const consumer = tenant.as(token as string);
      const path = `app/${source}/endpoint/passed/send-example`;
      accepted(await consumer.call("POST", path, { eventType: "posthorn.ping" }));
      return (await attempts(consumer, `app/${source}/attempt/endpoint/passed`))[0]!["errorCode"];
    },
  ],
];

/** Calls to an address of this machine, with the code of their outcome. Most use only the rules of the operator. */
export const OTHER_CALLS: readonly (readonly [name: string, code: string, call: TenantCall])[] = [
  [
    "a message whose code names the target",
    "transform_failed",
    async (scene) => {
      await setCode(scene);
      await published(scene);
      return attempted(scene);
    },
  ],
  [
    "a dry run whose code names the target",
    "transform_failed",
    async (scene) => {
      await setCode(scene);
      const message = await published(scene);
      const { error } = accepted(await scene.tenant.call("POST", `app/${scene.app}/endpoint/ep/try`, { message }));
      return (error as Fields | null)?.["code"];
    },
  ],
  [
    "an operational webhook",
    "blocked_address",
    async ({ tenant, app, inside }) => {
      const made = accepted(await tenant.call("POST", "operational-webhook/endpoint", { url: inside }));
      accepted(await tenant.call("POST", `app/${app}/endpoint`, { url: "https://example.com/" }));
      const path = `operational-webhook/endpoint/${String(made["id"])}`;
      const [attempt] = await attempts(tenant, `${path}/attempt`);
      accepted(await tenant.call("DELETE", path));
      return attempt!["errorCode"];
    },
  ],
  [
    "a backfill from the API of a provider",
    "blocked_address",
    async ({ tenant, inside }) => {
      const fields = { name: "GitHub", type: "github", secrets: ["s3cret-of-the-hook"] };
      const { id } = accepted(await tenant.at("ingest/api/v1", "POST", "source", fields));
      const settings = { provider: "github", owner: "acme/shop", hookId: 1, apiUrl: inside, token: "ghp_1" };
      const path = `source/${String(id)}/backfill`;
      accepted(await tenant.at("ingest/api/v1", "PUT", path, settings));
      const run = accepted(await tenant.at("ingest/api/v1", "POST", `${path}/run`, { since: since() }));
      return eventually(async () => {
        const { text } = await tenant.at("ingest/api/v1", "GET", `${path}/run/${String(run["id"])}`);
        if (!text.includes("This target is blocked")) throw new Error(text);
        return "blocked_address";
      });
    },
  ],
  [
    "the key set of a source",
    "not_accepted",
    async ({ tenant, inside }) => {
      const verification = { scheme: "jwt", algorithms: ["RS256"], jwksUrl: `${inside}/jwks` };
      const fields = { name: "JWT", type: "generic-webhook", verification };
      const { ingestUrl } = accepted(await tenant.at("ingest/api/v1", "POST", "source", fields));
      const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
      const token = `${part({ alg: "RS256", kid: "a" })}.${part({ exp: 9_999_999_999 })}.${part({})}`;
      const { status } = await send(ingestUrl as string, "{}", { authorization: `Bearer ${token}` });
      return status < 400 ? "accepted" : "not_accepted";
    },
  ],
  [
    "a URL check for an application",
    "blocked_address",
    async ({ tenant, app, inside }) =>
      accepted(await tenant.call("POST", `app/${app}/check-url`, { url: inside }))["code"],
  ],
  [
    "a URL check by the operator's rules",
    "blocked_address",
    async ({ tenant, inside }) => accepted(await tenant.call("POST", "egress/check", { url: inside }))["code"],
  ],
  [
    "a URL check by the rules of an application",
    "blocked_address",
    async ({ tenant, app, inside }) =>
      accepted(await tenant.call("POST", "egress/check", { url: inside, appId: app }))["code"],
  ],
];
