/**
 * Roll-up: adds newly stored messages and attempts to the hourly statistics and to the storage statistics.
 *
 * It reads messages and attempts once, in the order of their keys. The counts of a step and the new cursor are stored in one
 * transaction, so that a crash at any time neither loses nor repeats a row. It runs outside the delivery path.
 */
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from "kysely";
import { keyAtTime, timeOfKey } from "../../lib/id.ts";
import { APPLICATION_KIND, ATTEMPT_STATUS, type Database, DELIVERY_STATE, TRIGGER } from "../../store/schema.ts";
import { isSent } from "../attempt/sent.ts";
import type { Services, TransactionServices } from "../context.ts";
import { findFailures, type FoundFailures, recordFailures, withEvents } from "../incident/record.ts";
import { addStored, type StorageKind, type StoredAmount } from "../storage/day.ts";
import { MINUTE_MS, minuteOf, MinuteTally, saveMinutes } from "./minutes.ts";
import { mergedRows, saveRows } from "./rows.ts";
import { type CountedAttempt, countAttempt, Tally } from "./tally.ts";
import type { Tx } from "../../store/tx.ts";

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
  while (!signal.aborted && (await messageStep(services, settled.messages)));
  while (!signal.aborted && (await lateStep(services)));
  while (!signal.aborted && (await attemptStep(services, settled.attempts)));
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
  const after = await rolledUpTo(services, source);
  const rows = await services.store.db
    .selectFrom(source)
    .select("id")
    .where("id", ">", after)
    .where("id", "<=", settled)
    .orderBy("id")
    .limit(STEP)
    .execute();
  const [first] = rows;
  if (first === undefined) return null;
  const hour = hourOf(first.id);
  const end = keyAtTime((hour + 1) * HOUR_MS);
  return { after, upTo: rows.findLast(({ id }) => id < end)!.id, hour };
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
  const attempts = await endedAttempts(services, range);
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
    kind.stored++;
    kind.bytes += row.bytes;
  }
  const { db } = services.store;
  const failures = await withEvents(db, await findFailures(db, attempts), range);
  const counted = { hour: range.hour, tally, minutes, amounts: stored };
  await save(services, { ...counted, failures, place: { source: "attempt", ...range } });
  return true;
}

interface EndedAttempt {
  readonly id: number;
  readonly messageId: number;
  readonly endpointId: number;
  readonly status: number;
  readonly trigger: number;
  readonly durationMs: number;
  readonly errorCode: string | null;
  readonly responseCode: number;
  readonly bytes: number;
  readonly deliverAt: number | null;
  readonly state: number | null;
  readonly attempts: number | null;
  /** 1 if another attempt determined the result of the delivery: an earlier success, or a later scheduled attempt. */
  readonly decidedElsewhere: number;
}

function endedAttempts({ store }: Services, { after, upTo }: Range): Promise<readonly EndedAttempt[]> {
  return store.db
    .selectFrom("attempt as a")
    .innerJoin("message as m", "m.id", "a.message_id")
    .leftJoin("delivery as d", (join) =>
      join.onRef("d.message_id", "=", "a.message_id").onRef("d.endpoint_id", "=", "a.endpoint_id"),
    )
    .select((eb) => [
      "a.id",
      "a.message_id as messageId",
      "a.endpoint_id as endpointId",
      "a.status",
      "a.trigger_type as trigger",
      "a.duration_ms as durationMs",
      "a.error_code as errorCode",
      "a.response_code as responseCode",
      "m.deliver_at as deliverAt",
      "d.state",
      "d.attempts",
      eb(
        eb.fn<number>("octet_length", ["a.response"]),
        "+",
        eb.fn.coalesce(eb.fn<number>("octet_length", ["a.detail_json"]), eb.lit(0)),
      ).as("bytes"),
      eb
        .case()
        // In the common case, other attempts need not be read.
        .when(
          eb.and([
            eb("a.status", "=", ATTEMPT_STATUS.success),
            eb("a.trigger_type", "=", TRIGGER.scheduled),
            eb("d.attempts", "=", 1),
          ]),
        )
        .then(0)
        .when(
          eb.exists(
            eb
              .selectFrom("attempt as o")
              .select(eb.lit(1).as("one"))
              .whereRef("o.message_id", "=", "a.message_id")
              .whereRef("o.endpoint_id", "=", "a.endpoint_id")
              .where((other) =>
                other.or([
                  other.and([
                    other("a.status", "=", ATTEMPT_STATUS.success),
                    other("o.status", "=", ATTEMPT_STATUS.success),
                    other("o.id", "<", other.ref("a.id")),
                  ]),
                  other.and([
                    other("a.status", "=", ATTEMPT_STATUS.fail),
                    other("o.trigger_type", "=", TRIGGER.scheduled),
                    other("o.id", ">", other.ref("a.id")),
                  ]),
                ]),
              ),
          ),
        )
        .then(1)
        .else(0)
        .end()
        .as("decidedElsewhere"),
    ])
    .where("a.id", ">", after)
    .where("a.id", "<=", upTo)
    .execute();
}

function countedOf(row: EndedAttempt): CountedAttempt {
  const succeeded = row.status === ATTEMPT_STATUS.success;
  const from = row.deliverAt ?? timeOfKey(row.messageId);
  const latencyMs = timeOfKey(row.id) + row.durationMs - from;
  const { durationMs, errorCode } = row;
  return { unsent: !isSent(errorCode), succeeded, durationMs, latencyMs, end: endOf(row, succeeded) };
}

function endOf(
  { decidedElsewhere, trigger, attempts, state }: EndedAttempt,
  succeeded: boolean,
): CountedAttempt["end"] {
  if (decidedElsewhere === 1) return null;
  const scheduled = trigger === TRIGGER.scheduled;
  if (succeeded) return scheduled && attempts === 1 ? "first_try" : "later";
  return scheduled && state === DELIVERY_STATE.failed ? "exhausted" : null;
}

interface Owners {
  /** The organisation, unless it is operational webhook traffic, and the application. */
  ofApplication(appId: number): readonly Place[];
  /** Like `ofApplication`, plus the endpoint. */
  ofEndpoint(endpointId: number): readonly Place[];
}

type Place = Parameters<Tally["at"]>[0];

async function ownersOf(
  { store }: Services,
  { apps, endpoints }: { readonly apps: readonly number[]; readonly endpoints: readonly number[] },
): Promise<Owners> {
  const appOf = new Map<number, number>();
  if (endpoints.length > 0) {
    const rows = await store.db.selectFrom("endpoint").select(["id", "app_id"]).where("id", "in", endpoints).execute();
    for (const { id, app_id } of rows) appOf.set(id, app_id);
  }
  const wanted = [...new Set([...apps, ...appOf.values()])];
  const rows =
    wanted.length === 0
      ? []
      : await store.db.selectFrom("application").select(["id", "org_id", "kind"]).where("id", "in", wanted).execute();
  const places = new Map(
    rows.map(({ id, org_id: orgId, kind }) => {
      const own = { orgId, appId: id, endpointId: 0 };
      return [id, kind === APPLICATION_KIND.operational ? [own] : [{ orgId, appId: 0, endpointId: 0 }, own]];
    }),
  );
  const ofApplication = (appId: number): readonly Place[] => places.get(appId) ?? [];
  return {
    ofApplication,
    ofEndpoint: (endpointId) => {
      const above = ofApplication(appOf.get(endpointId) ?? 0);
      const own = above.at(-1);
      return own === undefined ? [] : [...above, { ...own, endpointId }];
    },
  };
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
