import { describe, expect, it } from "vitest";
import {
  allConnected,
  connectedTo,
  connectSession,
  deleteExpired,
  renewLeases,
  startSession,
} from "../src/relay/sessions.ts";
import { hashToken } from "../src/domain/auth/hash-token.ts";
import type { Store } from "../src/store/store.ts";
import { PostgresStore } from "../src/store/postgres/postgres-store.ts";
import { onPostgres, openStore } from "./support/store.ts";

const NOW = 1_000_000;

async function insert(store: Store, id: number, { clientId = "client-anna", endpoint = 7 } = {}): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db
      .insertInto("relay_session")
      .values({
        id,
        public_id: `relay_${id}`,
        org_id: 1,
        app_id: 1,
        endpoint_id: endpoint,
        client_id: clientId,
        client_name: "anna",
        takes_over: 0,
        resigns: 0,
        ticket_hash: hashToken(`ticket-${id}`),
        ticket_until: NOW + 60_000,
        node_id: null,
        transport: null,
        connected_at: null,
        lease_until: 0,
        created_at: NOW,
      })
      .execute();
  }, "test");
}

async function insertEndpoint(store: Store, id: number): Promise<void> {
  const none = { uid: null, throttle_rate: null, metadata_json: "{}", created_at: 0, updated_at: 0, deleted_at: null };
  const empty = { event_types_json: null, channels_json: null, headers_sealed: null, egress_sealed: null };
  await store.transaction(async ({ db }) => {
    await db
      .insertInto("endpoint")
      .values({
        id,
        public_id: `ep_${id}`,
        app_id: 1,
        url: "relay://anna",
        description: "",
        version: 1,
        disabled: 0,
        ...none,
        ...empty,
      })
      .execute();
  }, "test");
}

const connect = (store: Store, id: number) =>
  connectSession(store, { ticket: `ticket-${id}`, nodeId: 1, transport: "websocket", share: "all", now: NOW });

describe("sessions of listeners", () => {
  it("move with a node that gets another ID, so that other nodes find them", async () => {
    await using files = await openStore();
    const { store } = files;
    await insert(store, 1);
    await connect(store, 1);
    expect(await renewLeases(store, [1], { now: NOW + 30_000, nodeId: 2 })).toEqual(new Set([1]));
    expect(await connectedTo(store.db, 7, NOW + 40_000)).toMatchObject([{ id: 1, node_id: 2 }]);
  });

  it("are deleted when their ticket or lease has expired, and not before", async () => {
    await using files = await openStore();
    const { store } = files;
    for (const id of [1, 2]) await insert(store, id);
    await connect(store, 1);
    await renewLeases(store, [1], { now: NOW + 80_000, nodeId: 1 });
    const idsAfter = async (now: number) => {
      await store.transaction((tx) => deleteExpired(tx, now), "test");
      return (await store.db.selectFrom("relay_session").select("id").orderBy("id").execute()).map(({ id }) => id);
    };
    expect(await idsAfter(NOW + 50_000)).toEqual([1, 2]);
    expect(await idsAfter(NOW + 90_000)).toEqual([1]);
    expect(await idsAfter(NOW + 110_000)).toEqual([]);
  });

  it("receive requests only after their listener has started, but exclude other listeners before that", async () => {
    await using files = await openStore();
    const { store } = files;
    for (const id of [1, 2]) await insert(store, id, { clientId: `client-${id}` });
    await connect(store, 1);
    expect(await allConnected(store.db, NOW + 1)).toEqual([]);
    await expect(connect(store, 2)).rejects.toThrow("anna listens to this endpoint already");
    await startSession(store, { key: 1, endpointKey: 7 }, NOW + 5);
    expect(await allConnected(store.db, NOW + 6)).toMatchObject([{ key: 1, endpointKey: 7, nodeId: 1 }]);
  });

  it("of one endpoint are connected one after the other, on all nodes, so that one of many is exclusive", async () => {
    await using files = await openStore();
    await using stack = new AsyncDisposableStack();
    const other = onPostgres ? stack.use(await PostgresStore.open({ url: files.location })) : files.store;
    const stores = [files.store, other];
    for (let endpoint = 1; endpoint <= 10; endpoint++) {
      await insertEndpoint(files.store, endpoint);
      const ids = [2 * endpoint, 2 * endpoint + 1];
      for (const id of ids) await insert(files.store, id, { clientId: `client-${id}`, endpoint });
      const results = await Promise.allSettled(ids.map((id, index) => connect(stores[index]!, id)));
      expect(results.map(({ status }) => status).filter((status) => status === "fulfilled")).toHaveLength(1);
      expect(await connectedTo(files.store.db, endpoint, NOW + 1)).toHaveLength(1);
    }
  });
});
