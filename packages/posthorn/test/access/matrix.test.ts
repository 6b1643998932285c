/**
 * Who may call which route: every route with every kind of token, over HTTP. The expected responses follow from the
 * definitions of the routes; the table at the end repeats some of them by hand.
 */
import { isNightly, onPostgres } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Route } from "../../src/api/route.ts";
import { ROUTES } from "../../src/api/routes.ts";
import { CAPABILITIES, type Capability } from "../../src/domain/access.ts";
import { type Permission, PERMISSIONS } from "../../src/domain/grant.ts";
import { ROLE_PERMISSIONS, ROLES } from "../../src/domain/role.ts";
import { join, ownerOf, type TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";
import { ok } from "./scene.ts";

const folder = temporaryFolder();
let node: TestNode;
let owner: Tenant;
/** The owner of the organisation, signed in. */
let people: TestBrowser;

beforeAll(async () => {
  node = await startNode(folder.path);
  owner = new Tenant(node);
  for (const uid of ["one", "two"]) await ok(owner.call("POST", "app", { name: uid, uid }));
  people = await ownerOf(node);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Routes of the account of the caller, which only users have. */
const OF_ACCOUNT = /^v1\.(?:session\.(?:list|end|switch-organisation)|profile\.|device\.|connected-client\.)/;
/** Would end the token that calls it. */
const LOGOUT = "v1.authentication.logout";
const TESTED = ROUTES.filter(({ operationId }) => operationId !== LOGOUT && !OF_ACCOUNT.test(operationId));

/** Operations that always need more than the permission of their route. */
const ALSO: Readonly<Record<string, readonly Permission[]>> = {
  "v1.authentication.get-poller-token": ["payloads:read"],
  "v1.authentication.list-poller-tokens": ["payloads:read"],
};
/** For tokens of applications only. */
const ONLY_PORTAL = "v1.portal.get";

/**
 * Scopes that are tried individually. Scopes are compared in memory, so on PostgreSQL keys with several scopes suffice, except in the
 * nightly run.
 */
const SCOPES = onPostgres && !isNightly ? PERMISSIONS.slice(0, 1) : PERMISSIONS;

/** Calls a route without a valid body, and returns the status. */
type Call = (method: string, path: string) => Promise<number>;

const pathOf = (path: string, app: string): string => path.replace(":app_id", app).replace(/:\w+/g, "nothing");

const withToken =
  (tenant: Tenant): Call =>
  async (method, path) =>
    (await tenant.at("", method, path.slice(1), method === "GET" ? undefined : [])).status;

const withCookie =
  (browser: TestBrowser): Call =>
  async (method, path) =>
    (await browser.send(method, `../..${path}`, method === "GET" ? undefined : [])).status;

/**
 * The operations that are rejected with 403. The requests refer to nothing that exists and have no valid body, so that nothing is changed.
 */
async function refused(caller: Call, app = "nowhere"): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { method, path, operationId } of TESTED) {
    const status = await caller(method, pathOf(path, app));
    expect([401, 500]).not.toContain(status);
    if (status === 403) found.push(operationId);
  }
  return found;
}

const operations = (isRefused: (route: Route) => boolean): readonly string[] =>
  TESTED.filter(isRefused).map(({ operationId }) => operationId);

const lacks = (permissions: ReadonlySet<Permission>) => (route: Route) =>
  route.operationId === ONLY_PORTAL ||
  ![route.permission, ...(ALSO[route.operationId] ?? [])].every((permission) => permissions.has(permission));

async function keyWith(scopes: readonly string[]): Promise<Call> {
  const { json } = await ok(owner.call("POST", "auth/api-key", { name: "Key", scopes }));
  return withToken(owner.as(json["token"] as string));
}

describe("a token of the organisation", () => {
  it("may call every route", async () => {
    expect(await refused(withToken(owner))).toEqual([ONLY_PORTAL]);
  });
});

describe("an API key", () => {
  it.each(SCOPES)("with the scope %s may call the routes with this permission, and no others", async (scope) => {
    expect(await refused(await keyWith([scope]))).toEqual(operations(lacks(new Set([scope]))));
  });

  it.each(ROLES)("with the permissions of the role %s may call the routes with these, and no others", async (role) => {
    const permissions = ROLE_PERMISSIONS[role];
    expect(await refused(await keyWith([...permissions]))).toEqual(operations(lacks(permissions)));
  });

  it("of one application may call its routes, and those that filter by application", async () => {
    const expected = operations(
      ({ path, filtersApplications, operationId }) =>
        operationId === ONLY_PORTAL || (!/:(app|source)_id/.test(path) && filtersApplications !== true),
    );
    // One of the calls deletes it.
    await ok(owner.call("POST", "app", { name: "short-lived", uid: "short-lived" }));
    const key = await keyWith([...PERMISSIONS, "app:short-lived"]);
    expect(await refused(key, "two")).toEqual(expected);
    expect(await refused(key, "short-lived")).toEqual(expected);
  });

  it("of one application finds no other application or source on any route", async () => {
    const key = await keyWith([...PERMISSIONS, "app:one"]);
    const statuses = new Map<string, number>();
    for (const { method, path, operationId } of TESTED.filter(({ path: url }) => url.includes(":app_id"))) {
      statuses.set(operationId, await key(method, pathOf(path, "two")));
    }
    expect([...statuses].filter(([, status]) => status !== 404)).toEqual([]);
  });
});

const NEEDED: Readonly<Record<string, Capability>> = {
  pull: "ViewBase",
  subscribe: "ManageEndpoint",
  hooks: "ManageEndpoint",
};

describe("a user", () => {
  it.each(ROLES)("with the role %s may call the routes with its permissions, and no others", async (role) => {
    const expected = operations(lacks(ROLE_PERMISSIONS[role]));
    const browser = role === "owner" ? people : await join(node, people, { email: `${role}@engines.example`, role });
    expect(await refused(withCookie(browser))).toEqual(expected);
    expect((await browser.send("GET", "profile")).status).toBe(200);
  });

  it("with a role in one application has it there, and sees no other application", async () => {
    const browser = await join(node, people, { email: "one@engines.example", role: "developer", app: "one" });
    const call = withCookie(browser);
    const expected = operations(
      (route) =>
        lacks(ROLE_PERMISSIONS.developer)(route) ||
        (!/:(app|source)_id/.test(route.path) && route.filtersApplications !== true),
    );
    expect(await refused(call, "missing")).toEqual(expected);
    expect((await browser.send("GET", "app")).json["data"]).toMatchObject([{ uid: "one" }]);
    expect((await browser.send("GET", "app/two")).status).toBe(404);
    expect((await browser.send("GET", "profile")).status).toBe(200);
    expect((await browser.send("PATCH", "app/one", { name: "one" })).status).toBe(200);
  });

  it("with a role in the organisation and another in one application has both there", async () => {
    const email = "both@engines.example";
    const browser = await join(node, people, { email, role: "viewer" });
    const { json } = await people.send("GET", "user?limit=250");
    const { id } = (json["data"] as { id: string; email: string }[]).find((user) => user.email === email)!;
    const changed = await people.send("PATCH", `user/${id}`, { applicationRoles: [{ app: "one", role: "developer" }] });
    expect(changed.status).toBe(200);
    expect((await browser.send("PATCH", "app/one", { name: "one" })).status).toBe(200);
    expect((await browser.send("PATCH", "app/two", { name: "two" })).status).toBe(403);
    expect((await browser.send("POST", "app/one/msg", { eventType: "a", payload: {} })).status).toBe(202);
    expect((await browser.send("POST", "app/two/msg", { eventType: "a", payload: {} })).status).toBe(403);
    expect((await browser.send("GET", "app")).json["data"]).toHaveLength(2);
    expect((await browser.send("POST", "app", { name: "three" })).status).toBe(403);
  });
});

it("routes of the account of the caller are open to users with roles in single applications", () => {
  const closed = ROUTES.filter(
    ({ path, permission, filtersApplications }) =>
      /^\/api\/v1\/(?:session|profile|device|connected-client)/.test(path) &&
      permission === "read" &&
      filtersApplications !== true,
  );
  expect(closed.map(({ operationId }) => operationId)).toEqual([]);
});

describe("a key that manages users", () => {
  it("cannot give a role with more permissions than its own", async () => {
    const { json } = await ok(
      owner.call("POST", "auth/api-key", { name: "Key", scopes: ["people:manage", ...ROLE_PERMISSIONS.support] }),
    );
    const key = owner.as(json["token"] as string);
    const invite = async (role: string): Promise<number> =>
      (await key.call("POST", "invitation", { email: `${role}-by-key@engines.example`, role })).status;
    expect(await invite("support")).toBe(201);
    expect(await invite("developer")).toBe(403);
    expect(await invite("owner")).toBe(403);
  });
});

describe("a token of an application", () => {
  it.each(CAPABILITIES)(
    "with the capability %s may call the routes with this access, and no others",
    async (capability) => {
      const portal = await owner.portal([capability], "one");
      const expected = operations(({ access }) => access !== "any token" && (NEEDED[access] ?? access) !== capability);
      expect(await refused(withToken(portal), "one")).toEqual(expected);
    },
  );
});

describe("a token for a single purpose", () => {
  /** Without the feed of the application, which no endpoint token can read: there, the path decides. */
  const withoutFeed = (names: readonly string[]): readonly string[] =>
    names.filter((name) => !name.startsWith("v1.feed."));

  it("reads the feed of an endpoint, and calls no other route", async () => {
    await ok(owner.call("POST", "app/one/endpoint", { url: "http://127.0.0.1:8080/", uid: "fed", disabled: true }));
    const { json } = await ok(owner.call("GET", "auth/app/one/poller/fed/token"));
    const expected = operations(({ access }) => access !== "pull");
    expect(withoutFeed(await refused(withToken(owner.as(json["token"] as string)), "one"))).toEqual(
      withoutFeed(expected),
    );
  });

  it("manages REST hooks, and calls no other route", async () => {
    const { json } = await ok(owner.call("POST", "app/one/rest-hook-token", {}));
    const expected = operations(({ access }) => access !== "hooks");
    expect(await refused(withToken(owner.as(json["token"] as string)), "one")).toEqual(expected);
  });

  it("completes a subscription and reads its feed, and calls no other route", async () => {
    const { json } = await ok(owner.call("POST", "app/one/autoconfig"));
    const expected = operations(({ access }) => access !== "pull" && access !== "subscribe");
    const content = (json["token"] as string).split("_").at(-1)!;
    const { tok } = JSON.parse(Buffer.from(content, "base64").toString()) as { tok: string };
    expect(withoutFeed(await refused(withToken(owner.as(tok)), "one"))).toEqual(withoutFeed(expected));
  });
});

describe("a request without a token", () => {
  it("is rejected on every route", async () => {
    const statuses = await Promise.all(
      TESTED.map(async ({ method, path }) => (await fetch(node.url + path.replace(/:\w+/g, "x"), { method })).status),
    );
    expect(new Set(statuses)).toEqual(new Set([401]));
  });
});

describe("the permissions of the routes", () => {
  const BY_HAND: readonly (readonly [string, string, Permission])[] = [
    ["GET", "/api/v1/app", "read"],
    ["POST", "/api/v1/app", "applications:write"],
    ["DELETE", "/api/v1/app/:app_id", "applications:write"],
    ["PUT", "/api/v1/app/:app_id/egress", "settings:write"],
    ["POST", "/api/v1/app/:app_id/msg", "messages:publish"],
    ["POST", "/api/v1/msg/batch", "messages:publish"],
    ["POST", "/api/v1/msg/broadcast", "messages:publish"],
    ["GET", "/api/v1/app/:app_id/msg", "read"],
    ["DELETE", "/api/v1/app/:app_id/msg/:msg_id/content", "messages:delete"],
    ["POST", "/api/v1/app/:app_id/msg/:msg_id/cancel", "messages:delete"],
    ["POST", "/api/v1/app/:app_id/msg/:msg_id/endpoint/:endpoint_id/cancel", "messages:delete"],
    ["POST", "/api/v1/app/:app_id/msg/:msg_id/endpoint/:endpoint_id/resend", "messages:replay"],
    ["POST", "/api/v1/app/:app_id/endpoint/:endpoint_id/recover", "messages:replay"],
    ["POST", "/api/v1/replay", "messages:replay"],
    ["GET", "/api/v1/replay/:replay_id", "read"],
    ["POST", "/api/v1/app/:app_id/endpoint/:endpoint_id/try", "payloads:read"],
    ["POST", "/api/v1/app/:app_id/endpoint/:endpoint_id/filter/explain", "payloads:read"],
    ["POST", "/api/v1/app/:app_id/endpoint/:endpoint_id/filter/dry-run", "payloads:read"],
    ["POST", "/api/v1/filter/explain", "payloads:read"],
    ["GET", "/api/v1/app/:app_id/endpoint/:endpoint_id/secret", "secrets:read"],
    ["POST", "/api/v1/app/:app_id/endpoint/:endpoint_id/secret/rotate", "endpoints:write"],
    ["POST", "/api/v1/app/:app_id/endpoint", "endpoints:write"],
    ["POST", "/api/v1/event-type", "event-types:write"],
    ["POST", "/api/v1/operational-webhook/endpoint", "settings:write"],
    ["GET", "/api/v1/delivery-pause", "read"],
    ["POST", "/api/v1/delivery-pause/resume", "settings:write"],
    ["GET", "/api/v1/operational-webhook/endpoint/:endpoint_id/secret", "secrets:read"],
    ["POST", "/api/v1/auth/app-portal-access/:app_id", "tokens:issue"],
    ["POST", "/api/v1/auth/api-key", "keys:manage"],
    ["GET", "/api/v1/auth/api-key", "keys:manage"],
    ["PATCH", "/api/v1/auth/api-key/:key_id", "keys:manage"],
    ["POST", "/api/v1/erasure", "privacy:manage"],
    ["GET", "/api/v1/app/:app_id/export", "payloads:read"],
    ["GET", "/api/v1/erasure", "privacy:manage"],
    ["POST", "/api/v1/erasure/:erasure_id/check", "privacy:manage"],
    ["POST", "/api/v1/app/:app_id/watch", "watches:write"],
    ["POST", "/api/v1/app/:app_id/watch/dry-run", "payloads:read"],
    ["GET", "/api/v1/app/:app_id/watch/:watch_id/key", "payloads:read"],
    ["POST", "/ingest/api/v1/source", "sources:write"],
    ["POST", "/ingest/api/v1/source/:source_id/token/rotate", "sources:write"],
    ["POST", "/ingest/api/v1/source/:source_id/sample", "messages:publish"],
    ["POST", "/ingest/api/v1/source/:source_id/quarantine/:request_id/diagnose", "payloads:read"],
    ["POST", "/ingest/api/v1/source/:source_id/quarantine/:request_id/release", "sources:write"],
    ["GET", "/api/v1/stats/storage", "read"],
  ];

  it.each(BY_HAND)("are, for %s %s, %s", (method, path, permission) => {
    const route = ROUTES.find((one) => one.method === method && one.path === path);
    expect(route?.permission).toBe(permission);
  });

  it("prevent read-only roles from calling routes that change something, except for resending and computing", () => {
    // All callers may save their own views; the handlers check who may share them.
    const harmless = /precheck|preview|dry-run|check|usage|logout|explain|saved-view/;
    const changing = [...TESTED].filter(
      ({ method, path, permission }) =>
        method !== "GET" && ROLE_PERMISSIONS.viewer.has(permission) && !harmless.test(path),
    );
    expect(changing.map(({ operationId }) => operationId)).toEqual([]);
  });
});
