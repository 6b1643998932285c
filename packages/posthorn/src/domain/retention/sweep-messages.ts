/**
 * Deletes expired messages with their deliveries and attempts, a few per transaction.
 *
 * Both sweeps read in key order. The first continues where the last run ended, so it never reads history again. The second, for
 * failures, always starts at the beginning, and only finds the rows that the first one kept (failures, pending deliveries, longer
 * payload retention). So no row is kept forever, and no run reads more than it deletes or must keep.
 */
import type { Kysely } from "kysely";
import { keyAtTime } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import type { Services } from "../context.ts";
import { rolledUpTo } from "../stats/roll-up.ts";
import { attemptBytes, attemptKind, FreedBytes } from "../storage/taken.ts";
import { hasFailed, hasPendingDeliveries, keepsPayload, wasAttemptedSince } from "./conditions.ts";
import { sweepsUpTo } from "./drop-days.ts";
import { messageMs, noteSwept, type SweepOptions, sweptUpTo } from "./retention.ts";

/** Messages per transaction. Few, so that publishing is not delayed by a long commit. */
export const MESSAGES_PER_STEP = 100;

/** Deletes all expired messages. Returns how many. */
export async function sweepMessages(services: Services, options: SweepOptions): Promise<number> {
  const { periods } = options;
  const now = services.now();
  const counted = await rolledUpTo(services, "message");
  const bound = Math.min(counted + 1, await sweepsUpTo(services, "message"));
  const before = (ms: number): number => Math.min(keyAtTime(now - ms), bound);
  const recent = keyAtTime(now - periods.attemptMs);
  const ended = await walk(services, options, {
    name: "message",
    from: await sweptUpTo(services, "message"),
    end: before(messageMs(periods)),
    step: { recent, failures: false },
  });
  return (
    ended +
    (await walk(services, options, {
      name: null,
      from: 0,
      end: before(periods.failureMs),
      step: { recent, failures: true },
    }))
  );
}

interface Walk {
  /** Name of the stored cursor; `null` to start at the beginning. */
  readonly name: "message" | null;
  readonly from: number;
  /** Exclusive. */
  readonly end: number;
  readonly step: StepOptions;
}

export interface StepOptions {
  /** Messages with an attempt from this key on are kept. */
  readonly recent: number;
  /** Whether to delete messages with failed deliveries too. */
  readonly failures: boolean;
}

async function walk(
  services: Services,
  { signal, pause }: SweepOptions,
  { name, from, end, step }: Walk,
): Promise<number> {
  const { store } = services;
  let deleted = 0;
  for (let cursor = from; !signal.aborted && cursor < end;) {
    const rows = await store.db
      .selectFrom("message")
      .select("id")
      .where("id", ">", cursor)
      .where("id", "<", end)
      .orderBy("id")
      .limit(MESSAGES_PER_STEP)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) break;
    const ids = rows.map(({ id }) => id);
    deleted += await store.transaction(async ({ db }) => {
      if (name !== null) await noteSwept(db, name, last.id);
      return deleteEndedMessages(db, ids, { ...step, now: services.now() });
    }, "retention.sweep-messages");
    cursor = last.id;
    await pause();
  }
  return deleted;
}

/** Deletes messages unless a condition keeps them. Checked in the transaction, because a message may just have been resent. */
export async function deleteEndedMessages(
  db: Kysely<Database>,
  candidates: readonly number[],
  { recent, failures, now }: StepOptions & { readonly now: number },
): Promise<number> {
  const ended = await db
    .selectFrom("message")
    .select((eb) => ["id", eb.fn<number | null>("octet_length", ["payload"]).as("bytes")])
    .where("id", "in", candidates)
    .where((eb) => eb.not(hasPendingDeliveries(eb)))
    .where((eb) => eb.not(keepsPayload(eb, now)))
    .where((eb) => eb.not(wasAttemptedSince(eb, recent)))
    .$if(!failures, (query) => query.where((eb) => eb.not(hasFailed(eb))))
    .execute();
  if (ended.length === 0) return 0;
  const ids = ended.map(({ id }) => id);
  const attempts = await db
    .deleteFrom("attempt")
    .where("message_id", "in", ids)
    .returning((eb) => ["id", "status", attemptBytes(eb).as("bytes")])
    .execute();
  const deliveries = await db.deleteFrom("delivery").where("message_id", "in", ids).returning("message_id").execute();
  await db.deleteFrom("cancellation").where("message_id", "in", ids).execute();
  await db.deleteFrom("message").where("id", "in", ids).execute();
  const taken = new FreedBytes();
  for (const { id, bytes } of ended) {
    taken.add(id, "message", 0);
    if (bytes !== null) taken.add(id, "payload", bytes);
  }
  for (const { message_id } of deliveries) taken.add(message_id, "delivery", 0);
  for (const { id, status, bytes } of attempts) taken.add(id, attemptKind(status), bytes);
  await taken.save(db);
  return ended.length;
}
