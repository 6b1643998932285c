import { describe, expect, it } from "vitest";
import { systemActor } from "../access.ts";
import { servicesOver } from "../../../test/support/services.ts";
import { openStore } from "../../../test/support/store.ts";
import type { Store } from "../../store/store.ts";
import type { Services } from "../context.ts";
import { runStep } from "../task/run.ts";
import { cancelBroadcast } from "./cancel.ts";
import { startBroadcast } from "./start.ts";

const APPLICATIONS = 250;

/** Services over a store that has applications without endpoints. */
async function customers(store: Store): Promise<Services> {
  const { services } = servicesOver(store);
  await store.transaction(async ({ db }) => {
    for (let index = 0; index < APPLICATIONS; index++) {
      const { key, id } = services.ids.next("app_");
      const times = { created_at: 0, updated_at: 0, deleted_at: null };
      const none = { uid: null, throttle_rate: null, metadata_json: "{}" };
      await db
        .insertInto("application")
        .values({ id: key, public_id: id, org_id: 1, name: "Test", ...none, ...times })
        .execute();
    }
  });
  return usable(services);
}

function usable(services: Services): Services {
  const dispatch = { ...services.dispatch, push: () => undefined };
  return { ...services, dispatch };
}

function contextOf(services: Services) {
  const actor = systemActor(1, "org_1");
  return { services, actor, tx: null };
}

async function started(services: Services): Promise<number> {
  const publication = {
    eventType: "a.b",
    eventId: null,
    channels: null,
    tags: null,
    payload: Buffer.from("{}"),
    contentType: "application/json",
    orderingKey: null,
    deliverAt: null,
    delayMs: null,
    deliverUntil: null,
    ttlMs: null,
    retentionMs: null,
  };
  const input = { publication, applications: null, metadata: null };
  return (await startBroadcast({ ctx: contextOf(services), input })).key;
}

async function sent(store: Store): Promise<readonly number[]> {
  const rows = await store.db.selectFrom("message").select("app_id").execute();
  return rows.map((row) => row.app_id);
}

const countOf = async (store: Store, table: "idempotency" | "broadcast"): Promise<number> =>
  (await store.db.selectFrom(table).selectAll().execute()).length;

describe("a broadcast", () => {
  it("continues after a crash between a publish and its checkpoint, without sending twice or skipping an application", async () => {
    for (const crashAt of [1, 3]) {
      await using files = await openStore();
      let { store } = files;
      const services = await customers(store);
      const key = await started(services);
      for (let step = 1; step < crashAt; step++) await runStep(services, key);
      const dying: Store = Object.create(store) as Store;
      dying.acceptAll = (entries) => store.acceptAll(entries);
      dying.transaction = () => Promise.reject(new Error("the process ended"));
      Object.defineProperties(dying, { db: { value: store.db }, hotDb: { value: store.hotDb } });
      await expect(runStep({ ...services, store: dying }, key)).rejects.toThrow("the process ended");
      store = await files.reopen();
      const { secretBox } = services;
      const after = usable({ ...servicesOver(store).services, secretBox });
      while ((await runStep(after, key)) !== null);
      const applications = await sent(store);
      expect(applications).toHaveLength(APPLICATIONS);
      expect(new Set(applications).size).toBe(APPLICATIONS);
      const { data_json, status } = await store.db.selectFrom("task").selectAll().executeTakeFirstOrThrow();
      expect(status).toBe("finished");
      const shown = { applications: APPLICATIONS, skipped: 0 };
      expect(JSON.parse(data_json)).toMatchObject({ messagesSent: APPLICATIONS, shown });
      expect([await countOf(store, "idempotency"), await countOf(store, "broadcast")]).toEqual([0, 0]);
    }
  });

  it("publishes to no further application after it is canceled, and removes its own row", async () => {
    await using files = await openStore();
    const { store } = files;
    const services = await customers(store);
    const key = await started(services);
    await runStep(services, key);
    const before = (await sent(store)).length;
    const { public_id: task } = await store.db.selectFrom("task").select("public_id").executeTakeFirstOrThrow();
    // Cancels the broadcast after a step has published and before it stores its checkpoint.
    const slow: Store = Object.create(store) as Store;
    slow.acceptAll = (entries) => store.acceptAll(entries);
    slow.transaction = async (work) => {
      await cancelBroadcast({ ctx: contextOf(services), input: { task } });
      return store.transaction(work);
    };
    Object.defineProperties(slow, { db: { value: store.db }, hotDb: { value: store.hotDb } });
    expect(await runStep({ ...services, store: slow }, key)).toBe(0);
    expect(await runStep(services, key)).toBeNull();
    const { status } = await store.db.selectFrom("task").select("status").executeTakeFirstOrThrow();
    expect(status).toBe("canceled");
    expect([before, (await sent(store)).length]).toEqual([100, 200]);
    expect([await countOf(store, "idempotency"), await countOf(store, "broadcast")]).toEqual([0, 0]);
  });
});
