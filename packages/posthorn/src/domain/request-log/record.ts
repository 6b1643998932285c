/** Writes entries of the log of API requests, and deletes old ones. */
import type { SweepOptions } from "../retention/retention.ts";
import type { Services } from "../context.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { LoggedRequest } from "./entry.ts";

/** Entries kept for each organisation, whatever their age. */
const MAX_ENTRIES = 100_000;
/** Rows per statement, and rows deleted in one transaction. */
const CHUNK = 200;
const STEP = 2000;

/** Stores entries in one transaction. */
export async function recordRequests({ store }: Services, entries: readonly LoggedRequest[]): Promise<void> {
  const rows = entries.map((entry) => ({
    id: entry.key,
    public_id: entry.id,
    org_id: entry.orgId,
    caller_kind: entry.callerKind,
    caller_id: entry.callerId,
    method: entry.method,
    route: entry.route,
    operation: entry.operation,
    status: entry.status,
    error_code: entry.errorCode,
    duration_ms: entry.durationMs,
    client_request_id: entry.clientRequestId,
  }));
  await store.transaction(async ({ db }) => {
    for (let from = 0; from < rows.length; from += CHUNK) {
      await db
        .insertInto("api_request")
        .values(rows.slice(from, from + CHUNK))
        .execute();
    }
  }, "request-log.record");
}

/** Deletes entries that are older than the retention, and the oldest ones beyond `maxEntries` of an organisation. */
export async function pruneRequests(
  { store, now }: Services,
  retentionMs: number,
  { signal, pause }: Pick<SweepOptions, "signal" | "pause">,
  maxEntries = MAX_ENTRIES,
): Promise<void> {
  const organisations = await store.db.selectFrom("organisation").select("id").execute();
  for (const { id: orgId } of organisations) {
    const excess = await store.db
      .selectFrom("api_request")
      .select("id")
      .where("org_id", "=", orgId)
      .orderBy("id", "desc")
      .offset(maxEntries)
      .limit(1)
      .executeTakeFirst();
    const before = Math.max(keyAtTime(now() - retentionMs), (excess?.id ?? -1) + 1);
    for (let deleted = STEP; deleted === STEP && !signal.aborted;) {
      const old = await store.db
        .selectFrom("api_request")
        .select("id")
        .where("org_id", "=", orgId)
        .where("id", "<", before)
        .orderBy("id")
        .limit(STEP)
        .execute();
      deleted = old.length;
      if (deleted === 0) break;
      const last = old.at(-1)!.id;
      await store.transaction(async ({ db }) => {
        await db.deleteFrom("api_request").where("org_id", "=", orgId).where("id", "<=", last).execute();
      }, "request-log.prune");
      await pause();
    }
  }
}
