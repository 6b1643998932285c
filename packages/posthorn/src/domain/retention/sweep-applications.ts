/**
 * Deletes data that is past the retention of its application, if that is shorter than the server's.
 *
 * The periods are read here and not when a message is accepted, so that a changed period also applies to stored messages. Each application has
 * its own cursors, and the statements follow the index of its messages or endpoints: a run costs little when nothing has expired, however long
 * the history of other applications is.
 */
import type { Kysely, Selectable } from "kysely";
import { keyAtTime } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import type { ApplicationRetentionTable } from "../../store/server-schema.ts";
import type { Services } from "../context.ts";
import { DAY_MS } from "../storage/day.ts";
import { rolledUpTo } from "../stats/roll-up.ts";
import { shortestOf, toRetentionDays } from "./application-periods.ts";
import { messageMs, type RetentionPeriods, type SweepOptions } from "./retention.ts";
import { ATTEMPTS_PER_STEP, deleteEndedAttempts } from "./sweep-attempts.ts";
import { deleteEndedMessages, MESSAGES_PER_STEP, type StepOptions } from "./sweep-messages.ts";
import { expirePayloads, PAYLOADS_PER_STEP } from "./sweep-payloads.ts";

/** Applications read by one statement. */
const PAGE = 200;
/**
 * A sweep passes messages and attempts that it must keep, such as those of a delivery that is pending or was retried. Once in this time it
 * starts at the oldest one.
 */
const FULL_PASS_MS = DAY_MS;
/** Quarantined requests deleted in one transaction. */
const QUARANTINED_PER_STEP = 500;

type Row = Selectable<ApplicationRetentionTable>;
type Cursor = "payload_cursor" | "attempt_cursor" | "message_cursor";

/** Runs until nothing is left to delete. */
export async function sweepApplications(services: Services, options: SweepOptions): Promise<void> {
  const { signal, pause, periods } = options;
  const { db } = services.store;
  await deleteSettings(services, periods);
  for (let after = 0; !signal.aborted;) {
    const rows = await db
      .selectFrom("application_retention")
      .selectAll()
      .where("app_id", ">", after)
      .where((eb) =>
        eb.or([
          eb("payload_days", "is not", null),
          eb("attempt_days", "is not", null),
          eb("failure_days", "is not", null),
        ]),
      )
      .orderBy("app_id")
      .limit(PAGE)
      .execute();
    for (const row of rows) {
      if (signal.aborted) return;
      await sweepApplication(services, row, options);
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.app_id;
    await pause();
  }
}

async function sweepApplication(
  services: Services,
  row: Row,
  { periods: server, ...rest }: SweepOptions,
): Promise<void> {
  const options = { ...rest, periods: shortestOf(server, toRetentionDays(row)) };
  const { payloadMs, attemptMs, failureMs } = options.periods;
  const whole = messageMs(options.periods);
  const now = services.now();
  const isFullPass = now - row.full_pass_at >= FULL_PASS_MS;
  const from = isFullPass ? { ...row, attempt_cursor: 0, message_cursor: 0 } : row;
  // Messages first, because they take their payloads and attempts along.
  if (failureMs < server.failureMs) await sweepFailures(services, row, options);
  if (whole < messageMs(server)) await sweepMessages(services, from, options);
  if (payloadMs < server.payloadMs) {
    await sweepPayloads(services, row, options);
    await sweepQuarantine(services, row, options);
  }
  if (attemptMs < server.attemptMs && attemptMs < whole) await sweepAttempts(services, from, options);
  if (!isFullPass || options.signal.aborted) return;
  await services.store.transaction(
    ({ db }) =>
      db.updateTable("application_retention").set({ full_pass_at: now }).where("app_id", "=", row.app_id).execute(),
    "retention.sweep-applications",
  );
}

async function sweepPayloads(services: Services, row: Row, { periods, signal, pause }: SweepOptions): Promise<void> {
  const now = services.now();
  const end = await expiredBefore(services, "message", periods.payloadMs);
  for (let cursor = row.payload_cursor; !signal.aborted && cursor < end;) {
    const rows = await messagesOf(services, row.app_id, { after: cursor, end })
      .where("payload", "is not", null)
      .where("expires_at", "is", null)
      .limit(PAYLOADS_PER_STEP)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) break;
    const progress = (db: Kysely<Database>): Promise<void> => noteCursor(db, row, "payload_cursor", last.id);
    await expirePayloads(services, { ids: rows.map(({ id }) => id), now, progress });
    cursor = last.id;
    await pause();
  }
}

/** Follows the index of each endpoint, because an attempt does not name its application. */
async function sweepAttempts(services: Services, row: Row, { periods, signal, pause }: SweepOptions): Promise<void> {
  const { store } = services;
  const end = await expiredBefore(services, "attempt", periods.attemptMs);
  if (row.attempt_cursor >= end - 1) return;
  const endpoints = await endpointsOf(store.db, row.app_id, { deletedToo: row.attempt_cursor === 0 }).execute();
  for (const { id: endpointId } of endpoints) {
    for (let cursor = row.attempt_cursor; !signal.aborted;) {
      const rows = await store.db
        .selectFrom("attempt")
        .select("id")
        .where("endpoint_id", "=", endpointId)
        .where("id", ">", cursor)
        .where("id", "<", end)
        .orderBy("id")
        .limit(ATTEMPTS_PER_STEP)
        .execute();
      const last = rows.at(-1);
      if (last === undefined) break;
      const ids = rows.map(({ id }) => id);
      await store.transaction(({ db }) => deleteEndedAttempts(db, ids), "retention.sweep-attempts");
      cursor = last.id;
      await pause();
    }
  }
  if (signal.aborted) return;
  await store.transaction(({ db }) => noteCursor(db, row, "attempt_cursor", end - 1), "retention.sweep-attempts");
}

/**
 * Endpoints of an application. Only those that are not deleted have an index, and the table keeps the others: a run for each of many applications
 * cannot afford to read it all, so attempts of deleted endpoints are left to the next full pass.
 */
export function endpointsOf(db: Kysely<Database>, appKey: number, { deletedToo }: { readonly deletedToo: boolean }) {
  return db
    .selectFrom("endpoint")
    .select("id")
    .where("app_id", "=", appKey)
    .$if(!deletedToo, (query) => query.where("deleted_at", "is", null));
}

async function sweepMessages(services: Services, row: Row, options: SweepOptions): Promise<void> {
  await walkMessages(services, row, options, {
    from: row.message_cursor,
    keptMs: messageMs(options.periods),
    cursor: "message_cursor",
    failures: false,
  });
}

/** Always starts at the oldest message: only those are left that the sweep of messages has kept. */
async function sweepFailures(services: Services, row: Row, options: SweepOptions): Promise<void> {
  await walkMessages(services, row, options, {
    from: 0,
    keptMs: options.periods.failureMs,
    cursor: null,
    failures: true,
  });
}

interface Walk {
  readonly from: number;
  readonly keptMs: number;
  /** `null`: progress is not stored. */
  readonly cursor: Cursor | null;
  readonly failures: boolean;
}

async function walkMessages(
  services: Services,
  row: Row,
  { periods, signal, pause }: SweepOptions,
  { from, keptMs, cursor: name, failures }: Walk,
): Promise<void> {
  const { store } = services;
  const end = await expiredBefore(services, "message", keptMs);
  const step: StepOptions = { recent: keyAtTime(services.now() - periods.attemptMs), failures };
  for (let cursor = from; !signal.aborted && cursor < end;) {
    const rows = await messagesOf(services, row.app_id, { after: cursor, end }).limit(MESSAGES_PER_STEP).execute();
    const last = rows.at(-1);
    if (last === undefined) break;
    const ids = rows.map(({ id }) => id);
    await store.transaction(async ({ db }) => {
      if (name !== null) await noteCursor(db, row, name, last.id);
      await deleteEndedMessages(db, ids, { ...step, now: services.now() });
    }, "retention.sweep-messages");
    cursor = last.id;
    await pause();
  }
}

/** Deletes quarantined requests of a source, which are kept as long as payloads. */
async function sweepQuarantine(services: Services, row: Row, { periods, signal, pause }: SweepOptions): Promise<void> {
  const before = keyAtTime(services.now() - periods.payloadMs);
  for (let more = true; more && !signal.aborted;) {
    more = await services.store.transaction(async ({ db }) => {
      const { numDeletedRows } = await db
        .deleteFrom("quarantine")
        .where("id", "in", (eb) =>
          eb
            .selectFrom("quarantine")
            .select("id")
            .where("source_id", "=", row.app_id)
            .where("id", "<", before)
            .orderBy("id")
            .limit(QUARANTINED_PER_STEP),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows) === QUARANTINED_PER_STEP;
    }, "quarantine.expire");
    if (more) await pause();
  }
}

/** Exclusive end of the expired rows. Rows that are not in the statistics yet are kept until they are. */
async function expiredBefore(services: Services, table: "message" | "attempt", keptMs: number): Promise<number> {
  return Math.min(keyAtTime(services.now() - keptMs), (await rolledUpTo(services, table)) + 1);
}

function messagesOf(
  { store }: Services,
  appKey: number,
  { after, end }: { readonly after: number; readonly end: number },
) {
  return store.db
    .selectFrom("message")
    .select("id")
    .where("app_id", "=", appKey)
    .where("id", ">", after)
    .where("id", "<", end)
    .orderBy("id");
}

/** Moves a cursor forwards. A pass from the oldest row does not move it back: feeds rely on it. */
async function noteCursor(db: Kysely<Database>, { app_id: appKey }: Row, cursor: Cursor, key: number): Promise<void> {
  await db
    .updateTable("application_retention")
    .set({ [cursor]: key })
    .where("app_id", "=", appKey)
    .where(cursor, "<", key)
    .execute();
}

/** Deletes the periods of applications that were deleted so long ago that none of their data is stored. */
async function deleteSettings({ store, now }: Services, server: RetentionPeriods): Promise<void> {
  const before = now() - Math.max(messageMs(server), server.failureMs);
  await store.transaction(
    ({ db }) =>
      db
        .deleteFrom("application_retention")
        .where("app_id", "in", (eb) => eb.selectFrom("application").select("id").where("deleted_at", "<", before))
        .execute(),
    "retention.sweep-applications",
  );
}
