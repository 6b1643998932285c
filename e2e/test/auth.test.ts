/** Tokens: which ones are accepted, what they permit, and how they end. */
import {
  eventTypeName,
  eventually,
  makeToken,
  makeUnsignedToken,
  organisationId,
  randomId,
  SEVERAL_ORGANISATIONS,
} from "@posthorn/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import type { Api } from "../lib/api.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld({ env: SEVERAL_ORGANISATIONS });
let app: string;
let other: string;

beforeAll(async () => {
  app = (await world.api.post("/api/v1/app", { name: "Mine" })).json.id;
  other = (await world.api.post("/api/v1/app", { name: "Not mine" })).json.id;
});

const now = (): number => Math.floor(Date.now() / 1000);
const statusOf = async (token: string | null, headers = {}): Promise<number> =>
  (await world.api.get(`/api/v1/app/${app}`, { token, headers })).status;

async function portal(fields: object = {}, id = app): Promise<Api> {
  const { status, json } = await world.api.post(`/api/v1/auth/app-portal-access/${id}`, fields);
  expect(status).toBe(200);
  return world.api.as(json.token);
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString());
}

describe("a call", () => {
  test.each<[string, () => string | null, object?]>([
    ["without a token", () => null],
    ["with an empty token", () => null, { authorization: "Bearer " }],
    ["with another scheme", () => null, { authorization: "Basic YTpi" }],
    ["with nonsense", () => "nonsense"],
    [
      "with a token signed by another secret",
      () => makeToken({ sub: world.server.organisation }, "another-secret-of-32-characters!!"),
    ],
    ["with an unsigned token", () => makeUnsignedToken({ sub: world.server.organisation })],
    ["with a token that has expired", () => world.server.tokenOf(world.server.organisation, { exp: now() - 1 })],
    [
      "with a token that is not valid yet",
      () => world.server.tokenOf(world.server.organisation, { nbf: now() + 3600 }),
    ],
    ["with a token without a subject", () => makeToken({ exp: now() + 60 }, world.server.jwtSecret)],
    ["with a token of a user", () => makeToken({ sub: "user_1", exp: now() + 60 }, world.server.jwtSecret)],
    ["with a token of an application without its organisation", () => makeToken({ sub: app }, world.server.jwtSecret)],
    ["with a malformed key", () => "phk_nonsense"],
  ])("%s is answered with 401", async (_title, token, headers) => {
    expect(await statusOf(token(), headers)).toBe(401);
  });

  test("with a wrong token is rejected before the rest of the request is checked", async () => {
    const { status } = await world.api.post("/api/v1/app/none/msg", { wrong: true }, { token: "nonsense" });
    expect(status).toBe(401);
  });

  test.each(["bearer", "BEARER", "Bearer"])("can have the scheme written as %s", async (scheme) => {
    expect(await statusOf(null, { authorization: `${scheme} ${world.server.token}` })).toBe(200);
  });

  test("of a new organisation creates it", async () => {
    const fresh = world.api.as(world.server.tokenOf(organisationId()));
    expect((await fresh.get("/api/v1/app")).json.data).toEqual([]);
    expect((await fresh.post("/api/v1/app", { name: "First" })).status).toBe(201);
  });

  test("with an expiring token is refused from its expiry on, though it worked before", async () => {
    const token = world.server.tokenOf(world.server.organisation, { exp: now() + 2 });
    expect(await statusOf(token)).toBe(200);
    await eventually(async () => expect(await statusOf(token)).toBe(401));
  });
});

describe("a token signed by another program", () => {
  const signed = (claims: object): Api =>
    world.api.as(
      makeToken({ sub: app, org: world.server.organisation, exp: now() + 60, ...claims }, world.server.jwtSecret),
    );

  test("for an application has the rights of an application", async () => {
    const api = signed({});
    expect((await api.get(`/api/v1/app/${app}/endpoint`)).status).toBe(200);
    expect((await api.get(`/api/v1/app/${other}/endpoint`)).status).toBe(404);
    expect((await api.get("/api/v1/app")).status).toBe(403);
  });

  test("for an application of another organisation sees nothing", async () => {
    expect((await signed({ org: organisationId() }).get(`/api/v1/app/${app}`)).status).toBe(404);
    expect((await signed({ sub: randomId("app_") }).get(`/api/v1/app/${app}`)).status).toBe(404);
  });
});

describe("portal access", () => {
  test("returns a link with the token in its fragment, which no server sees", async () => {
    const { json } = await world.api.post(`/api/v1/auth/app-portal-access/${app}`, {});
    const url = new URL(json.url);
    expect(url.hash).toContain(json.token);
    expect(`${url.pathname}${url.search}`).not.toContain(json.token);
  });

  test("lasts as long as requested, by default 7 days", async () => {
    const life = async (fields: object): Promise<number> => {
      const { exp, iat } = claimsOf((await portal(fields)).token);
      return (exp as number) - (iat as number);
    };
    expect(await life({})).toBe(604_800);
    expect(await life({ expiry: 3600 })).toBe(3600);
    for (const expiry of [3599, 604_801]) {
      expect((await world.api.post(`/api/v1/auth/app-portal-access/${app}`, { expiry })).status).toBe(422);
    }
  });

  test.each<[string, object]>([
    ["read-only", { readOnly: true }],
    ["with the capability to look", { capabilities: ["ViewBase"] }],
    ["read-only with more capabilities", { readOnly: true, capabilities: ["ViewBase", "ManageEndpoint"] }],
  ])("%s can only read", async (_title, fields) => {
    const api = await portal(fields);
    const made = (await world.api.post(`/api/v1/app/${app}/endpoint`, { url: world.receiver.url })).json.id;
    const path = `/api/v1/app/${app}/endpoint`;
    for (const read of [
      path,
      `${path}/${made}`,
      `${path}/${made}/headers`,
      `/api/v1/app/${app}/msg`,
      "/api/v1/event-type",
    ]) {
      expect([read, (await api.get(read)).status]).toEqual([read, 200]);
    }
    const refused = [
      api.post(path, { url: world.receiver.url }),
      api.put(`${path}/${made}`, { url: world.receiver.url }),
      api.patch(`${path}/${made}`, { disabled: true }),
      api.delete(`${path}/${made}`),
      api.get(`${path}/${made}/secret`),
      api.post(`${path}/${made}/secret/rotate`, {}),
      api.put(`${path}/${made}/headers`, { headers: {} }),
      api.post(`${path}/${made}/recover`, { since: new Date() }),
    ];
    for (const { status } of await Promise.all(refused)) expect(status).toBe(403);
  });

  test("without any capability can do nothing", async () => {
    const api = await portal({ capabilities: [] });
    expect((await api.get(`/api/v1/app/${app}`)).status).toBe(403);
  });

  test("cannot create a wider token for itself, publish, or delete content", async () => {
    const api = await portal();
    expect((await api.post(`/api/v1/auth/app-portal-access/${app}`, {})).status).toBe(403);
    expect((await api.post("/api/v1/auth/api-key", { name: "Mine" })).status).toBe(403);
    expect((await api.post(`/api/v1/app/${app}/msg`, { eventType: "a", payload: {} })).status).toBe(403);
    expect((await api.delete(`/api/v1/app/${app}`)).status).toBe(403);
    expect((await api.post("/api/v1/event-type", { name: "a", description: "" })).status).toBe(403);
  });

  test("needs the capability for secrets to set its own secret", async () => {
    const api = await portal({ capabilities: ["ViewBase", "ManageEndpoint"] });
    const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
    expect((await api.post(`/api/v1/app/${app}/endpoint`, { url: world.receiver.url })).status).toBe(201);
    expect((await api.post(`/api/v1/app/${app}/endpoint`, { url: world.receiver.url, secret })).status).toBe(403);
    const wider = await portal({ capabilities: ["ManageEndpoint", "ManageEndpointSecret"] });
    expect((await wider.post(`/api/v1/app/${app}/endpoint`, { url: world.receiver.url, secret })).status).toBe(201);
  });

  test("sees event types without a flag and those of its flags, in lists, individually and as filters", async () => {
    const [open, beta] = [eventTypeName(), eventTypeName()];
    await world.api.post("/api/v1/event-type", { name: open, description: "" });
    await world.api.post("/api/v1/event-type", { name: beta, description: "", featureFlags: ["beta"] });
    const view = async (api: Api): Promise<unknown> => {
      const { data } = (await api.get("/api/v1/event-type?limit=250")).json;
      const names = new Set(data.map(({ name }: { name: string }) => name));
      const alone = (await api.get(`/api/v1/event-type/${beta}`)).status;
      const body = { url: world.receiver.url, eventTypes: [beta] };
      const filter = (await api.post(`/api/v1/app/${app}/endpoint`, body)).status;
      return { open: names.has(open), beta: names.has(beta), alone, filter };
    };
    expect(await view(await portal())).toEqual({ open: true, beta: false, alone: 404, filter: 422 });
    expect(await view(await portal({ featureFlags: ["beta"] }))).toEqual({
      open: true,
      beta: true,
      alone: 200,
      filter: 201,
    });
    expect(await view(world.api)).toEqual({ open: true, beta: true, alone: 200, filter: 201 });
  });

  test("creates the application in its body, whose uid must be the one in the path", async () => {
    const uid = `portal-${organisationId()}`;
    const path = `/api/v1/auth/app-portal-access/${uid}`;
    expect((await world.api.post(path, {})).status).toBe(404);
    expect((await world.api.post(path, { application: { name: "A", uid: "another" } })).status).toBe(422);
    const { json } = await world.api.post(path, { application: { name: "A", uid } });
    expect((await world.api.as(json.token).get(`/api/v1/app/${uid}`)).json.uid).toBe(uid);
    expect((await world.api.post(path, {})).status).toBe(200);
  });

  test("ends with its application", async () => {
    const id = (await world.api.post("/api/v1/app", { name: "Short" })).json.id;
    const api = await portal({}, id);
    expect((await api.get(`/api/v1/app/${id}`)).status).toBe(200);
    await world.api.delete(`/api/v1/app/${id}`);
    expect((await api.get(`/api/v1/app/${id}`)).status).toBe(401);
  });
});

describe("logging out", () => {
  test("ends only the token of the call", async () => {
    const [first, second] = [await portal(), await portal({ sessionId: "another" })];
    expect((await first.post("/api/v1/auth/logout")).status).toBe(204);
    expect((await first.get(`/api/v1/app/${app}`)).status).toBe(401);
    expect((await first.post("/api/v1/auth/logout")).status).toBe(401);
    expect((await second.get(`/api/v1/app/${app}`)).status).toBe(200);
  });

  test("is allowed for a token without other rights", async () => {
    const api = await portal({ capabilities: ["ManageEndpoint"] });
    expect((await api.post("/api/v1/auth/logout")).status).toBe(204);
  });

  test("does not end a token of the organisation", async () => {
    expect((await world.api.post("/api/v1/auth/logout")).status).toBe(204);
    expect(await statusOf(world.api.token)).toBe(200);
  });

  test("persists across a restart", async () => {
    const { token } = await portal();
    await world.api.post("/api/v1/auth/logout", undefined, { token });
    await world.restart();
    expect(await statusOf(token)).toBe(401);
  });
});

describe("API keys", () => {
  test("are shown once, act for the organisation, and end when revoked", async () => {
    const { status, json } = await world.api.post("/api/v1/auth/api-key", { name: "CI" });
    expect([status, json.token]).toEqual([201, expect.stringMatching(/^phk_[\w-]{43}$/)]);
    expect(await statusOf(json.token)).toBe(200);
    const listed = await world.api.get("/api/v1/auth/api-key");
    expect(listed.json.data.find(({ id }: { id: string }) => id === json.id)).toMatchObject({
      id: json.id,
      name: "CI",
      scopes: null,
      createdAt: json.createdAt,
      expiresAt: null,
    });
    expect(listed.text).not.toContain(json.token);
    expect((await world.api.delete(`/api/v1/auth/api-key/${json.id}`)).status).toBe(204);
    expect(await statusOf(json.token)).toBe(401);
    expect((await world.api.delete(`/api/v1/auth/api-key/${json.id}`)).status).toBe(404);
  });

  test("end at their expiry", async () => {
    const inAnHour = { name: "Longer", expiresAt: new Date(Date.now() + 3_600_000) };
    expect(await statusOf((await world.api.post("/api/v1/auth/api-key", inAnHour)).json.token)).toBe(200);
    const expiresAt = new Date(Date.now() + 1500);
    const { json } = await world.api.post("/api/v1/auth/api-key", { name: "Short", expiresAt });
    const early: number[] = [];
    await eventually(async () => {
      const status = await statusOf(json.token);
      if (Date.now() < expiresAt.getTime()) early.push(status);
      expect(status).toBe(401);
    });
    expect(early.filter((status) => status !== 200)).toEqual([]);
  });

  test("are not accessible to another organisation", async () => {
    const { json } = await world.api.post("/api/v1/auth/api-key", { name: "Mine" });
    const stranger = world.api.as(world.server.tokenOf(organisationId()));
    expect((await stranger.delete(`/api/v1/auth/api-key/${json.id}`)).status).toBe(404);
    expect(await statusOf(json.token)).toBe(200);
  });
});

test("no token and no secret is logged", async () => {
  const { json } = await world.api.post("/api/v1/auth/api-key", { name: "Logged" });
  await statusOf(json.token);
  await statusOf("a-wrong-token-to-look-for");
  expect(world.server.log).not.toContain(json.token);
  expect(world.server.log).not.toContain("a-wrong-token-to-look-for");
  expect(world.server.log).not.toContain(world.server.jwtSecret);
});
