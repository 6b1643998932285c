/** Resources: exact replace and patch semantics, both names of renamed fields, uids, event types. */
import { eventTypeName, organisationId, SEVERAL_ORGANISATIONS, uid } from "@posthorn/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { useWorld } from "../lib/world.ts";

const world = useWorld({ env: SEVERAL_ORGANISATIONS });
let app: string;
let eventType: string;

beforeAll(async () => {
  app = (await world.api.post("/api/v1/app", { name: "Models" })).json.id;
  eventType = eventTypeName();
  await world.api.post("/api/v1/event-type", { name: eventType, description: "" });
});

const endpoints = (): string => `/api/v1/app/${app}/endpoint`;
const url = "https://example.com/hook";

const full = (): Record<string, unknown> => ({
  url,
  uid: uid("ep"),
  description: "Full",
  disabled: true,
  version: 3,
  throttleRate: 9,
  eventTypes: [eventType],
  channels: ["red"],
  metadata: { a: "b" },
});

const RESET = {
  uid: null,
  description: "",
  disabled: false,
  version: 1,
  throttleRate: null,
  rateLimit: null,
  eventTypes: null,
  filterTypes: null,
  channels: null,
  metadata: {},
};

describe("replacing (PUT)", () => {
  test("an application resets every omitted field", async () => {
    const body = { name: "Full", uid: uid(), throttleRate: 5, metadata: { a: "b" } };
    const { id } = (await world.api.post("/api/v1/app", body)).json;
    const { status, json } = await world.api.put(`/api/v1/app/${id}`, { name: "Bare" });
    expect([status, json.id]).toEqual([200, id]);
    expect(json).toMatchObject({ name: "Bare", uid: null, throttleRate: null, rateLimit: null, metadata: {} });
  });

  test("an endpoint resets every omitted field except its secret and headers", async () => {
    const made = (await world.api.post(endpoints(), { ...full(), headers: { "X-Kept": "1" } })).json;
    const path = `${endpoints()}/${made.id}`;
    const secret = (await world.api.get(`${path}/secret`)).json;
    const { status, json } = await world.api.put(path, { url });
    expect([status, json.id]).toEqual([200, made.id]);
    expect(json).toMatchObject(RESET);
    expect((await world.api.get(path)).json).toMatchObject(RESET);
    expect((await world.api.get(`${path}/secret`)).json).toEqual(secret);
    expect((await world.api.get(`${path}/headers`)).json.headers).toEqual({ "X-Kept": "1" });
  });

  test("an event type resets every omitted field", async () => {
    const name = eventTypeName();
    const body = {
      name,
      description: "Full",
      deprecated: true,
      schemas: { 1: {} },
      featureFlags: ["f"],
      groupName: "g",
    };
    await world.api.post("/api/v1/event-type", body);
    const { status, json } = await world.api.put(`/api/v1/event-type/${name}`, { description: "Bare" });
    expect(status).toBe(200);
    const reset = {
      deprecated: false,
      archived: false,
      schemas: null,
      featureFlags: null,
      featureFlag: null,
      groupName: null,
    };
    expect(json).toMatchObject({ name, description: "Bare", ...reset });
  });

  test("an unknown endpoint creates a new one each time, with its own ID and not the uid of the path", async () => {
    const name = uid("ep");
    const first = await world.api.put(`${endpoints()}/${name}`, { url });
    const second = await world.api.put(`${endpoints()}/${name}`, { url });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect([first.json.uid, second.json.uid]).toEqual([null, null]);
    expect(second.json.id).not.toBe(first.json.id);
  });

  test("an unknown application creates a new one with the uid in the body", async () => {
    const name = uid("app");
    const nameless = await world.api.put(`/api/v1/app/${name}`, { name: "New" });
    expect([nameless.status, nameless.json.uid]).toEqual([201, null]);
    const named = await world.api.put(`/api/v1/app/${name}`, { name: "New", uid: name });
    expect([named.status, named.json.uid]).toEqual([201, name]);
    const again = await world.api.put(`/api/v1/app/${name}`, { name: "Newer", uid: name });
    expect([again.status, again.json.id, again.json.name]).toEqual([200, named.json.id, "Newer"]);
  });

  test("an unknown event type creates it with the name of the path", async () => {
    const name = eventTypeName();
    const { status, json } = await world.api.put(`/api/v1/event-type/${name}`, { description: "New" });
    expect([status, json.name]).toEqual([201, name]);
  });
});

describe("changing (PATCH)", () => {
  test("an endpoint keeps absent fields", async () => {
    const body = full();
    const made = (await world.api.post(endpoints(), body)).json;
    const { json } = await world.api.patch(`${endpoints()}/${made.id}`, {});
    expect(json).toMatchObject(body);
  });

  test("an endpoint clears nullable fields with null", async () => {
    const made = (await world.api.post(endpoints(), full())).json;
    const clear = { uid: null, throttleRate: null, eventTypes: null, channels: null, metadata: null };
    const { status, json } = await world.api.patch(`${endpoints()}/${made.id}`, clear);
    expect(status).toBe(200);
    const { description, disabled, version, ...cleared } = RESET;
    expect(json).toMatchObject({ ...cleared, description: "Full", disabled: true, version: 3 });
    expect([description, disabled, version]).toEqual(["", false, 1]);
  });

  test.each(["url", "description", "disabled", "version"])(
    "an endpoint rejects null for %s with 422",
    async (field) => {
      const made = (await world.api.post(endpoints(), full())).json;
      const { status, json } = await world.api.patch(`${endpoints()}/${made.id}`, { [field]: null });
      expect([status, json.detail[0].loc]).toEqual([422, ["body", field]]);
    },
  );

  test("an application keeps, clears and rejects fields in the same way", async () => {
    const body = { name: "Full", uid: uid(), throttleRate: 5, metadata: { a: "b" } };
    const path = `/api/v1/app/${(await world.api.post("/api/v1/app", body)).json.id}`;
    expect((await world.api.patch(path, {})).json).toMatchObject(body);
    const cleared = await world.api.patch(path, { uid: null, throttleRate: null, metadata: null });
    expect(cleared.json).toMatchObject({ name: "Full", uid: null, throttleRate: null, metadata: {} });
    expect((await world.api.patch(path, { name: null })).status).toBe(422);
  });

  test("an event type clears schemas and flags, and distinguishes an empty schema from none", async () => {
    const name = eventTypeName();
    const path = `/api/v1/event-type/${name}`;
    await world.api.post("/api/v1/event-type", {
      name,
      description: "D",
      schemas: { 1: {} },
      featureFlags: ["f", "g"],
    });
    expect((await world.api.patch(path, { schemas: {} })).json.schemas).toEqual({});
    expect((await world.api.patch(path, { schemas: null })).json).toMatchObject({
      schemas: null,
      featureFlags: ["f", "g"],
    });
    expect((await world.api.patch(path, { featureFlag: null })).json).toMatchObject({ featureFlags: null });
    for (const field of ["description", "archived", "deprecated"]) {
      expect((await world.api.patch(path, { [field]: null })).status).toBe(422);
    }
  });

  test("metadata is replaced and not merged", async () => {
    const made = (await world.api.post(endpoints(), full())).json;
    const { json } = await world.api.patch(`${endpoints()}/${made.id}`, { metadata: { c: "d" } });
    expect(json.metadata).toEqual({ c: "d" });
  });
});

describe("concurrent changes", () => {
  const ROUNDS = 20;

  test("of different fields of an endpoint are all kept", async () => {
    const path = `${endpoints()}/${(await world.api.post(endpoints(), { url })).json.id}`;
    for (let round = 1; round <= ROUNDS; round++) {
      const changes = [
        { description: `d${round}` },
        { version: round },
        { metadata: { m: `${round}` } },
        { throttleRate: round },
      ];
      await Promise.all(changes.map((change) => world.api.patch(path, change)));
      expect((await world.api.get(path)).json).toMatchObject(Object.assign({}, ...changes));
    }
  });

  test("of different fields of an application are all kept", async () => {
    const path = `/api/v1/app/${(await world.api.post("/api/v1/app", { name: "A" })).json.id}`;
    for (let round = 1; round <= ROUNDS; round++) {
      const changes = [{ name: `n${round}` }, { metadata: { m: `${round}` } }, { throttleRate: round }];
      await Promise.all(changes.map((change) => world.api.patch(path, change)));
      expect((await world.api.get(path)).json).toMatchObject(Object.assign({}, ...changes));
    }
  });

  test("of different fields of an event type are all kept", async () => {
    const name = eventTypeName();
    await world.api.post("/api/v1/event-type", { name, description: "" });
    for (let round = 1; round <= ROUNDS; round++) {
      const changes = [{ description: `d${round}` }, { groupName: `g${round}` }, { featureFlags: [`f${round}`] }];
      await Promise.all(changes.map((change) => world.api.patch(`/api/v1/event-type/${name}`, change)));
      expect((await world.api.get(`/api/v1/event-type/${name}`)).json).toMatchObject(Object.assign({}, ...changes));
    }
  });

  test("that create the same event type: one succeeds, the others conflict", async () => {
    const name = eventTypeName();
    const create = () => world.api.post("/api/v1/event-type", { name, description: "" });
    const statuses = (await Promise.all(Array.from({ length: 8 }, create))).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
  });

  test("of different headers of an endpoint are all kept", async () => {
    const path = `${endpoints()}/${(await world.api.post(endpoints(), { url })).json.id}/headers`;
    const names = Array.from({ length: ROUNDS }, (_, index) => `X-Header-${index}`);
    await Promise.all(names.map((name) => world.api.patch(path, { headers: { [name]: "1" } })));
    expect(Object.keys((await world.api.get(path)).json.headers).sort()).toEqual(names.toSorted());
  });

  test("of the secret of an endpoint leave exactly one valid", async () => {
    const path = `${endpoints()}/${(await world.api.post(endpoints(), { url })).json.id}/secret`;
    const rotated = await Promise.all(Array.from({ length: 8 }, () => world.api.post(`${path}/rotate`, {})));
    expect(rotated.map(({ status }) => status)).toEqual(rotated.map(() => 204));
    const shown = await Promise.all([world.api.get(path), world.api.get(path)]);
    expect(shown[0].json).toEqual(shown[1].json);
  });
});

describe("both names of a field", () => {
  test("the older names are accepted and returned, and the newer ones take precedence", async () => {
    const older = await world.api.post(endpoints(), { url, filterTypes: [eventType], rateLimit: 4, version: 2 });
    const both = { eventTypes: [eventType], filterTypes: [eventType], throttleRate: 4, rateLimit: 4, version: 2 };
    expect(older.json).toMatchObject(both);
    const winning = await world.api.post(endpoints(), { url, throttleRate: 6, rateLimit: 4 });
    expect(winning.json).toMatchObject({ throttleRate: 6, rateLimit: 6, version: 1 });
    const path = `${endpoints()}/${older.json.id}`;
    expect((await world.api.patch(path, { rateLimit: 8 })).json).toMatchObject({ throttleRate: 8, rateLimit: 8 });
    expect((await world.api.patch(path, { filterTypes: null })).json).toMatchObject({
      eventTypes: null,
      filterTypes: null,
    });
    expect((await world.api.put(path, { url, filterTypes: [eventType] })).json).toMatchObject({
      eventTypes: [eventType],
    });
  });

  test("an application accepts and returns the older name of its rate", async () => {
    const { json } = await world.api.post("/api/v1/app", { name: "Old", rateLimit: 3 });
    expect(json).toMatchObject({ throttleRate: 3, rateLimit: 3 });
    expect((await world.api.patch(`/api/v1/app/${json.id}`, { rateLimit: null })).json.throttleRate).toBeNull();
  });

  test("an empty filter is rejected under the newer name, and means all under the older one, which forms send", async () => {
    expect((await world.api.post(endpoints(), { url, eventTypes: [] })).status).toBe(422);
    const { status, json } = await world.api.post(endpoints(), { url, filterTypes: [] });
    expect([status, json.eventTypes]).toEqual([201, null]);
  });

  test("one feature flag and several are the same field", async () => {
    const one = await world.api.post("/api/v1/event-type", {
      name: eventTypeName(),
      description: "",
      featureFlag: "f",
    });
    expect(one.json).toMatchObject({ featureFlag: "f", featureFlags: ["f"] });
    const many = await world.api.post("/api/v1/event-type", {
      name: eventTypeName(),
      description: "",
      featureFlags: ["g", "h"],
    });
    expect(many.json).toMatchObject({ featureFlag: "g", featureFlags: ["g", "h"] });
  });

  test("data is another name for payload", async () => {
    const { status, json } = await world.api.post(`/api/v1/app/${app}/msg`, { eventType: "a", data: { by: "alias" } });
    expect([status, json.payload]).toEqual([202, { by: "alias" }]);
  });
});

describe("ids and uids", () => {
  test("a uid is free again after its owner is deleted", async () => {
    const name = uid();
    const first = (await world.api.post("/api/v1/app", { name: "A", uid: name })).json.id;
    expect((await world.api.delete(`/api/v1/app/${name}`)).status).toBe(204);
    expect((await world.api.get(`/api/v1/app/${first}`)).status).toBe(404);
    expect((await world.api.delete(`/api/v1/app/${first}`)).status).toBe(404);
    expect((await world.api.post("/api/v1/app", { name: "B", uid: name })).status).toBe(201);
  });

  test("a uid of an endpoint can be reused in another application, and conflicts in the same one", async () => {
    const other = (await world.api.post("/api/v1/app", { name: "Other" })).json.id;
    const body = { url, uid: uid("ep") };
    expect((await world.api.post(endpoints(), body)).status).toBe(201);
    expect((await world.api.post(`/api/v1/app/${other}/endpoint`, body)).status).toBe(201);
    expect((await world.api.post(endpoints(), body)).status).toBe(409);
    const third = (await world.api.post(endpoints(), { url })).json.id;
    expect((await world.api.patch(`${endpoints()}/${third}`, { uid: body.uid })).status).toBe(409);
    expect((await world.api.put(`${endpoints()}/${third}`, body)).status).toBe(409);
  });

  test.each(["", "a b", "ä", "x".repeat(257), "ep_mine"])(
    "the uid %j of an endpoint is rejected with 422",
    async (name) => {
      expect((await world.api.post(endpoints(), { url, uid: name })).status).toBe(422);
    },
  );

  test("an ID of one organisation is not accessible to another", async () => {
    const stranger = world.api.as(world.server.tokenOf(organisationId()));
    expect((await stranger.get(`/api/v1/app/${app}`)).status).toBe(404);
    expect((await stranger.get("/api/v1/app")).json.data).toEqual([]);
    expect((await stranger.get(`/api/v1/event-type/${eventType}`)).status).toBe(404);
    expect((await stranger.post(`/api/v1/app/${app}/msg`, { eventType: "a", payload: {} })).status).toBe(404);
  });

  test("metadata can have up to 4096 bytes", async () => {
    const metadata = (bytes: number): object => ({ m: "x".repeat(bytes - '{"m":""}'.length) });
    expect((await world.api.post("/api/v1/app", { name: "M", metadata: metadata(4096) })).status).toBe(201);
    expect((await world.api.post("/api/v1/app", { name: "M", metadata: metadata(4097) })).status).toBe(422);
    expect((await world.api.post("/api/v1/app", { name: "M", metadata: { a: 1 } })).status).toBe(422);
  });
});

describe("event types", () => {
  const create = (fields: object) => world.api.post("/api/v1/event-type", { description: "", ...fields });
  const named = async (query: string): Promise<string[]> =>
    (await world.api.get(`/api/v1/event-type?limit=250&${query}`)).json.data.map(({ name }: { name: string }) => name);

  test("deleting archives: hidden in lists, kept by endpoints that have it, rejected for others", async () => {
    const name = eventTypeName();
    await create({ name });
    const kept = (await world.api.post(endpoints(), { url, eventTypes: [name] })).json;
    expect((await world.api.delete(`/api/v1/event-type/${name}`)).status).toBe(204);
    expect(await named("")).not.toContain(name);
    expect(await named("include_archived=true")).toContain(name);
    expect((await world.api.get(`/api/v1/event-type/${name}`)).json.archived).toBe(true);
    expect((await world.api.get(`${endpoints()}/${kept.id}`)).json.eventTypes).toEqual([name]);
    const { status } = await world.api.patch(`${endpoints()}/${kept.id}`, { description: "D", eventTypes: [name] });
    expect(status).toBe(200);
    expect((await world.api.post(endpoints(), { url, eventTypes: [name] })).status).toBe(422);
  });

  test("creating an archived one restores it with the new fields; an active one conflicts", async () => {
    const name = eventTypeName();
    await create({ name, description: "Before", schemas: { 1: {} } });
    expect((await create({ name })).status).toBe(409);
    await world.api.delete(`/api/v1/event-type/${name}`);
    const { status, json } = await create({ name, description: "After" });
    expect([status, json.description, json.archived, json.schemas]).toEqual([201, "After", false, null]);
  });

  test("expunging removes it completely", async () => {
    const name = eventTypeName();
    await create({ name });
    expect((await world.api.delete(`/api/v1/event-type/${name}?expunge=true`)).status).toBe(204);
    expect((await world.api.get(`/api/v1/event-type/${name}`)).status).toBe(404);
    expect(await named("include_archived=true")).not.toContain(name);
  });

  test("lists omit schemas unless requested", async () => {
    const name = eventTypeName();
    await create({ name, schemas: { 1: { type: "object" } } });
    const schemas = async (query: string): Promise<unknown> => {
      const { data } = (await world.api.get(`/api/v1/event-type?limit=250&${query}`)).json;
      return data.find((row: { name: string }) => row.name === name).schemas;
    };
    expect(await schemas("")).toBeNull();
    expect(await schemas("with_content=true")).toEqual({ 1: { type: "object" } });
  });
});

describe("applications", () => {
  test("get_if_exists from ten concurrent callers gives all of them the same one", async () => {
    const body = { name: "Together", uid: uid() };
    const create = () => world.api.post("/api/v1/app?get_if_exists=true", body);
    const responses = await Promise.all(Array.from({ length: 10 }, create));
    expect(new Set(responses.map(({ json }) => json.id)).size).toBe(1);
    expect(responses.map(({ status }) => status).toSorted((a, b) => b - a)).toEqual([201, ...Array(9).fill(200)]);
  });

  test("get_if_exists returns the one with the uid unchanged with 200, or creates it with 201", async () => {
    const name = uid();
    const path = "/api/v1/app?get_if_exists=true";
    const first = await world.api.post(path, { name: "First", uid: name });
    const second = await world.api.post(path, { name: "Second", uid: name });
    expect([first.status, second.status, second.json.name]).toEqual([201, 200, "First"]);
    expect((await world.api.post("/api/v1/app?get_if_exists=false", { name: "Third", uid: name })).status).toBe(409);
  });

  test("can be listed without those that have no endpoint, or a disabled one", async () => {
    const org = world.api.as(world.server.tokenOf(organisationId()));
    const make = async (...disabled: boolean[]): Promise<string> => {
      const { id } = (await org.post("/api/v1/app", { name: "X" })).json;
      for (const off of disabled) await org.post(`/api/v1/app/${id}/endpoint`, { url, disabled: off });
      return id;
    };
    const [none, on, off] = [await make(), await make(false), await make(false, true)];
    const ids = async (query: string): Promise<string[]> =>
      (await org.get(`/api/v1/app?${query}`)).json.data.map(({ id }: { id: string }) => id);
    expect(await ids("exclude_apps_with_no_endpoints=true")).toEqual([on, off]);
    expect(await ids("exclude_apps_with_disabled_endpoints=true")).toEqual([none, on]);
  });
});
