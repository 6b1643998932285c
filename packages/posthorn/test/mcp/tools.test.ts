/** Every tool and action, with data of every kind: data that callers may and may not see. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Action, toolsFor } from "../../src/api/mcp/registry.ts";
import { type AccessScene, CANARY, ok, startAccessScene } from "../access/scene.ts";
import { parseExact } from "../../src/lib/exact-json.ts";
import { McpClient, type ToolResult } from "../support/mcp-client.ts";

let scene: AccessScene;
/** Secrets of the endpoints and the source, which no result may contain. */
let secrets: readonly string[];

beforeAll(async () => {
  scene = await startAccessScene({ POSTHORN_MCP: "write" });
  const { owner, params } = scene;
  await ok(owner.call("POST", "app", { name: "Other", uid: "other" }));
  const source = (await ok(owner.at("ingest/api/v1", "GET", `source/${params[0]!["source_id"]!}`))).json;
  const secret = (await ok(owner.call("GET", "app/app/endpoint/ep/secret"))).json["key"] as string;
  const token = new URL(source["ingestUrl"] as string).pathname.split("/").at(-1)!;
  secrets = [secret, secret.replace("whsec_", ""), token, "a-secret-of-the-source"];
});
afterAll(() => scene[Symbol.asyncDispose]());

type Audience = Parameters<typeof toolsFor>[0];

const actionsOf = (audience: Audience): readonly (readonly [string, string, Action])[] =>
  [...toolsFor(audience).values()].flatMap(({ declaration, actions }) =>
    [...actions].map(([name, action]) => [declaration.name, name, action] as const),
  );

/** Arguments that name the data of the scene. */
function argumentsFor(
  { name, parameters, route }: Action,
  params: Readonly<Record<string, string>>,
  size: number,
): object {
  const given: Record<string, unknown> = size > 1 ? { action: name } : {};
  for (const [argument, { place, name: param }] of parameters)
    if (place === "path") given[argument] = params[param] ?? "none";
  if (parameters.has("q")) given["q"] = "order";
  if (parameters.has("wait")) given["wait"] = 0;
  if (parameters.has("with_content")) given["with_content"] = true;
  if (parameters.has("eventType")) given["eventType"] = "order.made";
  if (parameters.has("payload")) given["payload"] = {};
  if (parameters.has("since") && route.method === "POST") given["since"] = new Date(0).toISOString();
  if (name === "create" && parameters.has("url")) given["url"] = "https://example.com/hook";
  return given;
}

/** Calls every action of an audience with the data of the scene. */
async function callAll(
  client: McpClient,
  audience: Audience,
  more: object = {},
): Promise<ReadonlyMap<string, ToolResult>> {
  const results = new Map<string, ToolResult>();
  const tools = toolsFor(audience);
  for (const params of scene.params) {
    for (const [tool, name, action] of actionsOf(audience)) {
      const { actions, declaration } = tools.get(tool)!;
      const extra = declaration.kind === "write" ? more : {};
      const given = { ...argumentsFor(action, params, actions.size), ...extra };
      results.set(`${tool} ${name} ${params["app_id"]!}`, await client.call(tool, given));
    }
  }
  return results;
}

const clientWith = (token: string, path?: string): McpClient => new McpClient(scene.node, token, path);

async function portalToken(app: string): Promise<string> {
  return (await ok(scene.owner.call("POST", `auth/app-portal-access/${app}`, {}))).json["token"] as string;
}

describe("a token of one application", () => {
  it("sees its own application with every tool that reads", async () => {
    const results = await callAll(clientWith(await portalToken("app"), "/mcp/app/app"), "application");
    const failed = [...results].filter(([key, { isError }]) => isError && / app_/.test(key));
    expect(failed.map(([key, { text }]) => `${key}: ${text}`)).toEqual([]);
    expect([...results.values()].some(({ text }) => text.includes(CANARY))).toBe(true);
  });

  it.each(["/mcp/app/other", "/mcp/app/app"])("sees no other application with any tool at %s", async (path) => {
    const results = await callAll(clientWith(await portalToken("other"), path), "application", { dry_run: false });
    const ids = scene.params.flatMap((params) => [params["endpoint_id"]!, params["attempt_id"]!]);
    const leaks = [...results].filter(([, { text, isError }]) => {
      // An error may repeat the requested ID.
      return [CANARY, ...secrets, ...(isError ? [] : ids)].some((word) => text.includes(word));
    });
    expect(leaks).toEqual([]);
  });
});

describe("results", () => {
  it("contain no secrets, even for callers that may read them", async () => {
    const results = await callAll(clientWith(scene.node.token), "organisation");
    const leaks = [...results].filter(([, { text }]) => secrets.some((secret) => text.includes(secret)));
    expect(leaks.map(([key]) => key)).toEqual([]);
    expect(results.get(`sources_read get ${scene.params[0]!["app_id"]!}`)).toMatchObject({ isError: false });
  });

  it("have masked payloads for callers that may not read them", async () => {
    const { json } = await ok(
      scene.owner.call("POST", "auth/api-key", { name: "Masked", scopes: ["read", "payloads:masked"] }),
    );
    const results = await callAll(clientWith(json["token"] as string), "organisation");
    // The scene names an event type after the canary, which the caller repeats in its request.
    const leaks = [...results].filter(
      ([key, { text, isError }]) => !isError && text.includes(CANARY) && !key.startsWith("schema_read get"),
    );
    expect(leaks).toEqual([]);
    expect(results.get(`messages_read get ${scene.params[0]!["app_id"]!}`)!.text).toContain("<string>");
  });

  it("say that their data is untrusted, and where it is from", async () => {
    const { content } = await clientWith(scene.node.token).call("messages_read", { action: "list", app: "app" });
    expect(content).toMatchObject({ untrusted: true, scope: { application: "app", operation: "v1.message.list" } });
    expect(JSON.stringify(content)).not.toContain(CANARY);
  });

  it("continue with a cursor until there is no more", async () => {
    const client = clientWith(scene.node.token);
    const first = await client.call("messages_read", { action: "list", app: "app", limit: 1 });
    const next = await client.call("messages_read", {
      action: "list",
      app: "app",
      limit: 1,
      cursor: first.content["next_cursor"],
    });
    const idOf = ({ content }: ToolResult) => (content["data"] as { data: { id: string }[] }).data[0]!.id;
    expect(idOf(next)).not.toBe(idOf(first));
  });

  it("are shortened, and say so", async () => {
    const client = clientWith(scene.node.token);
    await ok(scene.owner.call("POST", "app", { name: "Large", uid: "large" }));
    const payload = { text: "x".repeat(200_000), list: Array.from({ length: 10_000 }, (_, n) => n) };
    const { json } = await ok(scene.owner.call("POST", "app/large/msg", { eventType: "order.made", payload }));
    const { text, content } = await client.call("messages_read", { action: "get", app: "large", message: json["id"] });
    expect(text.length).toBeLessThan(110_000);
    expect(content["truncated"]).toContain("shortened");
    expect(JSON.stringify(content)).toContain("more characters)");
  });
});

describe("writes", () => {
  it("change nothing without a confirmation by the caller", async () => {
    const client = clientWith(scene.node.token);
    const given = { action: "pause", app: "app", endpoint: "ep" };
    const isPaused = async () =>
      (await ok(scene.owner.call("GET", "app/app/endpoint/ep/state"))).text.includes('"paused"');
    for (const dry of [{}, { dry_run: true }]) {
      const { content } = await client.call("endpoint_write", { ...given, ...dry });
      expect(content).toMatchObject({ dry_run: true, data: { would: { method: "POST" } } });
    }
    for (const unclear of ["false", 0, null]) {
      const result = await client.call("endpoint_write", { ...given, dry_run: unclear });
      expect(result.isError || result.content["dry_run"]).toBe(true);
    }
    expect(await isPaused()).toBe(false);
    expect((await client.call("endpoint_write", { ...given, dry_run: false })).content).toMatchObject({
      dry_run: false,
    });
    expect(await isPaused()).toBe(true);
  });

  it("are in the audit log, with the caller", async () => {
    const client = clientWith(scene.node.token);
    await client.call("endpoint_write", { action: "resume", app: "app", endpoint: "ep", dry_run: false });
    const { text } = await ok(scene.owner.call("GET", "audit?limit=50"));
    expect(text).toContain("v1.endpoint.resume");
  });

  it("run once for each idempotency key", async () => {
    const client = clientWith(scene.node.token);
    const given = {
      app: "large",
      eventType: "order.made",
      payload: { once: true },
      dry_run: false,
      idempotency_key: "k",
    };
    const [one, two] = [await client.call("publish_write", given), await client.call("publish_write", given)];
    expect(two.content["data"]).toEqual(one.content["data"]);
  });

  it("publish and return numbers with all their digits", async () => {
    const client = clientWith(scene.node.token);
    const payload = parseExact('{"ids":[{"id":9007199254740993}],"share":0.1234567890123456789}');
    const given = { app: "other", eventType: "order.made", payload };
    expect((await client.call("publish_write", given)).text).toContain("9007199254740993");
    const { content } = await client.call("publish_write", { ...given, dry_run: false });
    const { id } = content["data"] as { readonly id: string };
    const stored = await ok(scene.owner.call("GET", `app/other/msg/${id}`));
    expect(stored.text).toContain('"payload":{"ids":[{"id":9007199254740993}],"share":0.1234567890123456789}');
    const read = await client.call("messages_read", { action: "get", app: "other", message: id });
    expect(read.text).toContain("9007199254740993");
    expect(read.text).toContain("0.1234567890123456789");
  });

  it("are not offered to callers without the permission", async () => {
    const { json } = await ok(scene.owner.call("POST", "auth/api-key", { name: "Reader", scopes: ["read"] }));
    const names = (await clientWith(json["token"] as string).tools()).map(({ name }) => String(name));
    expect(names.filter((name) => name.endsWith("_write"))).toEqual([]);
    expect(names).toContain("endpoints_read");
    expect(names).not.toContain("wait_for_event");
  });
});

it("returns an event that is published while a caller waits", async () => {
  const client = clientWith(scene.node.token);
  // A separate application, because "from now on" can include messages published just before.
  await ok(scene.owner.call("POST", "app", { name: "Awaited", uid: "awaited" }));
  const { content } = await client.call("wait_for_event", { app: "awaited", wait: 0 });
  const waiting = client.call("wait_for_event", { app: "awaited", wait: 30, cursor: content["next_cursor"] });
  await ok(scene.owner.call("POST", "app/awaited/msg", { eventType: "order.made", payload: { awaited: 1 } }));
  expect((await waiting).text).toContain("awaited");
});

it("explains invalid arguments", async () => {
  const client = clientWith(scene.node.token);
  expect((await client.call("endpoints_read", { app: "app" })).text).toContain("list, get, state");
  expect((await client.call("endpoints_read", { action: "get", app: "app" })).text).toContain("`endpoint`");
  expect((await client.call("messages_read", { action: "list", app: "app", colour: 1 })).text).toContain("colour");
  expect((await client.call("messages_read", { action: "list", app: "app", before: "yesterday" })).text).toContain(
    "before",
  );
});
