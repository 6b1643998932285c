/** State of reading a source, in the database: cursor, health, and when it is read next. */
import type { Selectable } from "kysely";
import type { Cursor } from "../../sources/driver.ts";
import type { Lease } from "../../store/delivery.ts";
import { leaseHeld } from "../../store/portable-sql.ts";
import type { SourceRunTable } from "../../store/source-schema.ts";
import type { Store } from "../../store/store.ts";
import type { Tx } from "../../store/tx.ts";

/** `waiting`: for the next poll. `running`: connected, or reading. `failing`: the last read failed. `paused`: it is not read until it is resumed. */
export const RUN_STATES = ["waiting", "running", "failing", "paused"] as const;
export type RunState = (typeof RUN_STATES)[number];

export interface RunError {
  readonly code: string;
  /** What went wrong. */
  readonly message: string;
  /** What to do about it; `null`: nothing. */
  readonly hint: string | null;
}

/** Health of a source that is read. Times are Unix milliseconds. */
export interface SourceRun {
  readonly state: RunState;
  /** Failures since the last success. */
  readonly failures: number;
  readonly failingSince: number | null;
  /** When `source.reading.failing` was announced; `null`: it was not, or the recovery was. */
  readonly announcedAt: number | null;
  /** The last failure, until the next success. */
  readonly error: RunError | null;
  readonly lastSuccessAt: number | null;
  readonly lastFailureAt: number | null;
  readonly lastEventAt: number | null;
  /** Events stored so far. */
  readonly events: number;
  /** When it is read next; `null`: it is connected or paused. */
  readonly nextAt: number | null;
}

/** Changes that a runner writes after a read. */
export interface RunUpdate {
  /** `null`: unchanged. */
  readonly cursor: Cursor | null;
  readonly run: SourceRun;
}

/** Permission to write the cursor of one source. A later claim makes it invalid. */
export interface RunClaim {
  readonly sourceKey: number;
  readonly version: number;
  readonly lease: Lease | undefined;
}

export interface Claimed {
  readonly claim: RunClaim;
  readonly cursor: Cursor | null;
  readonly run: SourceRun;
}

/** Longest cursor, as JSON. */
const MAX_CURSOR = 512 * 1024;

/** Row of a new source, which is read immediately. A source that is not read is ready. */
export async function insertRun({ db }: Tx, sourceKey: number, now: number, isRead: boolean): Promise<void> {
  await db
    .insertInto("source_run")
    .values({
      source_id: sourceKey,
      version: 0,
      cursor_json: null,
      state: isRead ? "waiting" : "running",
      failures: 0,
      error_code: null,
      error_text: null,
      error_hint: null,
      failing_since: null,
      failing_announced_at: null,
      last_success_at: null,
      last_failure_at: null,
      last_event_at: null,
      events: 0,
      next_at: isRead ? now : null,
    })
    .execute();
}

/**
 * After a change of the configuration: a run with the old one can no longer write, and the source is read immediately.
 * A paused source stays paused.
 *
 * @param keepsCursor Whether reading continues where it is.
 */
export async function restartRun(
  { db }: Tx,
  sourceKey: number,
  { now, keepsCursor, isRead }: { readonly now: number; readonly keepsCursor: boolean; readonly isRead: boolean },
): Promise<void> {
  await db
    .updateTable("source_run")
    .set((eb) => ({
      version: eb("version", "+", 1),
      next_at: isRead ? eb.case().when("state", "=", PAUSED).then(null).else(now).end() : null,
      state: eb
        .case()
        .when("state", "=", PAUSED)
        .then(PAUSED)
        .else(isRead ? "waiting" : "running")
        .end(),
      failures: 0,
      error_code: null,
      error_text: null,
      error_hint: null,
      failing_since: null,
      ...(keepsCursor ? {} : { cursor_json: null }),
    }))
    .where("source_id", "=", sourceKey)
    .execute();
}

const PAUSED: RunState = "paused";

/** Stops reading: a run in progress can no longer write. The cursor stays. */
export async function pauseRun({ db }: Tx, sourceKey: number): Promise<void> {
  await db
    .updateTable("source_run")
    .set((eb) => ({ version: eb("version", "+", 1), state: PAUSED, next_at: null }))
    .where("source_id", "=", sourceKey)
    .execute();
}

/** Reads a paused source at once, from where it stopped. One that is not read is ready again. */
export async function resumeRun({ db }: Tx, sourceKey: number, now: number, isRead: boolean): Promise<void> {
  await db
    .updateTable("source_run")
    .set(isRead ? { state: "waiting", next_at: now } : { state: "running", next_at: null })
    .where("source_id", "=", sourceKey)
    .where("state", "=", PAUSED)
    .execute();
}

/** Makes the caller the only one who can write the cursor. `null`: the source is deleted or paused, or another node owns it. */
export function claimRun(
  store: Pick<Store, "transaction">,
  sourceKey: number,
  lease: Lease | undefined,
): Promise<Claimed | null> {
  return store.transaction(async ({ db }) => {
    if (lease !== undefined && !(await leaseHeld(db, lease))) return null;
    const row = await db
      .updateTable("source_run")
      .set((eb) => ({ version: eb("version", "+", 1) }))
      .where("source_id", "=", sourceKey)
      .where("state", "!=", PAUSED)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    return { claim: { sourceKey, version: row.version, lease }, cursor: cursorOf(row), run: toRun(row) };
  }, "source.claim");
}

/**
 * Writes cursor and health. `lost`: a later claim exists, the lease is over, or the source is deleted; nothing was written.
 *
 * @param more Part of the same transaction.
 */
export function saveRun(
  store: Pick<Store, "transaction">,
  { sourceKey, version, lease }: RunClaim,
  { cursor, run }: RunUpdate,
  more?: (tx: Tx) => Promise<unknown>,
): Promise<"saved" | "lost"> {
  const cursorJson = cursor === null ? null : JSON.stringify(cursor);
  if (cursorJson !== null && cursorJson.length > MAX_CURSOR) throw new Error("The cursor is larger than 512 KiB.");
  return store.transaction(async (tx) => {
    const { db } = tx;
    if (lease !== undefined && !(await leaseHeld(db, lease))) return "lost";
    const { numUpdatedRows } = await db
      .updateTable("source_run")
      .set({ ...columnsOf(run), ...(cursorJson === null ? {} : { cursor_json: cursorJson }) })
      .where("source_id", "=", sourceKey)
      .where("version", "=", version)
      .executeTakeFirst();
    if (Number(numUpdatedRows) !== 1) return "lost";
    await more?.(tx);
    return "saved";
  }, "source.save");
}

/** Counts events of sources that are not read, by the key of the source. */
export function countReceived(
  store: Pick<Store, "transaction">,
  counts: ReadonlyMap<number, { readonly events: number; readonly at: number }>,
): Promise<void> {
  return store.transaction(async ({ db }) => {
    for (const [sourceKey, { events, at }] of counts) {
      await db
        .updateTable("source_run")
        .set((eb) => ({ events: eb("events", "+", events), last_event_at: at, last_success_at: at }))
        .where("source_id", "=", sourceKey)
        .execute();
    }
  }, "source.count");
}

export function toRun(row: Selectable<SourceRunTable>): SourceRun {
  const { error_code: code, error_text: message, error_hint: hint } = row;
  return {
    state: row.state as RunState,
    failures: row.failures,
    failingSince: row.failing_since,
    announcedAt: row.failing_announced_at,
    error: code === null ? null : { code, message: message ?? "", hint },
    lastSuccessAt: row.last_success_at,
    lastFailureAt: row.last_failure_at,
    lastEventAt: row.last_event_at,
    events: row.events,
    nextAt: row.next_at,
  };
}

function cursorOf({ cursor_json: json }: Selectable<SourceRunTable>): Cursor | null {
  return json === null ? null : (JSON.parse(json) as Cursor);
}

function columnsOf(run: SourceRun) {
  return {
    state: run.state,
    failures: run.failures,
    failing_since: run.failingSince,
    failing_announced_at: run.announcedAt,
    error_code: run.error?.code ?? null,
    error_text: run.error?.message ?? null,
    error_hint: run.error?.hint ?? null,
    last_success_at: run.lastSuccessAt,
    last_failure_at: run.lastFailureAt,
    last_event_at: run.lastEventAt,
    events: run.events,
    next_at: run.nextAt,
  };
}
