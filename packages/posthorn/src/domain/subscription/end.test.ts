import type { Kysely } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { openStore, type TestStore } from "../../../test/support/store.ts";
import type { Database } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import type { Services } from "../context.ts";
import { endExpired, type EndedSubscription, endGone, endRevoked } from "./end.ts";

const NOW = 1_700_000_000_000;
const HASH = Buffer.from("what identifies the subscription");

let files: TestStore;
let services: Services;
let ended: EndedSubscription[];

beforeEach(async () => {
  files = await openStore();
  const { services: base } = servicesOver(files.store);
  services = { ...base, now: () => NOW };
  ended = [];
  await insertEndpoint(services, "https://example.com/", {});
  await files.store.transaction(async ({ db }) => {
    await db.insertInto("organisation").values({ id: 1, public_id: "org_1", name: "Test", created_at: 0 }).execute();
    await insertSubscription(db, { id: 1, endpoint_id: 1 });
  });
});
afterEach(() => files[Symbol.asyncDispose]());

/** One of a portal token. */
async function insertSubscription(
  db: Kysely<Database>,
  row: { readonly id: number; readonly endpoint_id: number; readonly updated_at?: number },
): Promise<void> {
  await db
    .insertInto("subscription")
    .values({
      public_id: `sub_${row.id}`,
      app_id: 1,
      protocol: "mcp",
      topic_id: null,
      target_hash: HASH,
      principal: "portal:session",
      token_hash: Buffer.from("token"),
      lease_seconds: 60,
      lease_until: NOW + 60_000,
      created_at: 0,
      updated_at: 0,
      ...row,
    })
    .execute();
}

/** The services, with an action between the look-up of the subscriptions and their end. */
function meanwhile(change: (db: Kysely<Database>) => Promise<unknown>): Services {
  const { store } = files;
  const transaction: Store["transaction"] = async (work, name) => {
    await store.transaction(({ db }) => change(db));
    return store.transaction(work, name);
  };
  return { ...services, store: { db: store.db, transaction } as Store };
}

async function state() {
  const { db } = files.store;
  const subscriptions = await db.selectFrom("subscription").select("id").execute();
  const audit = await db.selectFrom("audit_entry").select("action").execute();
  return { subscriptions: subscriptions.map(({ id }) => id), actions: audit.map(({ action }) => action) };
}

const options = () => ({ signal: new AbortController().signal, onEnded: (one: EndedSubscription) => ended.push(one) });
const update = (changes: { readonly deleted_at?: number }) =>
  files.store.transaction(({ db }) => db.updateTable("endpoint").set(changes).execute());
const endTokens = { app_id: 1, session_id: "session", issued_until: 1, expires_at: 1 };

it("a subscription whose endpoint was deleted is removed, and its client is notified", async () => {
  await update({ deleted_at: NOW });
  await endGone(services, options());
  expect(await state()).toEqual({ subscriptions: [], actions: ["system.subscription.end"] });
  expect(ended).toMatchObject([{ appKey: 1, endpointKey: 1, termination: { code: -32_011 } }]);
});

it("a client that subscribes again in the meantime gets no notice of the end, and there is no audit entry for it", async () => {
  await update({ deleted_at: NOW });
  const again = meanwhile(async (db) => {
    await db.deleteFrom("subscription").execute();
    await insertSubscription(db, { id: 2, endpoint_id: 2 });
  });
  await endGone(again, options());
  expect([await state(), ended]).toEqual([{ subscriptions: [2], actions: [] }, []]);
});

it("a subscription ends with the tokens of its session", async () => {
  await files.store.transaction(({ db }) => db.insertInto("token_end").values(endTokens).execute());
  await endRevoked(services, options());
  expect(await state()).toEqual({ subscriptions: [], actions: ["system.subscription.end"] });
  expect(ended).toMatchObject([{ termination: { code: -32_012 } }]);
});

it("a subscription that is renewed with a newer token in the meantime does not end", async () => {
  await files.store.transaction(({ db }) => db.insertInto("token_end").values(endTokens).execute());
  await endRevoked(
    meanwhile((db) => db.updateTable("subscription").set({ updated_at: NOW }).execute()),
    options(),
  );
  expect([await state(), ended]).toEqual([{ subscriptions: [1], actions: [] }, []]);
});

it("a subscription expires, unless it is renewed in the meantime", async () => {
  const { signal } = new AbortController();
  await files.store.transaction(({ db }) => db.updateTable("subscription").set({ lease_until: NOW }).execute());
  const renewed = meanwhile((db) =>
    db
      .updateTable("subscription")
      .set({ lease_until: NOW + 1 })
      .execute(),
  );
  expect(await endExpired(renewed, signal)).toBe(NOW + 1);
  expect(await state()).toEqual({ subscriptions: [1], actions: [] });
  await files.store.transaction(({ db }) => db.updateTable("subscription").set({ lease_until: NOW }).execute());
  expect(await endExpired(services, signal)).toBe(null);
  expect(await state()).toEqual({ subscriptions: [], actions: ["system.subscription.end"] });
});
