/** Schedules on a whole node, and the common behaviour of all sources that Posthorn reads. */
import { eventually } from "@posthorn/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { TestGateway, type TestSource } from "../support/gateway.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";

const HOUR_MS = 3_600_000;

let open: AsyncDisposableStack = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

async function scene(env: Record<string, string> = {}) {
  const clock = new ShiftedClock(Date.parse("2026-03-02T00:10:00Z"));
  const gateway = open.use(await TestGateway.start(env, { clock }));
  return { clock, gateway };
}

function events(gateway: TestGateway, source: TestSource): Promise<readonly string[]> {
  return gateway.messages(source).then((rows) => rows.map(({ eventId }) => String(eventId)).toReversed());
}

async function until(gateway: TestGateway, source: TestSource, expected: readonly string[]): Promise<void> {
  await eventually(async () => expect(await events(gateway, source)).toEqual(expected));
}

function state(gateway: TestGateway, source: TestSource) {
  return gateway.call("GET", `ingest/api/v1/source/${source.id}/state`).then(({ json }) => json);
}

/** Waits until the runner has seen the new source. */
async function seen(gateway: TestGateway, source: TestSource): Promise<void> {
  await eventually(async () =>
    expect(await state(gateway, source)).toMatchObject({ lastSuccessAt: expect.any(String) }),
  );
}

describe("a schedule", () => {
  it("emits an event at each due time, with the due time as its ID, and delivers it", async () => {
    const { clock, gateway } = await scene();
    const source = await gateway.source({ kind: "schedule", config: { cron: "0 * * * *", timeZone: "Europe/Berlin" } });
    await seen(gateway, source);
    expect(await state(gateway, source)).toMatchObject({
      state: "waiting",
      events: 0,
      nextAt: "2026-03-02T01:00:00.000Z",
    });
    clock.advance(HOUR_MS);
    await until(gateway, source, ["schedule/2026-03-02T01:00:00.000Z"]);
    clock.advance(HOUR_MS);
    await until(gateway, source, ["schedule/2026-03-02T01:00:00.000Z", "schedule/2026-03-02T02:00:00.000Z"]);
    const request = await gateway.receiver.waitFor(({ path }) => path === "/target");
    expect(JSON.parse(request.body.toString())).toEqual({
      scheduledAt: "2026-03-02T01:00:00.000Z",
      scheduledAtLocal: "2026-03-02T02:00:00+01:00",
      name: "Test source",
      sourceId: source.id,
    });
  });

  it.each([
    ["skip", []],
    ["last", ["schedule/2026-03-02T05:00:00.000Z"]],
    ["all", ["01", "02", "03", "04", "05"].map((hour) => `schedule/2026-03-02T${hour}:00:00.000Z`)],
  ] as const)("emits, with %s, the missed due times according to the setting", async (missed, expected) => {
    const { clock, gateway } = await scene();
    const source = await gateway.source({ kind: "schedule", config: { cron: "0 * * * *", missed } });
    await seen(gateway, source);
    clock.advance(5 * HOUR_MS);
    await until(gateway, source, expected);
    await eventually(async () =>
      expect(await state(gateway, source)).toMatchObject({ nextAt: "2026-03-02T06:00:00.000Z" }),
    );
    // Back and forward again: no due time occurs twice.
    clock.advance(-3 * HOUR_MS);
    clock.set(Date.parse("2026-03-02T06:00:01Z"));
    await until(gateway, source, [...expected, "schedule/2026-03-02T06:00:00.000Z"]);
  });

  it("renders its payload, with values as JSON", async () => {
    const { clock, gateway } = await scene();
    const config = {
      everySeconds: 60,
      payload: '{"at": "{{scheduledAt}}", "of": "{{ name }}"}',
      eventType: "report.daily",
    };
    const source = await gateway.source({ name: 'A "name"', kind: "schedule", config });
    await seen(gateway, source);
    clock.advance(61_000);
    await eventually(async () => {
      const [message] = await gateway.messages(source);
      expect(message).toMatchObject({ eventType: "report.daily", payload: { at: expect.any(String), of: 'A "name"' } });
    });
  });

  it("starts again with a changed expression, keeps its position, and ends when it is deleted", async () => {
    const { clock, gateway } = await scene();
    const source = await gateway.source({ kind: "schedule", config: { cron: "0 * * * *" } });
    await seen(gateway, source);
    const changed = await gateway.call("PUT", `ingest/api/v1/source/${source.id}`, {
      name: "Test source",
      kind: "schedule",
      config: { cron: "30 * * * *" },
    });
    expect(changed).toMatchObject({ status: 200, json: { config: { cron: "30 * * * *", missed: "last" } } });
    await eventually(async () =>
      expect(await state(gateway, source)).toMatchObject({ nextAt: "2026-03-02T00:30:00.000Z" }),
    );
    clock.advance(HOUR_MS / 2);
    await until(gateway, source, ["schedule/2026-03-02T00:30:00.000Z"]);
    expect(await gateway.call("DELETE", `ingest/api/v1/source/${source.id}`)).toMatchObject({ status: 204 });
    const rows = await gateway.node.services.store.db.selectFrom("source_run").selectAll().execute();
    expect(rows).toEqual([]);
  });
});

describe("a source that Posthorn reads", () => {
  it("is listed with its kind and without its secrets, and receives no requests", async () => {
    const { gateway } = await scene();
    const source = await gateway.source({ kind: "schedule", config: { cron: "0 9 * * *" } });
    const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}`);
    expect(json).toMatchObject({ kind: "schedule", type: "schedule", ingestUrl: null, config: { cron: "0 9 * * *" } });
    const { kinds } = { kinds: await gateway.call("GET", "ingest/api/v1/source-kinds") };
    expect(kinds.json["data"]).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: "schedule", family: "poll", available: true })]),
    );
  });

  it("names the field of an invalid configuration", async () => {
    const { gateway } = await scene();
    const make = (body: object) => gateway.call("POST", "ingest/api/v1/source", { name: "Test source", ...body });
    expect(await make({ kind: "schedule", config: { cron: "nonsense" } })).toMatchObject({
      status: 422,
      json: { detail: [{ loc: ["body", "config", "cron"] }] },
    });
    expect(await make({ kind: "pigeon" })).toMatchObject({
      status: 422,
      json: { detail: [{ loc: ["body", "kind"] }] },
    });
    expect(await make({})).toMatchObject({ status: 422, json: { detail: [{ loc: ["body", "type"] }] } });
    expect(await make({ kind: "schedule", config: { cron: "0 9 * * *" }, secrets: ["s"] })).toMatchObject({
      status: 422,
      json: { detail: [{ loc: ["body", "secrets"] }] },
    });
  });

  it("has a kind that does not change", async () => {
    const { gateway } = await scene();
    const source = await gateway.source({ type: "github", secrets: ["s3cret"] });
    const changed = await gateway.call("PUT", `ingest/api/v1/source/${source.id}`, {
      name: "Test source",
      kind: "schedule",
      config: { cron: "0 9 * * *" },
    });
    expect(changed).toMatchObject({ status: 422, json: { detail: [{ loc: ["body", "kind"] }] } });
  });

  it("is rejected beyond the quota of the organisation, and if the operator does not allow its kind", async () => {
    const { gateway } = await scene({ POSTHORN_SOURCE_QUOTA: "1" });
    const body = { name: "Test source", kind: "schedule", config: { cron: "0 9 * * *" } };
    expect(await gateway.call("POST", "ingest/api/v1/source", body)).toMatchObject({ status: 201 });
    expect(await gateway.call("POST", "ingest/api/v1/source", body)).toMatchObject({
      status: 400,
      json: { code: "limit_reached" },
    });
    const strict = await scene({ POSTHORN_SOURCE_KINDS: "webhook" });
    expect(await strict.gateway.call("POST", "ingest/api/v1/source", body)).toMatchObject({ status: 422 });
  });

  it("is polled at once on request, and webhooks have no state", async () => {
    const { gateway } = await scene();
    const source = await gateway.source({ kind: "schedule", config: { cron: "0 * * * *" } });
    await seen(gateway, source);
    const before = (await state(gateway, source))["lastSuccessAt"];
    expect(await gateway.call("POST", `ingest/api/v1/source/${source.id}/poll`)).toMatchObject({ status: 202 });
    await eventually(async () => expect((await state(gateway, source))["lastSuccessAt"]).not.toBe(before));
    const webhook = await gateway.source({ type: "github", secrets: ["s3cret"] });
    expect(await gateway.call("GET", `ingest/api/v1/source/${webhook.id}/state`)).toMatchObject({ status: 404 });
  });

  it("waits for the next day when its daily quota is used up, and misses nothing", async () => {
    const { clock, gateway } = await scene();
    const source = await gateway.source({
      kind: "schedule",
      dailyQuota: 1,
      config: { cron: "0 22,23 * * *", missed: "all" },
    });
    await seen(gateway, source);
    clock.set(Date.parse("2026-03-02T23:30:00Z"));
    await eventually(async () =>
      expect(await state(gateway, source)).toMatchObject({ error: { code: "quota_exceeded" } }),
    );
    clock.set(Date.parse("2026-03-03T00:01:00Z"));
    await until(gateway, source, ["schedule/2026-03-02T22:00:00.000Z", "schedule/2026-03-02T23:00:00.000Z"]);
  });
});

describe("a source of the type cron", () => {
  it("is a schedule, with the fields of the compatible API", async () => {
    const { clock, gateway } = await scene();
    const config = { schedule: "0 * * * *", payload: '{"a":1}' };
    const source = await gateway.source({ type: "cron", config });
    const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}`);
    expect(json).toMatchObject({
      type: "cron",
      kind: "schedule",
      config: { ...config, contentType: "application/json" },
    });
    await seen(gateway, source);
    clock.advance(HOUR_MS);
    await eventually(async () => expect(await gateway.messages(source)).toMatchObject([{ payload: { a: 1 } }]));
  });
});

describe("pausing a source", () => {
  it("stops reading it until it is resumed, even if its configuration changes", async () => {
    const { clock, gateway } = await scene();
    const config = { cron: "0 * * * *", missed: "all" };
    const source = await gateway.source({ kind: "schedule", config });
    await seen(gateway, source);
    const path = `ingest/api/v1/source/${source.id}`;
    expect((await gateway.call("POST", `${path}/pause`)).json).toMatchObject({ state: "paused", nextAt: null });
    clock.advance(2 * HOUR_MS);
    expect((await gateway.call("POST", `${path}/poll`)).status).toBe(409);
    const body = { name: "Renamed", kind: "schedule", config: { ...config, payload: "{}" } };
    expect((await gateway.call("PUT", path, body)).status).toBe(200);
    expect(await state(gateway, source)).toMatchObject({ state: "paused", nextAt: null, events: 0 });
    const listed = (query: string) =>
      gateway.call("GET", `ingest/api/v1/source?${query}`).then(({ json }) => json["data"]);
    expect(await listed("state=paused&kind=schedule&search=rename")).toMatchObject([
      { id: source.id, state: "paused" },
    ]);
    expect(await listed("state=waiting")).toEqual([]);
    expect((await gateway.call("POST", `${path}/resume`)).json).toMatchObject({ state: "waiting" });
    await until(gateway, source, ["schedule/2026-03-02T01:00:00.000Z", "schedule/2026-03-02T02:00:00.000Z"]);
  });
});

describe("a sample event", () => {
  it("is stored, delivered, and can be sent again, even while the source is paused and over its quota", async () => {
    const { gateway } = await scene();
    const source = await gateway.source({ kind: "schedule", dailyQuota: 1, config: { everySeconds: 86_400 } });
    const path = `ingest/api/v1/source/${source.id}`;
    await gateway.call("POST", `${path}/pause`);
    const sample = { eventType: "schedule.due", payload: { n: 1 } };
    const sent = [
      await gateway.call("POST", `${path}/sample`, sample),
      await gateway.call("POST", `${path}/sample`, sample),
    ];
    expect(sent.map(({ status }) => status)).toEqual([202, 202]);
    const stored = await gateway.messages(source);
    expect(new Set(stored.map(({ id }) => id))).toEqual(new Set(sent.map(({ json }) => json["id"])));
    const request = await gateway.receiver.waitFor(({ path: target }) => target === "/target");
    expect(request.body.toString()).toBe('{"n":1}');
    expect((await gateway.call("POST", `${path}/sample`, { eventType: "not a type!", payload: {} })).status).toBe(422);
  });
});

describe("the due times of a schedule that is being edited", () => {
  it("are the next five, in the zone", async () => {
    const { clock, gateway } = await scene();
    const times = (query: string) => gateway.call("GET", `ingest/api/v1/schedule/due-times?${query}`);
    const cron = encodeURIComponent("0 9 * * 1-5");
    expect((await times(`cron=${cron}&timeZone=Europe/Berlin`)).json).toEqual({
      dueTimes: ["02", "03", "04", "05", "06"].map((day) => `2026-03-${day}T08:00:00.000Z`),
    });
    const askedAt = clock.now();
    const every = (await times("everySeconds=60")).json["dueTimes"] as string[];
    const [first = 0, ...others] = every.map((time) => Date.parse(time));
    expect(first).toBeGreaterThan(askedAt);
    expect(first).toBeLessThanOrEqual(clock.now() + 60_000);
    expect(others).toEqual([1, 2, 3, 4].map((place) => first + place * 60_000));
    expect(await times("cron=nonsense")).toMatchObject({ status: 422, json: { detail: [{ loc: ["query", "cron"] }] } });
  });
});
