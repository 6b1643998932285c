import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, attemptRecord, openStore, successOutcome } from "../../../test/support/store.ts";
import { keyAtTime } from "../../lib/id.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import type { Job } from "../../store/delivery.ts";
import type { Services } from "../context.ts";
import { writeEvent } from "./announce.ts";
import { publishEvents } from "./publish.ts";
import type { OperationalEvent } from "./events.ts";
import type { Tx } from "../../store/tx.ts";

/** Endpoint 1 of a customer, and by default endpoint 2, which receives operational webhooks about it. */
async function setUp(store: Store, listens = true): Promise<{ services: Services; pushed: Job[] }> {
  const { services } = servicesOver(store);
  const pushed: Job[] = [];
  const dispatch = { ...services.dispatch, push: (jobs: readonly Job[]) => void pushed.push(...jobs) };
  await insertEndpoint(services, "https://example.com/", {});
  if (listens) await listen(store);
  return { services: { ...services, dispatch }, pushed };
}

async function listen(store: Store, eventTypes: readonly string[] | null = null): Promise<void> {
  const none = { uid: null, throttle_rate: null, metadata_json: "{}", created_at: 0, updated_at: 0, deleted_at: null };
  await store.transaction(async ({ db }) => {
    const application = { id: 2, public_id: "app_2", org_id: 1, name: "", kind: APPLICATION_KIND.operational, ...none };
    await db.insertInto("application").values(application).execute();
    const endpoint = { id: 2, public_id: "ep_2", app_id: 2, url: "https://hooks.example.com/", ...none };
    const event_types_json = eventTypes === null ? null : JSON.stringify(eventTypes);
    await db
      .insertInto("endpoint")
      .values({
        ...endpoint,
        description: "",
        version: 1,
        disabled: 0,
        channels_json: null,
        event_types_json,
        headers_sealed: null,
        egress_sealed: null,
      })
      .execute();
  });
}

const MINUTE = Math.ceil(Date.now() / 60_000) * 60_000 - 3_600_000;

/** Stores a message whose only attempt failed at this time, with no retries left. */
async function exhaust(store: Store, id: number, at = MINUTE, endpointId = 1): Promise<void> {
  await store.accept(acceptEntry(id, { endpointIds: [endpointId] }));
  const attempt = attemptRecord(keyAtTime(at) + id, { status: 2, responseCode: 500 });
  await store.record(successOutcome(id, { endpointId, state: 2, attempt }));
}

const waiting = (store: Store) => store.db.selectFrom("operational_event").selectAll().orderBy("id").execute();
const messages = (store: Store) =>
  store.db.selectFrom("message").selectAll().where("app_id", "=", 2).orderBy("id").execute();

describe("an operational event", () => {
  it("becomes one message, even when the process dies after storing the message and before deleting the event", async () => {
    await using files = await openStore();
    const { services, pushed } = await setUp(files.store);
    await exhaust(files.store, 1);
    const [event] = await waiting(files.store);
    expect(event).toMatchObject({ type: "message.attempt.exhausted", org_id: 1, message_id: 1, endpoint_id: 1 });
    await publishEvents(services);
    expect(await waiting(files.store)).toEqual([]);
    // As after a crash: the message is on disk, and the event is still in the outbox.
    await files.store.transaction(({ db }) => db.insertInto("operational_event").values(event!).execute());
    await publishEvents(services);
    expect(await waiting(files.store)).toEqual([]);
    expect(await messages(files.store)).toHaveLength(1);
    expect(pushed).toHaveLength(1);
  });

  it("is not recorded without a subscriber, and has all its data once there is one", async () => {
    await using files = await openStore();
    await setUp(files.store, false);
    await exhaust(files.store, 1);
    expect(await waiting(files.store)).toEqual([]);
    await listen(files.store);
    await exhaust(files.store, 2);
    expect(await waiting(files.store)).toHaveLength(1);
  });

  it("is recorded only for event types with a subscriber", async () => {
    await using files = await openStore();
    await setUp(files.store, false);
    await listen(files.store, ["endpoint.created"]);
    await exhaust(files.store, 1);
    const write = (type: OperationalEvent["type"]) => (tx: Tx) => writeEvent(tx, { orgId: 1, type, data: {} }, 5);
    expect(await files.store.transaction(write("endpoint.updated"))).toBe(false);
    expect(await files.store.transaction(write("endpoint.created"))).toBe(true);
    expect((await waiting(files.store)).map(({ type }) => type)).toEqual(["endpoint.created"]);
  });

  it("is never about an operational endpoint", async () => {
    await using files = await openStore();
    await setUp(files.store);
    await exhaust(files.store, 1, MINUTE, 2);
    expect(await waiting(files.store)).toEqual([]);
  });

  it("is merged in a mass failure: 10 per endpoint and minute, and one more that counts the rest", async () => {
    await using files = await openStore();
    const { services } = await setUp(files.store);
    for (let id = 1; id <= 200; id++) await exhaust(files.store, id);
    const events = await waiting(files.store);
    expect(events).toHaveLength(11);
    expect(events.at(-1)).toMatchObject({ count: 190, message_id: 200, due: MINUTE + 60_000 });
    await publishEvents(services);
    const bodies = (await messages(files.store)).map((row) => JSON.parse(Buffer.from(row.payload!).toString()));
    expect(bodies.reduce((sum: number, body) => sum + body.data.count, 0)).toBe(200);
    // In the next minute, events are separate again.
    await exhaust(files.store, 201, MINUTE + 60_000);
    expect(await waiting(files.store)).toMatchObject([{ count: 1, merge_key: null }]);
  });

  it("whose count increases while it is published is published again for the rest, and not lost", async () => {
    await using files = await openStore();
    const { services } = await setUp(files.store);
    for (let id = 1; id <= 12; id++) await exhaust(files.store, id);
    const { store } = files;
    let late: Promise<void> | null = null;
    const accept: Store["accept"] = (entry) => {
      late ??= exhaust(store, 13);
      return late.then(() => store.accept(entry));
    };
    const slow = new Proxy(store, {
      get: (target, name) => (name === "accept" ? accept : bound(target, name as keyof Store)),
    });
    await publishEvents({ ...services, store: slow });
    expect(await waiting(store)).toMatchObject([{ count: 3 }]);
    await publishEvents(services);
    expect(await waiting(store)).toEqual([]);
  });
});

function bound(store: Store, name: keyof Store): unknown {
  const member: unknown = store[name];
  return typeof member === "function" ? (member as (...args: unknown[]) => unknown).bind(store) : member;
}
