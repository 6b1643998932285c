/**
 * Roll-up: adds newly stored messages and attempts to the hourly statistics and to the storage statistics.
 *
 * It reads messages and attempts once, in the order of their keys. The counts of a step and the new cursor are stored in one
 * transaction, so that a crash at any time neither loses nor repeats a row. It runs outside the delivery path.
 */
import { type Expression, type ExpressionBuilder, type Kysely, sql, type SqlBool } from "kysely";
import { keyAtTime, timeOfKey } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import type { Services, TransactionServices } from "../context.ts";
import { findFailures } from "../incident/failure-groups.ts";
import { type FoundFailures, recordFailures, withEvents } from "../incident/record.ts";
import { addStored, type StorageKind, type StoredAmount } from "../storage/day.ts";
import { MINUTE_MS, minuteOf, MinuteTally, saveMinutes } from "./minutes.ts";
import { mergedRows, saveRows } from "./rows.ts";
import { countAttempt, Tally } from "./tally.ts";
import type { Tx } from "../../store/tx.ts";
import { countedOf, endedAttempts } from "./ended-attempts.ts";
import { ownersOf } from "./owners.ts";

/** Rows per step. Its transaction takes at most a few milliseconds. */
const STEP = 1000;
export const HOUR_MS = 3_600_000;

/** Keys up to which all rows are on disk, or will never be stored. */
export interface SettledKeys {
  readonly messages: number;
  readonly attempts: number;
}

export type RollUpSource = "message" | "attempt";

/** Counts until nothing is left or the signal is aborted. */
export async function rollUp(services: Services, settled: SettledKeys, signal: AbortSignal): Promise<void> {
  if (!(await hasNewRows(services, settled))) return;
  while (!signal.aborted && (await messageStep(services, settled.messages)));
  while (!signal.aborted && (await lateStep(services)));
  while (!signal.aborted && (await attemptStep(services, settled.attempts)));
}

/** Looks for rows of all steps with one statement, because a server at rest has none. */
async function hasNewRows({ store: { db } }: Services, settled: SettledKeys): Promise<boolean> {
  const cursor = (source: RollUpSource) =>
    sql<number>`coalesce((SELECT last_id FROM rollup_cursor WHERE source = ${source}), 0)`;
  // The order makes PostgreSQL read the index from the cursor on, and not the whole table.
  const next = (source: RollUpSource, last: number) =>
    db.selectFrom(source).select("id").where("id", ">", cursor(source)).where("id", "<=", last).orderBy("id").limit(1);
  const found = await db
    .selectNoFrom([
      next("message", settled.messages).as("message"),
      next("attempt", settled.attempts).as("attempt"),
      db.selectFrom("late_message").select("id").orderBy("id").limit(1).as("late"),
    ])
    .executeTakeFirstOrThrow();
  return found.message !== null || found.attempt !== null || found.late !== null;
}

/** Returns the last key that was counted. */
export function rolledUpTo({ store }: Pick<TransactionServices, "store">, source: RollUpSource): Promise<number> {
  return cursorIn(store.db, source);
}

async function cursorIn(db: Kysely<Database>, source: RollUpSource): Promise<number> {
  const row = await db.selectFrom("rollup_cursor").select("last_id").where("source", "=", source).executeTakeFirst();
  return row?.last_id ?? 0;
}

/** Rows of a step: after the cursor and within one hour. */
interface Range {
  readonly after: number;
  readonly upTo: number;
  readonly hour: number;
}

async function nextRange(services: Services, source: RollUpSource, settled: number): Promise<Range | null> {
  const { db } = services.store;
  const after = await rolledUpTo(services, source);
  const keys = (last: number, count: number) =>
    db.selectFrom(source).select("id").where("id", ">", after).where("id", "<=", last).orderBy("id").limit(count);
  const first = await keys(settled, 1).executeTakeFirst();
  if (first === undefined) return null;
  const hour = hourOf(first.id);
  const end = keyAtTime((hour + 1) * HOUR_MS);
  const { upTo } = await db
    .selectFrom(keys(Math.min(settled, end - 1), STEP).as("step"))
    .select((eb) => eb.fn.max<number | null>("id").as("upTo"))
    .executeTakeFirstOrThrow();
  // They may have been deleted in the meantime.
  return { after, upTo: upTo ?? first.id, hour };
}

function hourOf(key: number): number {
  return Math.floor(timeOfKey(key) / HOUR_MS);
}

/** Counts the next messages. Returns whether there may be more. */
async function messageStep(services: Services, settled: number): Promise<boolean> {
  const range = await nextRange(services, "message", settled);
  if (range === null) return false;
  const counted = await countMessages(services, (eb, key) =>
    eb.and([eb(key, ">", range.after), eb(key, "<=", range.upTo)]),
  );
  await save(services, { hour: range.hour, ...counted, place: { source: "message", ...range } });
  return true;
}

/**
 * Counts messages that were stored after the cursor had passed their keys. A message published in a product's transaction has a key of
 * that time, but is only stored after the transaction has ended. Returns whether there may be more.
 */
async function lateStep(services: Services): Promise<boolean> {
  const rows = await services.store.db.selectFrom("late_message").select("id").orderBy("id").limit(STEP).execute();
  const [first] = rows;
  if (first === undefined) return false;
  const hour = hourOf(first.id);
  const late = rows.map(({ id }) => id).filter((id) => hourOf(id) === hour);
  const counted = await countMessages(services, (eb, key) => eb(key, "in", late));
  await save(services, { hour, ...counted, place: { late } });
  return true;
}

/** Records those of these messages whose keys the cursor has already passed, so that the next run counts them. */
export async function noteLate({ db }: Tx, messages: readonly number[]): Promise<void> {
  const cursor = await db
    .selectFrom("rollup_cursor")
    .select("last_id")
    .where("source", "=", "message")
    .executeTakeFirst();
  const late = messages.filter((id) => id <= (cursor?.last_id ?? 0));
  if (late.length > 0)
    await db
      .insertInto("late_message")
      .values(late.map((id) => ({ id })))
      .execute();
}

type KeyColumn = "message.id" | "delivery.message_id";
type ByKey = (eb: ExpressionBuilder<Database, "message" | "delivery">, key: KeyColumn) => Expression<SqlBool>;

/** Counts the messages with these keys, which must all be of one hour. */
async function countMessages(
  services: Services,
  which: ByKey,
): Promise<Pick<Counted, "tally" | "minutes" | "amounts">> {
  const { db } = services.store;
  const published = await db
    .selectFrom("message")
    .select((eb) => [
      "app_id",
      minuteOf("message.id").as("minute"),
      eb.fn.countAll<number>().as("messages"),
      eb.fn.sum<number>(eb.fn<number>("octet_length", ["payload"])).as("bytes"),
    ])
    .where((eb) => which(eb as never, "message.id"))
    .groupBy(["app_id", "minute"])
    .execute();
  const pending = await db
    .selectFrom("delivery")
    .select((eb) => ["endpoint_id", eb.fn.countAll<number>().as("messages")])
    .where((eb) => which(eb as never, "delivery.message_id"))
    .groupBy("endpoint_id")
    .execute();
  const owners = await ownersOf(services, {
    apps: [...new Set(published.map((row) => row.app_id))],
    endpoints: pending.map((row) => row.endpoint_id),
  });
  const tally = new Tally();
  const minutes = new MinuteTally(services.now());
  for (const { app_id, minute, messages } of published) {
    const places = owners.ofApplication(app_id);
    for (const place of places) tally.at(place).messages += messages;
    const counts = minutes.at(places, minute);
    if (counts !== null) counts.messages += messages;
  }
  for (const { endpoint_id, messages } of pending) {
    for (const place of owners.ofEndpoint(endpoint_id).slice(-1)) tally.at(place).messages += messages;
  }
  const sum = (values: readonly (number | null)[]): number =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const stored = sum(published.map((row) => row.messages));
  return {
    tally,
    minutes,
    amounts: {
      payload: { stored, bytes: sum(published.map((row) => row.bytes)) },
      message: { stored, bytes: 0 },
      delivery: { stored: sum(pending.map((row) => row.messages)), bytes: 0 },
    },
  };
}

async function attemptStep(services: Services, settled: number): Promise<boolean> {
  const range = await nextRange(services, "attempt", settled);
  if (range === null) return false;
  const attempts = await endedAttempts(services.store.db, range);
  const owners = await ownersOf(services, { apps: [], endpoints: [...new Set(attempts.map((row) => row.endpointId))] });
  const tally = new Tally();
  const minutes = new MinuteTally(services.now());
  const stored = { attempt: { stored: 0, bytes: 0 }, failure: { stored: 0, bytes: 0 } };
  for (const row of attempts) {
    const counted = countedOf(row);
    const places = owners.ofEndpoint(row.endpointId);
    for (const place of places) countAttempt(tally.at(place), counted);
    const minute = minutes.at(places, Math.floor(timeOfKey(row.id) / MINUTE_MS));
    if (minute !== null) countAttempt(minute, counted);
    const kind = counted.succeeded ? stored.attempt : stored.failure;
    kind.stored += row.times;
    kind.bytes += row.bytes;
  }
  const { db } = services.store;
  const failures = await withEvents(db, await findFailures(db, attempts), range);
  const counted = { hour: range.hour, tally, minutes, amounts: stored };
  await save(services, { ...counted, failures, place: { source: "attempt", ...range } });
  return true;
}

interface Counted {
  readonly hour: number;
  readonly tally: Tally;
  readonly minutes: MinuteTally;
  readonly amounts: Partial<Record<StorageKind, StoredAmount>>;
  /** Failed attempts by endpoint and cause. */
  readonly failures?: FoundFailures;
  /** The counted rows: everything up to a key, or late messages. */
  readonly place: CountedPlace;
}

type CountedPlace =
  | { readonly source: RollUpSource; readonly after: number; readonly upTo: number }
  | { readonly late: readonly number[] };

/** Whether another node has counted the same rows in the meantime. */
async function isCounted(db: Kysely<Database>, place: CountedPlace): Promise<boolean> {
  if ("source" in place) return (await cursorIn(db, place.source)) !== place.after;
  const left = await db.selectFrom("late_message").select("id").where("id", "in", place.late).execute();
  return left.length !== place.late.length;
}

async function save(services: Services, counted: Counted): Promise<void> {
  const { hour, tally, minutes, amounts, failures, place } = counted;
  await services.store.transaction(async (tx) => {
    const { db } = tx;
    if (await isCounted(db, place)) return;
    if (failures !== undefined && failures.groups.length > 0 && "source" in place)
      await recordFailures(services, tx, failures, place);
    await saveRows(db, await mergedRows(db, tally, hour));
    await saveMinutes(db, minutes);
    await addStored(db, Math.floor(hour / 24), amounts);
    if ("late" in place) {
      await db.deleteFrom("late_message").where("id", "in", place.late).execute();
      return;
    }
    const { source, upTo } = place;
    await db
      .insertInto("rollup_cursor")
      .values({ source, last_id: upTo })
      .onConflict((conflict) => conflict.column("source").doUpdateSet({ last_id: upTo }))
      .execute();
  }, "stats.roll-up");
}
