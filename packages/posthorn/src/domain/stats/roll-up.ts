/**
 * Roll-up: adds newly stored messages and attempts to the hourly statistics and to the storage statistics.
 *
 * It reads messages and attempts once, in the order of their keys. The counts of a step and the new cursor are stored in one
 * transaction, so that a crash at any time neither loses nor repeats a row. It runs outside the delivery path.
 */
import { type Expression, type ExpressionBuilder, type Kysely, type RawBuilder, sql, type SqlBool } from "kysely";
import { keyAtTime, timeOfKey } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import type { Services, TransactionServices } from "../context.ts";
import { findFailures } from "../incident/failure-groups.ts";
import { type FoundFailures, recordFailures, withEvents } from "../incident/record.ts";
import { addStored, type StorageKind, type StoredAmount } from "../storage/day.ts";
import { MINUTE_MS, minuteOf, MinuteTally, saveMinutes } from "./minutes.ts";
import { addToRows } from "./rows.ts";
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
  while (!signal.aborted && (await nextStep(services, settled)));
  while (!signal.aborted && (await lateStep(services)));
}

/** Looks for rows of all steps with one statement, because a server at rest has none. */
async function hasNewRows({ store: { db } }: Services, settled: SettledKeys): Promise<boolean> {
  const found = await db
    .selectNoFrom([
      nextKeys(db, "message", settled.messages, 1).as("message"),
      nextKeys(db, "attempt", settled.attempts, 1).as("attempt"),
      db.selectFrom("late_message").select("id").orderBy("id").limit(1).as("late"),
    ])
    .executeTakeFirstOrThrow();
  return found.message !== null || found.attempt !== null || found.late !== null;
}

function lastCounted(source: RollUpSource): RawBuilder<number> {
  return sql<number>`coalesce((SELECT last_id FROM rollup_cursor WHERE source = ${source}), 0)`;
}

/** The keys after the cursor. Their order makes PostgreSQL read the index from the cursor on, and not the whole table. */
function nextKeys(db: Kysely<Database>, source: RollUpSource, last: number, count: number) {
  return db
    .selectFrom(source)
    .select("id")
    .where("id", ">", lastCounted(source))
    .where("id", "<=", last)
    .orderBy("id")
    .limit(count);
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

async function nextRange({ store: { db } }: Services, source: RollUpSource, settled: number): Promise<Range | null> {
  const keysUpTo = (last: number) =>
    db
      .selectFrom(nextKeys(db, source, last, STEP).as("step"))
      .select(({ fn }) => [fn.min<number | null>("id").as("first"), fn.max<number | null>("id").as("last")])
      .select(lastCounted(source).as("after"))
      .executeTakeFirstOrThrow();
  const { first, last, after } = await keysUpTo(settled);
  if (first === null || last === null) return null;
  const hour = hourOf(first);
  const end = keyAtTime((hour + 1) * HOUR_MS);
  // After the end of the hour, they may have been deleted.
  const upTo = last < end ? last : ((await keysUpTo(end - 1)).last ?? first);
  return { after, upTo, hour };
}

function hourOf(key: number): number {
  return Math.floor(timeOfKey(key) / HOUR_MS);
}

/**
 * Counts the next messages and the next attempts in one transaction: most attempts follow shortly after their messages, and change the same rows.
 * Returns whether there may be more.
 */
async function nextStep(services: Services, settled: SettledKeys): Promise<boolean> {
  const messages = await nextRange(services, "message", settled.messages);
  const attempts = await nextRange(services, "attempt", settled.attempts);
  if (messages === null && attempts === null) return false;
  const step = emptyStep(services);
  if (messages !== null) await countMessageRange(services, step, messages);
  if (attempts !== null) await countAttemptRange(services, step, attempts);
  await save(services, step);
  return true;
}

async function countMessageRange(services: Services, step: Step, range: Range): Promise<void> {
  const { hour, after, upTo } = range;
  const amounts = await countMessages(services, step, hour, (eb, key) =>
    eb.and([eb(key, ">", after), eb(key, "<=", upTo)]),
  );
  step.parts.push({ hour, amounts, counted: { source: "message", after, upTo } });
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
  const step = emptyStep(services);
  const amounts = await countMessages(services, step, hour, (eb, key) => eb(key, "in", late));
  step.parts.push({ hour, amounts, counted: { late } });
  await save(services, step);
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
  { tally, minutes }: Step,
  hour: number,
  which: ByKey,
): Promise<Amounts> {
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
  for (const { app_id, minute, messages } of published) {
    const places = owners.ofApplication(app_id);
    for (const place of places) tally.at(place, hour).messages += messages;
    const counts = minutes.at(places, minute);
    if (counts !== null) counts.messages += messages;
  }
  for (const { endpoint_id, messages } of pending) {
    for (const place of owners.ofEndpoint(endpoint_id).slice(-1)) tally.at(place, hour).messages += messages;
  }
  const sum = (values: readonly (number | null)[]): number =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const stored = sum(published.map((row) => row.messages));
  return {
    payload: { stored, bytes: sum(published.map((row) => row.bytes)) },
    message: { stored, bytes: 0 },
    delivery: { stored: sum(pending.map((row) => row.messages)), bytes: 0 },
  };
}

async function countAttemptRange(services: Services, step: Step, range: Range): Promise<void> {
  const { hour, after, upTo } = range;
  const { tally, minutes } = step;
  const { db } = services.store;
  const attempts = await endedAttempts(db, range);
  const owners = await ownersOf(services, { apps: [], endpoints: [...new Set(attempts.map((row) => row.endpointId))] });
  const amounts = { attempt: { stored: 0, bytes: 0 }, failure: { stored: 0, bytes: 0 } };
  for (const row of attempts) {
    const counted = countedOf(row);
    const places = owners.ofEndpoint(row.endpointId);
    for (const place of places) countAttempt(tally.at(place, hour), counted);
    const minute = minutes.at(places, Math.floor(timeOfKey(row.id) / MINUTE_MS));
    if (minute !== null) countAttempt(minute, counted);
    const kind = counted.succeeded ? amounts.attempt : amounts.failure;
    kind.stored += row.times;
    kind.bytes += row.bytes;
  }
  const failures = await withEvents(db, await findFailures(db, attempts), range);
  step.parts.push({ hour, amounts, failures, counted: { source: "attempt", after, upTo } });
}

type Amounts = Partial<Record<StorageKind, StoredAmount>>;

/** What is stored in one transaction. */
interface Step {
  readonly tally: Tally;
  readonly minutes: MinuteTally;
  readonly parts: Part[];
}

/** Messages or attempts of a step, all of one hour. */
interface Part {
  readonly hour: number;
  readonly amounts: Amounts;
  /** Failed attempts by endpoint and cause. */
  readonly failures?: FoundFailures;
  readonly counted: CountedRows;
}

/** The counted rows: everything up to a key, or late messages. */
type CountedRows =
  | { readonly source: RollUpSource; readonly after: number; readonly upTo: number }
  | { readonly late: readonly number[] };

function emptyStep(services: Services): Step {
  return { tally: new Tally(), minutes: new MinuteTally(services.now()), parts: [] };
}

/** Whether another node has counted the same rows in the meantime. */
async function isCounted(db: Kysely<Database>, rows: CountedRows): Promise<boolean> {
  if ("source" in rows) return (await cursorIn(db, rows.source)) !== rows.after;
  const left = await db.selectFrom("late_message").select("id").where("id", "in", rows.late).execute();
  return left.length !== rows.late.length;
}

/** Stores nothing if another node has counted some of the rows: the next step finds the others. */
async function save(services: Services, { tally, minutes, parts }: Step): Promise<void> {
  await services.store.transaction(async (tx) => {
    const { db } = tx;
    for (const { counted } of parts) if (await isCounted(db, counted)) return;
    await addToRows(db, tally);
    await saveMinutes(db, minutes);
    for (const part of parts) await savePart(services, tx, part);
  }, "stats.roll-up");
}

async function savePart(services: Services, tx: Tx, { hour, amounts, failures, counted }: Part): Promise<void> {
  const { db } = tx;
  if (failures !== undefined && failures.groups.length > 0 && "source" in counted)
    await recordFailures(services, tx, failures, counted);
  await addStored(db, Math.floor(hour / 24), amounts);
  if ("late" in counted) {
    await db.deleteFrom("late_message").where("id", "in", counted.late).execute();
    return;
  }
  const { source, upTo } = counted;
  await db
    .insertInto("rollup_cursor")
    .values({ source, last_id: upTo })
    .onConflict((conflict) => conflict.column("source").doUpdateSet({ last_id: upTo }))
    .execute();
}
