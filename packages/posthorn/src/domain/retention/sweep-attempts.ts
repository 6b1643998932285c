/**
 * Deletes expired attempts of messages that are kept longer, a few per transaction. Attempts of failed or pending deliveries are kept
 * and deleted together with their message.
 */
import type { Kysely } from "kysely";
import { keyAtTime } from "../../lib/id.ts";
import { DELIVERY_STATE, type Database } from "../../store/schema.ts";
import type { Services } from "../context.ts";
import { rolledUpTo } from "../stats/roll-up.ts";
import { attemptBytes, attemptKind, FreedBytes } from "../storage/taken.ts";
import { sweepsUpTo } from "./drop-days.ts";
import { messageMs, noteSwept, type SweepOptions, sweptUpTo } from "./retention.ts";

/** Attempts per transaction. */
export const ATTEMPTS_PER_STEP = 200;

/** Deletes all expired attempts. Returns how many. */
export async function sweepAttempts(services: Services, { periods, signal, pause }: SweepOptions): Promise<number> {
  // Attempts are deleted together with their messages.
  if (periods.attemptMs >= messageMs(periods)) return 0;
  const { store } = services;
  const counted = await rolledUpTo(services, "attempt");
  const bound = Math.min(counted + 1, await sweepsUpTo(services, "attempt"));
  const end = Math.min(keyAtTime(services.now() - periods.attemptMs), bound);
  let deleted = 0;
  for (let cursor = await sweptUpTo(services, "attempt"); !signal.aborted && cursor < end;) {
    const rows = await store.db
      .selectFrom("attempt")
      .select("id")
      .where("id", ">", cursor)
      .where("id", "<", end)
      .orderBy("id")
      .limit(ATTEMPTS_PER_STEP)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) break;
    const ids = rows.map(({ id }) => id);
    deleted += await store.transaction(async ({ db }) => {
      await noteSwept(db, "attempt", last.id);
      return deleteEndedAttempts(db, ids);
    }, "retention.sweep-attempts");
    cursor = last.id;
    await pause();
  }
  return deleted;
}

/** Deletes attempts, except those of failed or pending deliveries. Returns how many. */
export async function deleteEndedAttempts(db: Kysely<Database>, ids: readonly number[]): Promise<number> {
  const deleted = await db
    .deleteFrom("attempt")
    .where("id", "in", ids)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("delivery")
            .select("delivery.endpoint_id")
            .whereRef("delivery.message_id", "=", "attempt.message_id")
            .whereRef("delivery.endpoint_id", "=", "attempt.endpoint_id")
            .where((delivery) =>
              delivery.or([
                delivery("delivery.due", "is not", null),
                delivery("delivery.state", "=", DELIVERY_STATE.failed),
              ]),
            ),
        ),
      ),
    )
    .returning((eb) => ["id", "status", attemptBytes(eb).as("bytes")])
    .execute();
  const taken = new FreedBytes();
  for (const { id, status, bytes } of deleted) taken.add(id, attemptKind(status), bytes);
  await taken.save(db);
  return deleted.length;
}
