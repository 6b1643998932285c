/** Cancels deliveries whose message has expired. */
import type { Services } from "../context.ts";
import { cancelDeliveries } from "../delivery/cancel.ts";

/** Messages per transaction. Small, so that publishing is not delayed. */
const STEP = 200;

/**
 * Runs until no expired message is left. Attempts check the expiry themselves; this cancels deliveries that have no attempt for a long
 * time, such as those of a disabled endpoint.
 */
export async function expireDeliveries(services: Services, signal: AbortSignal): Promise<number> {
  let canceled = 0;
  while (!signal.aborted) {
    const rows = await services.store.db
      .selectFrom("message_deadline")
      .select(["deliver_until", "message_id"])
      .where("deliver_until", "<=", services.now())
      .orderBy("deliver_until")
      .orderBy("message_id")
      .limit(STEP)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return canceled;
    canceled += await services.store.transaction(async (tx) => {
      const messages = rows.map((row) => row.message_id);
      const count = await cancelDeliveries({ services }, tx, { messages, endpoint: null, reason: "expired" });
      await tx.db
        .deleteFrom("message_deadline")
        .where("deliver_until", "<=", last.deliver_until)
        .where("message_id", "in", messages)
        .execute();
      return count;
    }, "message.expire-deliveries");
  }
  return canceled;
}

/** Deletes keys of debouncing and throttling that are no longer needed. */
export async function dropOldFlowState(services: Services, signal: AbortSignal): Promise<void> {
  for (let dropped = DROP_STEP; dropped === DROP_STEP && !signal.aborted;) {
    dropped = await services.store.transaction(async ({ db }) => {
      const rows = await db
        .selectFrom("flow_state")
        .select(["endpoint_id", "key"])
        .where("until", "<", services.now())
        .limit(DROP_STEP)
        .execute();
      for (const [endpointId, own] of Map.groupBy(rows, (row) => row.endpoint_id)) {
        const keys = own.map((row) => row.key);
        await db.deleteFrom("flow_state").where("endpoint_id", "=", endpointId).where("key", "in", keys).execute();
      }
      return rows.length;
    }, "message.expire-deliveries");
  }
}

const DROP_STEP = 500;
