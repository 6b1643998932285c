/** The log of API requests: which requests have an entry, who sees it, and that it is limited. */
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_WAITING, RequestLog } from "../src/api/request-log/buffer.ts";
import { type Actor, systemActor } from "../src/domain/access.ts";
import { pruneRequests, recordRequests } from "../src/domain/request-log/record.ts";
import { McpClient } from "./support/mcp-client.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { servicesOver } from "./support/services.ts";
import { openStore, temporaryFolder } from "./support/store.ts";

interface Entry {
  readonly id: string;
  readonly caller: { readonly kind: string; readonly id: string | null; readonly name: string | null };
  readonly operation: string;
  readonly route: string;
  readonly status: number;
  readonly errorCode: string | null;
  readonly durationMs: number;
  readonly requestId: string | null;
}

let node: TestNode;
const stack = new AsyncDisposableStack();
beforeAll(async () => {
  const folder = stack.use(temporaryFolder());
  node = stack.use(await startNode(folder.path, { env: { POSTHORN_MCP: "write" } }));
});
afterAll(() => stack.disposeAsync());

function call(method: string, path: string, body?: object, headers: Record<string, string> = {}, token = node.token) {
  return fetch(`${node.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function entries(query: string, token = node.token): Promise<readonly Entry[]> {
  const response = await call("GET", `/api/v1/request-log?${query}`, undefined, {}, token);
  expect(response.status).toBe(200);
  return ((await response.json()) as { readonly data: readonly Entry[] }).data;
}

async function makeKey(
  name: string,
  scopes: readonly string[],
): Promise<{ readonly id: string; readonly token: string }> {
  const response = await call("POST", "/api/v1/auth/api-key", { name, scopes });
  expect(response.status).toBe(201);
  return (await response.json()) as { id: string; token: string };
}

describe("the log of API requests", () => {
  it("has changes and failures with their caller, code and request ID, and no successful publish", async () => {
    const key = await makeKey("Deploy job", ["messages:publish"]);
    const { id: app } = (await (await call("POST", "/api/v1/app", { name: "Acme", uid: "acme-secret" })).json()) as {
      id: string;
    };
    const publish = (body: object, id: string, token = key.token) =>
      call("POST", `/api/v1/app/${app}/msg`, body, { "x-request-id": id }, token);
    expect((await publish({ eventType: "invoice.paid", payload: { card: "4111" } }, "published-1")).status).toBe(202);
    expect((await publish({ payload: {} }, "refused-1")).status).toBe(422);
    expect(
      (await call("DELETE", `/api/v1/app/${app}`, undefined, { "x-request-id": "denied-1" }, key.token)).status,
    ).toBe(403);
    const [denied, refused] = await eventually(async () => {
      const found = await entries(`caller=${key.id}`);
      expect(found).toHaveLength(2);
      return found as [Entry, Entry];
    });
    expect(refused).toMatchObject({
      caller: { kind: "key", id: key.id, name: "Deploy job" },
      operation: "v1.message.create",
      route: "/api/v1/app/{app_id}/msg",
      status: 422,
      errorCode: "validation",
      requestId: "refused-1",
    });
    expect(denied).toMatchObject({ operation: "v1.application.delete", status: 403, errorCode: "insufficient access" });
    const created = await entries("operation=v1.application&result=success");
    expect(created).toMatchObject([{ operation: "v1.application.create", status: 201, errorCode: null }]);
    expect(await entries("request_id=refused-1")).toEqual([refused]);
    expect(await entries(`request_id=${refused.id}`)).toEqual([refused]);
    expect(await entries("error_code=validation&method=POST&status=422&result=client_error")).toEqual([refused]);
    expect(await entries("operation=v1.app")).toEqual([]);
    const all = JSON.stringify(await entries("limit=250"));
    for (const secret of ["4111", "acme-secret", app, key.token]) expect(all).not.toContain(secret);
  });

  it("is visible to callers that may read the audit log, and contains nothing of other organisations", async () => {
    const key = await makeKey("Reader", ["read"]);
    expect((await call("GET", "/api/v1/request-log", undefined, {}, key.token)).status).toBe(403);
    const auditor = await makeKey("Auditor", ["audit:read"]);
    await eventually(async () => expect(await entries(`caller=${key.id}`, auditor.token)).toHaveLength(1));
  });

  it("has the operations that MCP tools call, like calls of the API", async () => {
    const { id: app } = (await (await call("POST", "/api/v1/app", { name: "Agents" })).json()) as { id: string };
    const key = await makeKey("Agent", ["read", "endpoints:write"]);
    const client = new McpClient(node, key.token);
    const create = { action: "create", app, url: "https://example.com/hook" };
    expect((await client.call("endpoint_write", create)).isError).toBe(false);
    const changed = await client.call("endpoint_write", { ...create, dry_run: false });
    expect(changed.isError).toBe(false);
    const refused = await client.call("endpoint_write", { ...create, url: "nowhere", dry_run: false });
    expect(refused.isError).toBe(true);
    await eventually(async () =>
      expect(await entries(`caller=${key.id}&operation=v1.endpoint.create`)).toMatchObject([
        { status: 422, errorCode: "validation" },
        { status: 201, errorCode: null, route: "/api/v1/app/{app_id}/endpoint" },
      ]),
    );
  });

  it("finds entries by the name of an operation, an error code, a caller or a request ID", async () => {
    const key = await makeKey("Searched", ["messages:publish"]);
    await call("DELETE", "/api/v1/app/app_none", undefined, { "x-request-id": "searched-1" }, key.token);
    const [entry] = await eventually(async () => {
      const found = await entries(`caller=${key.id}`);
      expect(found).toHaveLength(1);
      return found as [Entry];
    });
    for (const text of [
      "insufficient access",
      "v1.application.delete",
      "v1.application",
      "v1.application.",
      key.id,
      entry.id,
      "searched-1",
    ])
      expect(await entries(`caller=${key.id}&search=${encodeURIComponent(text)}`)).toEqual([entry]);
    expect(await entries(`caller=${key.id}&search=v1.app`)).toEqual([]);
  });

  it("is paged from new to old", async () => {
    for (let time = 0; time < 3; time++)
      await call("GET", "/api/v1/app/app_none", undefined, { "x-request-id": `page-${time}` });
    await eventually(async () => expect(await entries("operation=v1.application.get")).toHaveLength(3));
    const page = async (query: string) =>
      (await (await call("GET", `/api/v1/request-log?operation=v1.application.get&limit=2${query}`)).json()) as {
        readonly data: readonly Entry[];
        readonly iterator: string;
      };
    const first = await page("");
    const second = await page(`&iterator=${first.iterator}`);
    expect([...first.data, ...second.data].map(({ requestId }) => requestId)).toEqual(["page-2", "page-1", "page-0"]);
  });
});

describe("entries in memory", () => {
  const request = { method: "POST", route: "/", operation: "v1.x", errorCode: null, durationMs: 1 };

  it("are limited for each organisation, with room for failures beyond successes", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    let dropped = 0;
    await using log = new RequestLog({
      services,
      setTimer: () => () => undefined,
      onFailure: (error) => {
        throw error;
      },
      onDropped: () => dropped++,
    });
    const answered = (orgId: number, status: number, id?: string) =>
      log.answered({ ...request, actor: systemActor(orgId, "org_x"), status, clientRequestId: id });
    const { caller } = MAX_WAITING.organisation;
    for (let time = 0; time < caller; time++) answered(1, 200);
    for (let time = 0; time < caller; time++) answered(1, 500);
    answered(2, 200, "spaces are not an ID");
    await log.flush();
    const rows = await files.store.db
      .selectFrom("api_request")
      .select((eb) => ["org_id", "status", eb.fn.countAll<number>().as("count")])
      .groupBy(["org_id", "status"])
      .orderBy("org_id")
      .orderBy("status")
      .execute();
    expect(rows).toEqual([
      { org_id: 1, status: 200, count: caller / 2 },
      { org_id: 1, status: 500, count: caller / 2 },
      { org_id: 2, status: 200, count: 1 },
    ]);
    expect(dropped).toBe(caller);
    const kept = await files.store.db.selectFrom("api_request").select("client_request_id").distinct().execute();
    expect(kept).toEqual([{ client_request_id: null }]);
  });

  it("of one application leave room for those of other applications and of the organisation", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    let dropped = 0;
    await using log = new RequestLog({
      services,
      setTimer: () => () => undefined,
      onFailure: (error) => {
        throw error;
      },
      onDropped: () => dropped++,
    });
    const customer = (appPublicId: string) =>
      ({ kind: "application", orgId: 1, orgPublicId: "org_x", appPublicId }) as unknown as Actor;
    const failed = (actor: Actor) => log.answered({ ...request, actor, status: 404, clientRequestId: undefined });
    const { caller, all } = MAX_WAITING.application;
    for (let time = 0; time < 1000; time++) failed(customer("app_loud"));
    failed(customer("app_quiet"));
    for (let app = 0; app < all; app++) failed(customer(`app_${app}`));
    failed(systemActor(1, "org_x"));
    log.answered({ ...request, method: "HEAD", actor: systemActor(1, "org_x"), status: 404, clientRequestId: "head" });
    await log.flush();
    const rows = await files.store.db
      .selectFrom("api_request")
      .select(["caller_kind", "caller_id", "method"])
      .execute();
    const of = (id: string) => rows.filter(({ caller_id }) => caller_id === id).length;
    expect([of("app_loud"), of("app_quiet")]).toEqual([caller, 1]);
    expect(rows.filter(({ caller_kind }) => caller_kind === "application")).toHaveLength(all);
    expect(rows.filter(({ caller_kind }) => caller_kind !== "application").map(({ method }) => method)).toEqual([
      "POST",
      "GET",
    ]);
    expect(dropped).toBe(1000 - caller + caller + 1);
  });

  it("of an application cannot push out those of others", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await files.store.transaction(({ db }) =>
      db.insertInto("organisation").values({ id: 1, public_id: "org_x", created_at: 0 }).execute(),
    );
    const entry = (callerKind: "application" | "token", callerId: string | null) => ({
      ...services.ids.next("req_"),
      ...request,
      orgId: 1,
      callerKind,
      callerId,
      status: 404,
      clientRequestId: null,
    });
    await recordRequests(services, [
      entry("token", null),
      entry("application", "app_quiet"),
      ...Array.from({ length: 6 }, () => entry("application", "app_loud")),
    ]);
    const sweep = { signal: new AbortController().signal, pause: () => Promise.resolve() };
    const left = async () =>
      (await files.store.db.selectFrom("api_request").select("caller_id").orderBy("id").execute()).map(
        ({ caller_id }) => caller_id,
      );
    await pruneRequests(services, 86_400_000, sweep, { organisation: 1, applications: 4, application: 3 });
    expect(await left()).toEqual([null, "app_quiet", "app_loud", "app_loud", "app_loud"]);
    await pruneRequests(services, 86_400_000, sweep, { organisation: 1, applications: 2, application: 3 });
    expect(await left()).toEqual([null, "app_loud", "app_loud"]);
  });

  it("are deleted after the retention, and the oldest ones beyond the limit of an organisation", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await files.store.transaction(({ db }) =>
      db.insertInto("organisation").values({ id: 1, public_id: "org_x", created_at: 0 }).execute(),
    );
    const entry = (status: number) => ({
      ...services.ids.next("req_"),
      ...request,
      orgId: 1,
      callerKind: "token" as const,
      callerId: null,
      status,
      clientRequestId: null,
    });
    await recordRequests(services, [entry(200), entry(404), entry(500)]);
    const sweep = { signal: new AbortController().signal, pause: () => Promise.resolve() };
    await pruneRequests(services, 86_400_000, sweep);
    const count = async () => (await files.store.db.selectFrom("api_request").select("id").execute()).length;
    expect(await count()).toBe(3);
    await pruneRequests(services, 86_400_000, sweep, { organisation: 2, applications: 2, application: 2 });
    const statuses = await files.store.db.selectFrom("api_request").select("status").orderBy("id").execute();
    expect(statuses).toEqual([{ status: 404 }, { status: 500 }]);
    await pruneRequests(services, -86_400_000, sweep);
    expect(await count()).toBe(0);
  });
});
