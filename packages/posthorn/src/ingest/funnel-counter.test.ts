import { describe, expect, it, vi } from "vitest";
import { servicesOver } from "../../test/support/services.ts";
import { insertSource } from "../../test/support/source-row.ts";
import { openStore } from "../../test/support/store.ts";
import { FUNNEL_CHUNK } from "../domain/funnel/record.ts";
import { FunnelCounter } from "./funnel-counter.ts";

describe("the counts of sources", () => {
  it("are written with one statement and one transaction for many sources", async () => {
    await using files = await openStore();
    const { store } = files;
    const { services } = servicesOver(store);
    const sources = FUNNEL_CHUNK + 5;
    for (let key = 1; key <= sources; key++) await insertSource(store, key);
    const transaction = vi.spyOn(store, "transaction");
    await using counter = counterOf(services);
    for (let key = 1; key <= sources; key++) counter.count(key, "stored");
    await counter.flush();
    expect(transaction).toHaveBeenCalledTimes(2);
    const rows = await store.db.selectFrom("source_hour").select("stored").execute();
    expect(rows).toEqual(Array.from({ length: sources }, () => ({ stored: 1 })));
  });

  it("are kept when a write fails, and those that were written are not counted again", async () => {
    await using files = await openStore();
    const { store } = files;
    const { services } = servicesOver(store);
    for (let key = 1; key <= FUNNEL_CHUNK + 1; key++) await insertSource(store, key);
    const failures: unknown[] = [];
    await using counter = counterOf(services, failures);
    for (let key = 1; key <= FUNNEL_CHUNK + 1; key++) counter.count(key, "stored");
    const write = store.transaction.bind(store);
    const away = new Error("the database does not respond");
    const transaction = vi.spyOn(store, "transaction");
    transaction.mockImplementationOnce(write).mockRejectedValueOnce(away);
    await counter.flush();
    expect(failures).toEqual([away]);
    counter.count(1, "quarantined");
    counter.count(FUNNEL_CHUNK + 1, "stored");
    await counter.flush();
    const rows = await store.db.selectFrom("source_hour").select(["source_id", "stored", "quarantined"]).execute();
    expect(rows).toHaveLength(FUNNEL_CHUNK + 1);
    expect(rows).toContainEqual({ source_id: 1, stored: 1, quarantined: 1 });
    expect(rows).toContainEqual({ source_id: FUNNEL_CHUNK + 1, stored: 2, quarantined: 0 });
  });
});

function counterOf(services: ReturnType<typeof servicesOver>["services"], failures: unknown[] = []): FunnelCounter {
  return new FunnelCounter({
    services: () => services,
    now: services.now,
    setTimer: () => () => undefined,
    onFailure: (error) => failures.push(error),
  });
}
