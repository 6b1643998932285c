import { describe, expect, it } from "vitest";
import { connectedTo, connectSession, deleteExpired, renewLeases } from "../src/relay/sessions.ts";
import { hashToken } from "../src/domain/auth/hash-token.ts";
import type { Store } from "../src/store/store.ts";
import { openStore } from "./support/store.ts";

const NOW = 1_000_000;

async function insert(store: Store, id: number): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db
      .insertInto("relay_session")
      .values({
        id,
        public_id: `relay_${id}`,
        org_id: 1,
        app_id: 1,
        endpoint_id: 7,
        client_id: "client-anna",
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

const connect = (store: Store, id: number) =>
  connectSession(store, { ticket: `ticket-${id}`, nodeId: 1, transport: "websocket", share: "all", now: NOW });

describe("sessions of listeners", () => {
  it("move with a node that gets another ID, so that other nodes find them", async () => {
    await using files = await openStore();
    const { store } = files;
    await insert(store, 1);
    await connect(store, 1);
    expect(await renewLeases(store, [1], { until: NOW + 50_000, nodeId: 2 })).toEqual(new Set([1]));
    expect(await connectedTo(store.db, 7, NOW + 40_000)).toMatchObject([{ id: 1, node_id: 2 }]);
  });

  it("are deleted when their ticket or lease has expired, and not before", async () => {
    await using files = await openStore();
    const { store } = files;
    for (const id of [1, 2]) await insert(store, id);
    await connect(store, 1);
    await renewLeases(store, [1], { until: NOW + 100_000, nodeId: 1 });
    const idsAfter = async (now: number) => {
      await store.transaction((tx) => deleteExpired(tx, now), "test");
      return (await store.db.selectFrom("relay_session").select("id").orderBy("id").execute()).map(({ id }) => id);
    };
    expect(await idsAfter(NOW + 50_000)).toEqual([1, 2]);
    expect(await idsAfter(NOW + 90_000)).toEqual([1]);
    expect(await idsAfter(NOW + 110_000)).toEqual([]);
  });
});
