/**
 * Drops whole days of expired history, if the database keeps each day in its own table. Dropping a day of a million messages is as fast
 * as one of ten, and leaves no gaps in the table. The few rows that must stay longer are moved to a new table for the day.
 *
 * Rows that refer to dropped messages, mainly deliveries, are deleted afterwards in key order. Until then they are not visible, because
 * all lists of deliveries join messages.
 *
 * A day that must keep too many rows is left to the sweeps, which delete single rows of all days that were processed here.
 */
import type { Kysely } from "kysely";
import { keyAtTime, timeOfKey } from "../../lib/id.ts";
import type { Day, DayStore, TableOfDays } from "../../store/days.ts";
import { ATTEMPT_STATUS, DELIVERY_STATE, type Database } from "../../store/schema.ts";
import type { Services } from "../context.ts";
import { rolledUpTo } from "../stats/roll-up.ts";
import { DAY_MS, setStored, type StorageKind, type StoredAmount } from "../storage/day.ts";
import { attemptBytes, attemptKind, FreedBytes } from "../storage/taken.ts";
import { messageMs, noteSwept, type SweepOptions, sweptIn, sweptUpTo } from "./retention.ts";

/** Maximum number of rows of a day to keep. They are copied while changes of resources wait. */
const MAX_KEPT = 20_000;
/** Rows to keep are searched in ranges of one hour of keys. */
const RANGE_KEYS = keyAtTime(1_500_003_600_000) - keyAtTime(1_500_000_000_000);
/** Deliveries of dropped messages deleted per transaction. */
const STEP = 2000;

/** Names of the cursors up to which whole days were processed. Below them, the sweeps delete rows. */
const PLACES = { message: "message-day", attempt: "attempt-day" } as const;

/** Drops expired days. Returns how many. */
export async function dropDays(services: Services, options: SweepOptions): Promise<number> {
  const { days } = services.store;
  if (days === null) return 0;
  // Attempts after messages, because attempts of dropped messages need not be kept.
  const dropped = (await dropMessages(services, days, options)) + (await dropAttempts(services, days, options));
  await sweepOrphans(services, days, options);
  return dropped;
}

/** Key up to which the sweeps delete single rows; later rows are dropped with their day. Infinity if there are no tables per day. */
export async function sweepsUpTo(services: Services, table: TableOfDays): Promise<number> {
  const { days } = services.store;
  if (days === null) return Number.POSITIVE_INFINITY;
  const dealtWith = await sweptUpTo(services, PLACES[table]);
  const whole = (await days.days(table)).find(({ from }) => from >= dealtWith);
  return whole?.from ?? Number.POSITIVE_INFINITY;
}

async function dropMessages(services: Services, days: DayStore, options: SweepOptions): Promise<number> {
  const { periods } = options;
  const now = services.now();
  return dropEach(services, days, options, {
    table: "message",
    below: keyAtTime(now - messageMs(periods)),
    emptyBelow: keyAtTime(now - Math.max(messageMs(periods), periods.failureMs)),
    kept: (day) => (day.end > keyAtTime(now - periods.failureMs) ? failedMessages(services, day) : Promise.resolve([])),
    keptNow: (db, day) => messagesThatStay(db, day, { now, recent: keyAtTime(now - periods.attemptMs) }),
    left: messagesLeft,
  });
}

async function dropAttempts(services: Services, days: DayStore, options: SweepOptions): Promise<number> {
  const { periods } = options;
  const now = services.now();
  return dropEach(services, days, options, {
    table: "attempt",
    below: keyAtTime(now - periods.attemptMs),
    emptyBelow: keyAtTime(now - Math.max(messageMs(periods), periods.failureMs)),
    kept: (day) => attemptsToKeep(services, day),
    // If a delivery is resent at this moment, its expired attempts need not be kept.
    keptNow: () => Promise.resolve([]),
    left: attemptsLeft,
  });
}

type Amounts = Partial<Record<StorageKind, StoredAmount>>;

interface Dropping {
  readonly table: TableOfDays;
  /** Days that end here or before have expired. */
  readonly below: number;
  /** Before this key nothing needs to be kept, so a day is dropped once it is empty. */
  readonly emptyBelow: number;
  /** Keys to keep; `null`: too many. May take a while. */
  readonly kept: (day: Day) => Promise<readonly number[] | null>;
  /** Further keys to keep that may have been added in the meantime. */
  readonly keptNow: (db: Kysely<Database>, day: Day) => Promise<readonly number[]>;
  /** Remaining rows and bytes of a day. */
  readonly left: (db: Kysely<Database>, day: Day) => Promise<Amounts>;
}

async function dropEach(
  services: Services,
  days: DayStore,
  { signal, pause }: SweepOptions,
  dropping: Dropping,
): Promise<number> {
  const { table, below } = dropping;
  const dealtWith = await sweptUpTo(services, PLACES[table]);
  const counted = await rolledUpTo(services, table);
  let dropped = 0;
  for (const day of await days.days(table)) {
    if (signal.aborted || day.end > below) break;
    if (await hasRows(services.store.db, table, { from: counted + 1, end: day.end })) break;
    const done =
      day.from < dealtWith ? dropEmpty(services, days, dropping, day) : dropOne(services, days, dropping, day);
    if (await done) dropped++;
    else continue;
    await pause();
  }
  return dropped;
}

/** Drops a day except the rows to keep. Returns whether it was dropped. */
async function dropOne({ store }: Services, days: DayStore, dropping: Dropping, day: Day): Promise<boolean> {
  const { table, kept, keptNow, left } = dropping;
  const before = await kept(day);
  return store.transaction(async (tx) => {
    // Another node may have processed this day, if this node does not know yet that it lost the task.
    if ((await sweptIn(tx.db, PLACES[table])) >= day.end) return false;
    await noteSwept(tx.db, PLACES[table], day.end);
    if (before === null) return false;
    const keep = new Set([...before, ...(await keptNow(tx.db, day))]);
    if (keep.size > MAX_KEPT) return false;
    await days.keepOnly(tx, table, day, [...keep]);
    await setStored(tx.db, Math.floor(timeOfKey(day.from) / DAY_MS), await left(tx.db, day));
    return true;
  }, "retention.drop-days");
}

/** Drops a processed day after its kept rows have expired and the sweeps have deleted them. */
function dropEmpty({ store }: Services, days: DayStore, dropping: Dropping, day: Day): Promise<boolean> {
  const { table, emptyBelow } = dropping;
  if (day.end > emptyBelow) return Promise.resolve(false);
  return store.transaction(async (tx) => {
    const isThere = (await days.days(table)).some(({ from }) => from === day.from);
    if (!isThere || (await hasRows(tx.db, table, day))) return false;
    await days.keepOnly(tx, table, day, []);
    return true;
  }, "retention.drop-days");
}

async function hasRows(db: Kysely<Database>, table: TableOfDays, { from, end }: Day): Promise<boolean> {
  const query = db.selectFrom(table).select("id").where("id", ">=", from).where("id", "<", end);
  return (await query.limit(1).executeTakeFirst()) !== undefined;
}

/** Reads a day in ranges of one hour; `null` if there are too many rows. */
async function inStretches(
  day: Day,
  read: (stretch: Day) => Promise<readonly { readonly id: number }[]>,
): Promise<readonly number[] | null> {
  const found: number[] = [];
  for (let from = day.from; from < day.end; from += RANGE_KEYS) {
    for (const { id } of await read({ from, end: Math.min(from + RANGE_KEYS, day.end) })) found.push(id);
    if (found.length > MAX_KEPT) return null;
  }
  return found;
}

function failedMessages({ store }: Services, day: Day): Promise<readonly number[] | null> {
  return inStretches(day, ({ from, end }) =>
    store.db
      .selectFrom("delivery")
      .select("message_id as id")
      .distinct()
      .where("message_id", ">=", from)
      .where("message_id", "<", end)
      .where("state", "=", DELIVERY_STATE.failed)
      .limit(MAX_KEPT + 1)
      .execute(),
  );
}

/** Messages to keep: pending, with longer payload retention, or attempted recently. They are few, and each condition has an index. */
async function messagesThatStay(
  db: Kysely<Database>,
  { from, end }: Day,
  { now, recent }: { readonly now: number; readonly recent: number },
): Promise<readonly number[]> {
  const pending = db
    .selectFrom("delivery")
    .select("message_id as id")
    .where("due", "is not", null)
    .where("message_id", ">=", from)
    .where("message_id", "<", end);
  const keeping = db
    .selectFrom("message")
    .select("id")
    .where("id", ">=", from)
    .where("id", "<", end)
    .where("expires_at", ">", now)
    .where("payload", "is not", null);
  const attempted = db
    .selectFrom("attempt")
    .select("message_id as id")
    .where("id", ">=", recent)
    .where("message_id", ">=", from)
    .where("message_id", "<", end);
  const most = MAX_KEPT + 1;
  const found = [
    ...(await pending.limit(most).execute()),
    ...(await keeping.limit(most).execute()),
    ...(await attempted.limit(most).execute()),
  ];
  return found.map(({ id }) => id);
}

/** Attempts to keep: those of failed or pending deliveries. */
function attemptsToKeep({ store }: Services, day: Day): Promise<readonly number[] | null> {
  return inStretches(day, ({ from, end }) =>
    store.db
      .selectFrom("attempt")
      .innerJoin("delivery", (join) =>
        join
          .onRef("delivery.message_id", "=", "attempt.message_id")
          .onRef("delivery.endpoint_id", "=", "attempt.endpoint_id"),
      )
      .select("attempt.id")
      .where("attempt.id", ">=", from)
      .where("attempt.id", "<", end)
      .where((eb) => eb.or([eb("delivery.due", "is not", null), eb("delivery.state", "=", DELIVERY_STATE.failed)]))
      .limit(MAX_KEPT + 1)
      .execute(),
  );
}

async function messagesLeft(db: Kysely<Database>, { from, end }: Day): Promise<Amounts> {
  const { messages, payloads, bytes } = await db
    .selectFrom("message")
    .select((eb) => [
      eb.fn.countAll<number>().as("messages"),
      eb.fn.count<number>("payload").as("payloads"),
      eb.fn.coalesce(eb.fn.sum<number>(eb.fn<number>("octet_length", ["payload"])), eb.lit(0)).as("bytes"),
    ])
    .where("id", ">=", from)
    .where("id", "<", end)
    .executeTakeFirstOrThrow();
  return { message: { stored: messages, bytes: 0 }, payload: { stored: payloads, bytes } };
}

async function attemptsLeft(db: Kysely<Database>, { from, end }: Day): Promise<Amounts> {
  const rows = await db
    .selectFrom("attempt")
    .select((eb) => ["status", eb.fn.countAll<number>().as("stored"), eb.fn.sum<number>(attemptBytes(eb)).as("bytes")])
    .where("id", ">=", from)
    .where("id", "<", end)
    .groupBy("status")
    .execute();
  const of = (status: number): StoredAmount => rows.find((row) => row.status === status) ?? { stored: 0, bytes: 0 };
  return { attempt: of(ATTEMPT_STATUS.success), failure: of(ATTEMPT_STATUS.fail) };
}

/** Deletes rows that belong to messages dropped with their day. */
async function sweepOrphans(services: Services, days: DayStore, { signal, pause }: SweepOptions): Promise<void> {
  const { store } = services;
  const end = await sweptUpTo(services, PLACES.message);
  for (let cursor = await sweptUpTo(services, "delivery"); !signal.aborted && cursor < end - 1;) {
    const after = cursor;
    const row = await store.db
      .selectFrom("delivery")
      .select("message_id")
      .where("message_id", ">", after)
      .where("message_id", "<", end)
      .orderBy("message_id")
      .limit(1)
      .offset(STEP - 1)
      .executeTakeFirst();
    const upTo = row?.message_id ?? end - 1;
    await store.transaction(async (tx) => {
      await noteSwept(tx.db, "delivery", upTo);
      await deleteOrphans(tx.db, after, upTo);
      await days.freeEventIds(tx, after, upTo);
    }, "retention.drop-days");
    cursor = upTo;
    await pause();
  }
}

async function deleteOrphans(db: Kysely<Database>, after: number, upTo: number): Promise<void> {
  const there = db.selectFrom("message").select("id").where("id", ">", after).where("id", "<=", upTo);
  const deliveries = await db
    .deleteFrom("delivery")
    .where("message_id", ">", after)
    .where("message_id", "<=", upTo)
    .where("message_id", "not in", there)
    .returning("message_id")
    .execute();
  await db
    .deleteFrom("cancellation")
    .where("message_id", ">", after)
    .where("message_id", "<=", upTo)
    .where("message_id", "not in", there)
    .execute();
  const attempts = await db
    .deleteFrom("attempt")
    .where("message_id", ">", after)
    .where("message_id", "<=", upTo)
    .where("message_id", "not in", there)
    .returning((eb) => ["id", "status", attemptBytes(eb).as("bytes")])
    .execute();
  const taken = new FreedBytes();
  for (const { message_id } of deliveries) taken.add(message_id, "delivery", 0);
  for (const { id, status, bytes } of attempts) taken.add(id, attemptKind(status), bytes);
  await taken.save(db);
}
