/** The target of a replay to a URL is a row among the endpoints. It appears only in the replay itself and in the records of its requests. */
import { eventually, type Receiver, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

/** Where its ID may appear: the replay that created it, and the record of each request to it. */
const SHOWN_AT = [
  /^\/api\/v1\/app\/\{app_id\}\/replay(?:\/|$)/,
  /^\/api\/v1\/replay(?:\/\{replay_id\})?$/,
  /^\/api\/v1\/background-task(?:\/|$)/,
  /\/attempt\/msg\/\{msg_id\}$/,
  /\/msg\/\{msg_id\}\/attempt\/\{attempt_id\}$/,
  /\/msg\/\{msg_id\}\/delivery$/,
  /\/app\/\{app_id\}\/export$/,
];

type Json = Record<string, unknown>;

interface Document {
  readonly paths: Record<string, Record<string, unknown>>;
}

const folder = temporaryFolder();
const stack = new AsyncDisposableStack();
let node: TestNode;
let tenant: Tenant;
let receiver: Receiver;
let replayId: string;
let hiddenId: string;
/** Published before the replay, and while it ran. */
let before: string;
let during: string;
let replayed: string;

async function published(): Promise<string> {
  const { json } = await tenant.call("POST", "app/app/msg", { eventType: "a", payload: { n: 1 }, channels: ["c"] });
  return json["id"] as string;
}

beforeAll(async () => {
  stack.use(folder);
  const responses = Promise.withResolvers<void>();
  stack.defer(() => responses.resolve());
  let replays = 0;
  receiver = stack.use(
    await startReceiver({
      response: async ({ path }) => {
        if (path !== "/once") return 204;
        // The first request fails, and the second lasts as long as the test.
        if (replays++ > 0) await responses.promise;
        return 500;
      },
    }),
  );
  node = stack.use(
    await startNode(folder.path, {
      env: { POSTHORN_METRICS_LISTEN: "127.0.0.1:0", POSTHORN_SHUTDOWN_TIMEOUT: "0" },
    }),
  );
  tenant = new Tenant(node);
  await tenant.call("POST", "operational-webhook/endpoint", { url: `${receiver.url}/operational` });
  await tenant.setUp(`${receiver.url}/hook`);
  await tenant.call("POST", "app", { name: "Bare", uid: "bare" });
  before = await published();
  await published();
  await receiver.waitForCount(2);
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const { json } = await tenant.call("POST", "app/app/replay", { since, target: { url: `${receiver.url}/once` } });
  replayId = json["id"] as string;
  hiddenId = ((json["parameters"] as Json)["target"] as Json)["endpointId"] as string;
  // The first has failed, and the second is in flight.
  await receiver.waitForCount(4);
  during = await published();
  replayed = await eventually(async () => {
    const { json: list } = await tenant.call("GET", `app/app/attempt/msg/${before}`);
    const attempt = (list["data"] as Json[]).find(({ endpointId }) => endpointId === hiddenId);
    if (attempt === undefined) throw new Error("no attempt at the URL yet");
    return attempt["id"] as string;
  });
});

afterAll(() => stack.disposeAsync());

function filled(path: string): string {
  const values: Record<string, string> = {
    app_id: "app",
    endpoint_id: "ep",
    replay_id: replayId,
    attempt_id: replayed,
    msg_id: before,
  };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "unknown");
}

async function get(path: string, token = node.token): Promise<string> {
  const response = await fetch(`${node.url}${path}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) {
    await response.body?.cancel();
    return "";
  }
  return response.text();
}

/** Paths of every documented GET whose response contains the target. */
async function pathsThatShowIt(token: string): Promise<string[]> {
  const shown: string[] = [];
  let asked = 0;
  for (const document of ["/api/v1/openapi.json", "/ingest/openapi.json"]) {
    const text = await get(document);
    if (!text.startsWith('{"openapi"')) continue;
    for (const [path, operations] of Object.entries((JSON.parse(text) as Document).paths)) {
      if (!("get" in operations)) continue;
      asked++;
      for (const message of [before, during]) {
        const response = await get(filled(path.replace("{msg_id}", message)), token);
        if (response.includes(hiddenId)) shown.push(path);
      }
    }
  }
  expect(asked).toBeGreaterThan(50);
  return [...new Set(shown)];
}

describe("the target of a replay to a URL", () => {
  it("appears in no response to a GET except those of the replay and of the requests to it", async () => {
    const shown = await pathsThatShowIt(node.token);
    expect(shown.filter((path) => !SHOWN_AT.some((place) => place.test(path)))).toEqual([]);
    expect(shown).toContain("/api/v1/app/{app_id}/replay/{replay_id}");
  });

  it("is hidden from the portal and the metrics in the same way", async () => {
    const { json } = await tenant.call("POST", "auth/app-portal-access/app", {});
    const shown = await pathsThatShowIt(json["token"] as string);
    expect(shown.filter((path) => !SHOWN_AT.some((place) => place.test(path)))).toEqual([]);
    expect(await (await fetch(node.metricsUrl!)).text()).not.toContain(hiddenId);
  });

  it("counts neither as matched nor as unmatched, for messages from before and during the replay", async () => {
    for (const id of [before, during]) {
      const { json } = await tenant.call("GET", `app/app/msg/${id}/matching`);
      expect(json).toEqual({ matched: 1, unmatched: 0, reasons: [] });
    }
    const { json } = await tenant.call("POST", "app/app/msg/precheck/active", { eventType: "a" });
    expect(json).toMatchObject({ matched: 1, unmatched: 0 });
  });

  it("does not count as an endpoint of its application", async () => {
    const since = new Date(0).toISOString();
    await tenant.call("POST", "app/bare/msg", { eventType: "a", payload: {} });
    await tenant.call("POST", "app/bare/replay", { since, target: { url: `${receiver.url}/once` } });
    const { json } = await tenant.call("GET", "app?exclude_apps_with_no_endpoints=true");
    expect((json["data"] as Json[]).map(({ uid }) => uid)).toEqual(["app"]);
  });

  it("appears in no operational webhook", async () => {
    await tenant.call("PATCH", "app/app/endpoint/ep", { description: "Told of" });
    await receiver.waitFor(({ body }) => body.toString().includes("endpoint.updated"));
    const told = receiver.requests.filter(({ path }) => path === "/operational").map(({ body }) => body.toString());
    expect(told.filter((body) => body.includes(hiddenId))).toEqual([]);
  });
});

describe("a deleted endpoint", () => {
  it("appears in no matching result", async () => {
    await tenant.call("POST", "app/app/endpoint", { url: receiver.url, uid: "other", channels: ["other"] });
    const id = await published();
    const reasons = async (): Promise<unknown> =>
      (await tenant.call("GET", `app/app/msg/${id}/matching`)).json["reasons"];
    expect(await reasons()).toMatchObject([{ endpointUid: "other", reason: "channels" }]);
    await tenant.call("DELETE", "app/app/endpoint/other");
    const { json } = await tenant.call("GET", `app/app/msg/${id}/matching`);
    expect(json).toMatchObject({ matched: 1, unmatched: 0, reasons: [] });
  });
});
