import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, attemptRecord, openStore, successOutcome } from "../../../test/support/store.ts";
import type { Services } from "../context.ts";
import { rollUp } from "../stats/roll-up.ts";
import { MANY_HOSTS } from "./incident.ts";
import { MAX_OPEN } from "./record.ts";

const ALL = { messages: Number.MAX_SAFE_INTEGER, attempts: Number.MAX_SAFE_INTEGER };
const signal = new AbortController().signal;

/** Stores failed attempts of endpoint 1, each of another message. */
async function fail({ store }: Services, from: number, count: number, code = "timeout"): Promise<void> {
  for (let id = from; id < from + count; id++) {
    await store.accept(acceptEntry(id));
    const attempt = attemptRecord(1_000_000 + id, { status: 2, responseCode: 0, errorCode: code });
    await store.record(successOutcome(id, { state: 2, attempt }));
  }
}

describe("recording failures", () => {
  it("takes the same number of statements for one failure as for many, and none of them reads attempts", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await insertEndpoint(services, "https://example.com/", {});
    const texts: string[] = [];
    const counted = async (): Promise<number> => {
      let statements = 0;
      texts.length = 0;
      const { store } = services;
      const counting = Object.create(store, {
        transaction: {
          value: (work: Parameters<typeof store.transaction>[0], operation?: string) =>
            store.transaction((tx) => {
              const db = tx.db.withPlugin({
                transformQuery: ({ node }) => {
                  statements++;
                  texts.push(tx.db.getExecutor().compileQuery(node, { queryId: "x" }).sql);
                  return node;
                },
                transformResult: ({ result }) => Promise.resolve(result),
              });
              return work(Object.create(tx, { db: { value: db } }) as typeof tx);
            }, operation),
        },
      }) as typeof store;
      await rollUp({ ...services, store: counting }, ALL, signal);
      return statements;
    };
    await fail(services, 1, 1);
    await counted();
    await fail(services, 10, 1);
    const one = await counted();
    await fail(services, 20, 100);
    expect(await counted()).toBe(one);
    // A message can have thousands of endpoints: their attempts are read before the transaction begins.
    expect(texts.filter((text) => text.includes("FROM attempt"))).toEqual([]);
    expect(await files.store.db.selectFrom("incident").select(["attempts", "events"]).execute()).toEqual([
      { attempts: 102, events: 102 },
    ]);
  });

  it("adds failures to one incident of many hosts once an organisation has too many", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await insertEndpoint(services, "https://example.com/", {});
    const rows = Array.from({ length: MAX_OPEN }, (_, index) => ({
      id: index + 1,
      public_id: `inc_${index}`,
      org_id: 1,
      host: `host-${index}.test`,
      cause: "timeout",
      state: "open",
      muted_until: null,
      first_at: 0,
      last_at: 0,
      first_attempt: 0,
      last_attempt: 0,
      first_message: 0,
      attempts: 0,
      events: 0,
      endpoints: 0,
      applications: 0,
      changed_by: null,
      changed_at: null,
      resolved_at: null,
    }));
    await files.store.transaction(({ db }) => db.insertInto("incident").values(rows).execute());
    await fail(services, 1, 2);
    await fail(services, 3, 1, "dns_failed");
    await rollUp(services, ALL, signal);
    const added = await files.store.db.selectFrom("incident").selectAll().where("id", ">", MAX_OPEN).execute();
    const counts = new Map(added.map(({ host, cause, events }) => [`${host} ${cause}`, events]));
    expect(counts).toEqual(
      new Map([
        [`${MANY_HOSTS} timeout`, 2],
        [`${MANY_HOSTS} dns_failed`, 1],
      ]),
    );
  });
});
