import type { KindConfig } from "../../fields/field.ts";
import type { Cursor } from "../../sources/driver.ts";
import { confirmed, fromSubscription, toSubscription } from "../../sources/websub.ts";
import type { Store } from "../../store/store.ts";

export interface Confirmation {
  readonly sourceKey: number;
  readonly topic: string;
  /** Lease that the hub grants; `null`: it names none. */
  readonly leaseSeconds: number | null;
  readonly config: KindConfig;
  readonly now: number;
}

/** Records that the hub confirmed a subscription. False: Posthorn has not requested it. */
export function confirmSubscription(
  store: Pick<Store, "transaction">,
  { sourceKey, topic, leaseSeconds, config, now }: Confirmation,
): Promise<boolean> {
  return store.transaction(async ({ db, signal }) => {
    const row = await db
      .selectFrom("source_run")
      .select(["cursor_json", "version"])
      .where("source_id", "=", sourceKey)
      .executeTakeFirst();
    const json = row?.cursor_json ?? null;
    const subscription = toSubscription(json === null ? null : (JSON.parse(json) as Cursor));
    if (row === undefined || subscription === null || subscription.topic !== topic) return false;
    const active = confirmed(subscription, leaseSeconds ?? Number(config["leaseSeconds"]), now);
    const { numUpdatedRows } = await db
      .updateTable("source_run")
      .set({
        cursor_json: JSON.stringify(fromSubscription(active)),
        // The runner starts again from this cursor.
        version: row.version + 1,
        state: "waiting",
        failures: 0,
        failing_since: null,
        error_code: null,
        error_text: null,
        error_hint: null,
        next_at: active.renewAt,
      })
      .where("source_id", "=", sourceKey)
      .where("version", "=", row.version)
      .executeTakeFirst();
    signal({ kind: "source", key: sourceKey });
    return Number(numUpdatedRows) === 1;
  }, "source.confirm");
}

/** Records that the hub refused a subscription. It is requested again later. */
export function denySubscription(
  store: Pick<Store, "transaction">,
  sourceKey: number,
  { reason, now }: { readonly reason: string; readonly now: number },
): Promise<void> {
  return store.transaction(async ({ db }) => {
    await db
      .updateTable("source_run")
      .set((eb) => ({
        state: "failing",
        failures: eb("failures", "+", 1),
        error_code: "target_refused",
        error_text: `The hub denied the subscription${reason === "" ? "." : `: ${reason.slice(0, 300)}`}`,
        error_hint: null,
        last_failure_at: now,
      }))
      .where("source_id", "=", sourceKey)
      .where("state", "<>", "paused")
      .execute();
  }, "source.deny");
}
