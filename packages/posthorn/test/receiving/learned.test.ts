/** Schemas, schema changes and inactivity learned from the traffic of a source. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { githubHeaders, send, TestGateway, type TestSource } from "../support/gateway.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";

const SECRET = "s3cret";

let gateway: TestGateway;
let clock: ShiftedClock;
let next = 0;
beforeAll(async () => {
  clock = new ShiftedClock();
  gateway = await TestGateway.start({}, { clock });
});
afterAll(() => gateway[Symbol.asyncDispose]());

async function deliver(source: TestSource, payload: object, event = "push"): Promise<void> {
  const body = JSON.stringify(payload);
  const response = await send(source.url, body, githubHeaders(SECRET, body, `d-${next++}`, event));
  expect(response.status).toBe(200);
}

/** Delivers this many events, and runs learning rounds until each was sampled. */
async function teach(source: TestSource, count: number, payload: object, event = "push", type = event): Promise<void> {
  const known = await samplesOf(source, type);
  for (let n = 1; n <= count; n++) {
    await deliver(source, payload, event);
    // A round samples five events of a type.
    if (n % 5 === 0 || n === count) await eventually(() => learned(source, type, known + n));
  }
}

async function learned(source: TestSource, type: string, samples: number): Promise<void> {
  clock.advance(10_000);
  expect(await samplesOf(source, type)).toBe(samples);
}

async function samplesOf(source: TestSource, type: string): Promise<number> {
  return ((await catalogue(source, `/${type}`)).json["samples"] as number | undefined) ?? 0;
}

const catalogue = (source: TestSource, more = "") =>
  gateway.call("GET", `ingest/api/v1/source/${source.id}/catalogue${more}`);

describe("the catalogue of a source", () => {
  it("lists each event type with its schema as JSON Schema and TypeScript", async () => {
    const source = await gateway.source({ type: "github", secrets: [SECRET] }, false);
    await teach(source, 3, { ref: "refs/heads/main", commits: [{ id: "a", files: 2 }] });
    await teach(source, 2, { action: "opened", issue: { number: 1 } }, "issues", "issues.opened");
    expect((await catalogue(source)).json["data"]).toMatchObject([
      { eventType: "issues.opened", received: 2, changedAt: null },
      { eventType: "push", received: 3 },
    ]);
    expect((await catalogue(source, "/push")).json).toMatchObject({
      samples: 3,
      changes: [],
      schema: { properties: { commits: { items: { required: ["files", "id"] } } }, required: ["commits", "ref"] },
    });
    const { json } = await catalogue(source, "-export");
    expect(Object.keys(json["schemas"] as object)).toEqual(["issues.opened", "push"]);
    expect(json["typescript"]).toContain('"issues.opened": IssuesOpened;');
    expect((await catalogue(source, "?limit=1")).json).toMatchObject({
      data: [{ eventType: "issues.opened" }],
      done: false,
    });
    expect((await gateway.call("DELETE", `ingest/api/v1/source/${source.id}/catalogue/push`)).status).toBe(204);
    expect((await catalogue(source, "/push")).status).toBe(404);
  });

  it("reports changes in its entry and to operational webhooks", async () => {
    await using ears = await startReceiver();
    const listening = { url: ears.url, eventTypes: ["source.schema_changed"] };
    await gateway.call("POST", "api/v1/operational-webhook/endpoint", listening);
    const source = await gateway.source({ type: "github", secrets: [SECRET] }, false);
    await teach(source, 20, { amount: 1, note: "n" });
    await teach(source, 5, { amount: "1.00", extra: { deep: true } });
    const told = await ears.waitFor(() => true);
    expect(JSON.parse(told.body.toString())).toMatchObject({
      type: "source.schema_changed",
      data: { sourceId: source.id, eventType: "push", breaking: true },
    });
    const { json } = await catalogue(source, "/push");
    expect(json["changedAt"]).not.toBeNull();
    expect(json["changes"]).toMatchObject([
      { kind: "type_changed", path: "amount", before: "integer", after: "string", breaking: true },
      { kind: "field_added", path: "extra", breaking: false },
      { kind: "field_removed", path: "note", breaking: true },
    ]);
  });
});

describe("a source that becomes inactive", () => {
  const activity = (source: TestSource) => gateway.call("GET", `ingest/api/v1/source/${source.id}/activity`);

  /** Advances the clock minute by minute: with a jump, the server would seem to have been down. */
  function minutesUntil(source: TestSource, state: object): Promise<void> {
    return eventually(async () => {
      clock.advance(60_000);
      expect((await activity(source)).json).toMatchObject(state);
    });
  }

  it("is reported by operational webhooks once, and again when the source becomes active", async () => {
    await using ears = await startReceiver();
    await gateway.call("POST", "api/v1/operational-webhook/endpoint", {
      url: ears.url,
      eventTypes: ["source.inactive", "source.recovered"],
    });
    const source = await gateway.source({ type: "github", secrets: [SECRET], name: "Shop" }, false);
    await gateway.call("PUT", `ingest/api/v1/source/${source.id}/activity`, {
      mode: "fixed",
      inactiveAfterSeconds: 3600,
    });
    await deliver(source, { n: 1 });
    await minutesUntil(source, { state: "active", mode: "fixed" });
    await minutesUntil(source, { state: "inactive" });
    const silentNow = async () => (await gateway.call("GET", "api/v1/stats/now")).json["sources"];
    expect(await silentNow()).toMatchObject({ inactive: [{ sourceId: source.id, name: "Shop" }] });
    const [silent] = await ears.waitForCount(1);
    expect(JSON.parse(silent!.body.toString())).toMatchObject({
      type: "source.inactive",
      data: { sourceId: source.id, sourceName: "Shop" },
    });
    await deliver(source, { n: 2 });
    await minutesUntil(source, { state: "active", inactiveSince: null });
    expect(await silentNow()).toEqual({ inactive: [] });
    const [, recovered] = await ears.waitForCount(2);
    expect(JSON.parse(recovered!.body.toString())).toMatchObject({
      type: "source.recovered",
      data: { sourceId: source.id },
    });
    expect(ears.requests).toHaveLength(2);
  });

  it("is learning while there is too little data, and off when it is disabled", async () => {
    const source = await gateway.source({ type: "github", secrets: [SECRET] }, false);
    expect((await activity(source)).json).toMatchObject({
      mode: "learned",
      state: "learning",
      week: [],
      inactiveAt: null,
      lastReceivedAt: null,
    });
    // Immediately, before the activity includes the event.
    await deliver(source, { n: 1 });
    const [event] = await gateway.messages(source);
    expect((await activity(source)).json["lastReceivedAt"]).toBe(event!["timestamp"]);
    const path = `ingest/api/v1/source/${source.id}/activity`;
    expect((await gateway.call("PUT", path, { mode: "off" })).json).toMatchObject({ state: "off" });
    expect((await gateway.call("PUT", path, { mode: "fixed" })).status).toBe(422);
    expect((await gateway.call("PUT", path, { mode: "fixed", inactiveAfterSeconds: 60 })).json).toMatchObject({
      inactiveAfterSeconds: 60,
    });
  });
});
