/**
 * Deletes expired payloads: those with their own retention, and all that are older than the default. A payload with a pending delivery is kept
 * until the delivery has succeeded, failed or been canceled, regardless of its retention.
 */
import type { Kysely } from "kysely";
import { keyAtTime } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import { attemptsWithSentBodies, forgetSentBodies } from "../attempt/expunge.ts";
import type { Services } from "../context.ts";
import { rolledUpTo } from "../stats/roll-up.ts";
import { FreedBytes } from "../storage/taken.ts";
import { hasPendingDeliveries } from "./conditions.ts";
import { sweepsUpTo } from "./drop-days.ts";
import { messageMs, noteSwept, type SweepOptions, sweptUpTo } from "./retention.ts";

/** Payloads per transaction. Few, because they can be large and freeing their pages takes time. */
export const PAYLOADS_PER_STEP = 100;
/** A payload with a pending delivery is checked again after this long. */
const LOOK_AGAIN_MS = 3_600_000;

/** Runs until nothing is left to expire. */
export async function sweepPayloads(services: Services, { periods, signal, pause }: SweepOptions): Promise<void> {
  const { store } = services;
  const now = services.now();
  while (!signal.aborted && (await expireOwnRetention(services, now))) await pause();
  const counted = await rolledUpTo(services, "message");
  // If messages are not kept longer than their payloads, both are dropped with the day.
  const withDay = periods.payloadMs >= messageMs(periods);
  const bound = withDay ? await sweepsUpTo(services, "message") : Number.POSITIVE_INFINITY;
  const end = Math.min(keyAtTime(now - periods.payloadMs), counted + 1, bound);
  for (let cursor = await sweptUpTo(services, "payload"); !signal.aborted && cursor < end;) {
    const rows = await store.db
      .selectFrom("message")
      .select("id")
      .where("id", ">", cursor)
      .where("id", "<", end)
      .where("payload", "is not", null)
      .where("expires_at", "is", null)
      .orderBy("id")
      .limit(PAYLOADS_PER_STEP)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) break;
    const progress = (db: Kysely<Database>): Promise<void> => noteSwept(db, "payload", last.id);
    await expirePayloads(services, { ids: rows.map(({ id }) => id), now, progress });
    cursor = last.id;
    await pause();
  }
}

/** Expires payloads with their own retention. Returns whether there may be more. */
async function expireOwnRetention(services: Services, now: number): Promise<boolean> {
  const counted = await rolledUpTo(services, "message");
  const rows = await services.store.db
    .selectFrom("message")
    .select("id")
    .where("expires_at", "<=", now)
    .where("id", "<=", counted)
    .orderBy("expires_at")
    .limit(PAYLOADS_PER_STEP)
    .execute();
  if (rows.length > 0) await expirePayloads(services, { ids: rows.map(({ id }) => id), now, progress: null });
  return rows.length === PAYLOADS_PER_STEP;
}

interface Expiring {
  readonly ids: readonly number[];
  readonly now: number;
  /** Stores the cursor of the sweep, in the same transaction; `null` for payloads with their own retention. */
  readonly progress: ((db: Kysely<Database>) => Promise<void>) | null;
}

/** Deletes the payloads of these messages, including copies in attempts. Those with a pending delivery are checked again later. */
export async function expirePayloads({ store }: Services, { ids, now, progress }: Expiring): Promise<void> {
  const sent = await attemptsWithSentBodies(store, ids);
  await store.transaction(async (tx) => {
    const { db } = tx;
    await progress?.(db);
    const ended = await db
      .selectFrom("message")
      .select((eb) => ["id", eb.fn<number | null>("octet_length", ["payload"]).as("bytes")])
      .where("id", "in", ids)
      .where((eb) => eb.not(hasPendingDeliveries(eb)))
      .execute();
    const gone = ended.map(({ id }) => id);
    const withDelivery = ids.filter((id) => !gone.includes(id));
    if (withDelivery.length > 0) {
      await db
        .updateTable("message")
        .set({ expires_at: now + LOOK_AGAIN_MS })
        .where("id", "in", withDelivery)
        .execute();
    }
    if (gone.length === 0) return;
    await forgetSentBodies(
      tx,
      sent.filter(({ message_id }) => gone.includes(message_id)),
    );
    await db.updateTable("message").set({ payload: null, expires_at: null }).where("id", "in", gone).execute();
    const taken = new FreedBytes();
    for (const { id, bytes } of ended) if (bytes !== null) taken.add(id, "payload", bytes);
    await taken.save(db);
  }, "retention.sweep-payloads");
}
