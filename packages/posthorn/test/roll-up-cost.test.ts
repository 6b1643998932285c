/** The statements of the roll-up, which must not become more with the endpoints that its messages are for. */
import type { Kysely } from "kysely";
import { describe, expect, it } from "vitest";
import { rollUp } from "../src/domain/stats/roll-up.ts";
import { keyAtTime } from "../src/lib/id.ts";
import type { Database } from "../src/store/schema.ts";
import type { Store } from "../src/store/store.ts";
import { servicesOver } from "./support/services.ts";
import { acceptEntry, attemptRecord, openStore, successOutcome } from "./support/store.ts";

const START = Date.UTC(2026, 0, 1);
const MESSAGES = 200;
const ALL = { messages: Number.MAX_SAFE_INTEGER, attempts: Number.MAX_SAFE_INTEGER };
const TEXTS = { description: "", metadata_json: "{}" };
const TIMES = { created_at: 0, updated_at: 0, deleted_at: null };
const NONE = { uid: null, throttle_rate: null };

/** Creates applications with one endpoint each, which has the key of its application. */
async function createApplications(store: Store, count: number): Promise<void> {
  const keys = Array.from({ length: count }, (_, index) => index + 1);
  await store.transaction(async ({ db }) => {
    for (const id of keys) {
      const application = {
        id,
        public_id: `app_${id}`,
        org_id: 1,
        name: "Test",
        metadata_json: "{}",
        ...NONE,
        ...TIMES,
      };
      await db.insertInto("application").values(application).execute();
      const endpoint = { id, public_id: `ep_${id}`, app_id: id, url: "https://example.com/", version: 1, disabled: 0 };
      const all = { event_types_json: null, channels_json: null };
      await db
        .insertInto("endpoint")
        .values({ ...endpoint, ...all, ...TEXTS, ...NONE, ...TIMES })
        .execute();
    }
  });
}

/** Publishes and delivers messages to the endpoints in turn. */
async function deliver(store: Store, endpoints: number, from: number): Promise<void> {
  const indexes = Array.from({ length: MESSAGES }, (_, index) => index);
  const keyOf = (index: number): number => keyAtTime(from + index * 10);
  const placeOf = (index: number): number => (index % endpoints) + 1;
  await store.acceptAll(
    indexes.map((index) =>
      acceptEntry(keyOf(index), { appId: placeOf(index), endpointIds: [placeOf(index)], due: from + index * 10 }),
    ),
  );
  await store.recordAll(
    indexes.map((index) =>
      successOutcome(keyOf(index), { endpointId: placeOf(index), attempt: attemptRecord(keyOf(index) + 1) }),
    ),
  );
}

/** Counts the statements of the store and of its transactions. */
function counted(store: Store): { readonly store: Store; statements: number } {
  const result = { store, statements: 0 };
  const counting = (db: Kysely<Database>): Kysely<Database> =>
    db.withPlugin({
      transformQuery: ({ node }) => {
        result.statements++;
        return node;
      },
      transformResult: async ({ result: rows }) => rows,
    });
  const transaction: Store["transaction"] = (work, name) =>
    store.transaction((tx) => work({ ...tx, db: counting(tx.db) }), name);
  result.store = Object.create(store, {
    db: { value: counting(store.db) },
    transaction: { value: transaction },
  }) as Store;
  return result;
}

/** The statements of a second roll-up, which adds to the rows of the first. */
async function statementsFor(endpoints: number): Promise<number> {
  await using files = await openStore();
  const { store } = files;
  await createApplications(store, endpoints);
  const { services } = servicesOver(store);
  const { signal } = new AbortController();
  await deliver(store, endpoints, START);
  await rollUp(services, ALL, signal);
  await deliver(store, endpoints, START + 60_000);
  const counter = counted(store);
  await rollUp({ ...services, store: counter.store }, ALL, signal);
  const rows = await store.db.selectFrom("rollup").select(["endpoint_id", "messages", "attempts_ok"]).execute();
  // One for the organisation, and one for each application and for each endpoint.
  expect(rows).toHaveLength(1 + 2 * endpoints);
  const ofEndpoints = rows.filter(({ endpoint_id: id }) => id !== 0);
  for (const row of ofEndpoints)
    expect(row).toMatchObject({ messages: (2 * MESSAGES) / endpoints, attempts_ok: (2 * MESSAGES) / endpoints });
  return counter.statements;
}

describe("the statements of a roll-up", () => {
  it("are as many for messages to one endpoint as for messages to 200 applications with an endpoint each", async () => {
    const statements = await statementsFor(1);
    expect(await statementsFor(MESSAGES)).toBe(statements);
    // Of them, five find nothing more to count.
    expect(statements).toBeLessThanOrEqual(29);
  });
});
