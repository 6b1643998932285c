import { describe, expect, it } from "vitest";
import { servicesOver } from "../../../test/support/services.ts";
import { openStore } from "../../../test/support/store.ts";
import { IdGenerator } from "../../lib/id.ts";
import type { Store } from "../../store/store.ts";
import { expireInbound } from "./expire.ts";
import { MAX_BYTES, MAX_REQUESTS, trimQuarantine } from "./trim.ts";

const DAY_MS = 86_400_000;

/** Puts requests of a source into quarantine, one at each of these times. */
async function insert(store: Store, sourceKey: number, times: readonly number[], bodyBytes = 1): Promise<void> {
  let now = 0;
  const ids = new IdGenerator(() => now);
  await store.transaction(async ({ db }) => {
    for (const time of times) {
      now = time;
      const { key, id } = ids.next("quar_");
      await db
        .insertInto("quarantine")
        .values({
          id: key,
          public_id: id,
          source_id: sourceKey,
          reason: "signature_mismatch",
          detail: "",
          request_json: "{}",
          content_type: "",
          body: new Uint8Array(1),
          body_bytes: bodyBytes,
        })
        .execute();
    }
  });
}

async function countOf(store: Store, sourceKey: number): Promise<number> {
  const rows = await store.db.selectFrom("quarantine").select("id").where("source_id", "=", sourceKey).execute();
  return rows.length;
}

describe("the quarantine of a source", () => {
  it("keeps the newest requests up to a maximum number, and does not affect other sources", async () => {
    await using files = await openStore();
    const { store } = files;
    const now = Date.now();
    await insert(
      store,
      1,
      Array.from({ length: MAX_REQUESTS + 5 }, (_, index) => now + index * 10),
    );
    await insert(store, 2, [now + 20_000]);
    await store.transaction((tx) => trimQuarantine(tx, 1));
    expect([await countOf(store, 1), await countOf(store, 2)]).toEqual([MAX_REQUESTS, 1]);
    const oldest = await store.db
      .selectFrom("quarantine")
      .select("id")
      .where("source_id", "=", 1)
      .orderBy("id")
      .limit(1)
      .executeTakeFirstOrThrow();
    const kept = new IdGenerator(() => now + 50).next("quar_").key;
    expect(oldest.id).toBeGreaterThanOrEqual(kept);
  });

  it("keeps the newest requests up to a maximum size", async () => {
    await using files = await openStore();
    const now = Date.now();
    await insert(files.store, 1, [now, now + 10, now + 20], MAX_BYTES / 2);
    await files.store.transaction((tx) => trimQuarantine(tx, 1));
    expect(await countOf(files.store, 1)).toBe(2);
  });

  it("keeps requests as long as payloads are kept", async () => {
    await using files = await openStore();
    const { services } = servicesOver(files.store);
    await insert(files.store, 1, [Date.now() - 3 * DAY_MS, Date.now() - DAY_MS]);
    await expireInbound(services, 2 * DAY_MS, new AbortController().signal);
    expect(await countOf(files.store, 1)).toBe(1);
  });
});
