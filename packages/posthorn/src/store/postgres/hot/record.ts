import type pg from "pg";
import { ATTEMPT, type Cell, EXPUNGED, OUTCOME } from "../../hot-columns.ts";
import { REQUESTED_BY, DELIVERY_STATE, TRIGGER } from "../../schema.ts";
import type { Lease } from "../../delivery.ts";
import type { Outcome } from "../../delivery.ts";
import { BindMessage, type Column } from "./bind-message.ts";
import { type BoundStatement, type PreparedStatement, runBatch } from "./run-batch.ts";
import { rowsOfArrays } from "./unnest.ts";

const { succeeded, failed, canceled } = DELIVERY_STATE;

/** `lost`: another node owned the shard by then, and nothing was written. */
export type Recorded = "recorded" | "lost";

/** An outcome with the place of its lease among those of the batch, counted from 1; `null`: without a lease. */
interface PlacedOutcome {
  readonly outcome: Outcome;
  readonly lease: number | null;
}

const ATTEMPT_INPUT: readonly Column<PlacedOutcome>[] = ATTEMPT.columns.map(({ column, type, of }) => ({
  column: `attempt_${column}`,
  type,
  of: ({ outcome: { attempt } }) => (attempt === null ? null : storable(column, of(attempt))),
}));
const INPUT: readonly Column<PlacedOutcome>[] = [
  ...OUTCOME.columns.map(({ column, type, of }) => ({ column, type, of: ({ outcome }: PlacedOutcome) => of(outcome) })),
  ...ATTEMPT_INPUT,
  { column: "lease", type: "int", of: ({ lease }) => lease },
];
const LEASE: readonly Column<Lease>[] = [
  { column: "shard", type: "bigint", of: ({ shard }) => shard },
  { column: "fence", type: "bigint", of: ({ fence }) => fence },
];

/** The first condition is evaluated once, and the second one only while there are erased messages. */
const IS_ERASED = `(SELECT EXISTS (SELECT FROM message_erasure))
  AND EXISTS (SELECT FROM message_erasure e WHERE e.message_id = input.message_id)`;
/** The values of new attempts, without their content if the message was erased while the attempt was in flight. */
const ATTEMPT_VALUES = ATTEMPT_INPUT.map(({ column }) => {
  if (column === "attempt_response") return `CASE WHEN ${IS_ERASED} THEN '${EXPUNGED}' ELSE ${column} END`;
  return column === "attempt_detail_json" ? `CASE WHEN ${IS_ERASED} THEN NULL ELSE ${column} END` : column;
}).join(", ");

/**
 * How long outcomes that share a commit with messages wait for locks: of a transaction that has changed their deliveries, or of a change of
 * a shard's owner. Such a message should not wait for them.
 */
const LOCK_WAIT_MS = 50;
const LIMITS = `limits AS MATERIALIZED (SELECT set_config('lock_timeout', '${LOCK_WAIT_MS}', true) AS lock),`;
/** Sets the limit before the first lock is taken. */
const IS_LIMITED = "(SELECT lock FROM limits) IS NOT NULL";

const NOTE_CANCELLATIONS = `RETURNING d.message_id, d.endpoint_id, d.state, i.reason, i.canceled_at
  ), noted AS (
    INSERT INTO cancellation (message_id, endpoint_id, reason, at)
    SELECT message_id, endpoint_id, reason, canceled_at FROM moved WHERE state = ${canceled} AND reason IS NOT NULL
    ON CONFLICT (message_id, endpoint_id) DO NOTHING`;

interface RecordVariant {
  /** Attempts may be stored already. */
  readonly isRepeated: boolean;
  /** The statement fails if it waits for a lock for long. */
  readonly isLimited: boolean;
  /** At least one outcome cancels its delivery. */
  readonly isCanceling: boolean;
}

/**
 * Writes outcomes of attempts in one statement: inserts the attempts and updates their deliveries.
 *
 * Each outcome has the lease under which the attempt was made. The leases of a batch are checked once, in the order of their shards, and the
 * check locks the shards against a change of owner until the commit.
 *
 * Each outcome has the generation that the dispatcher read. If an API call has made the delivery due again in the meantime (a resend, a
 * recovery), that request is kept, and only the remaining facts of the outcome are added: the outcome of the attempt in flight decides when
 * the retry schedule continues, not the due time that it started with.
 *
 * Safe to repeat: when a connection breaks, the result of the commit is unknown, so its outcomes are recorded again with the same attempts.
 */
const textOf = ({ isRepeated, isLimited, isCanceling }: RecordVariant): string => `
  WITH ${isLimited ? LIMITS : ""} leases AS MATERIALIZED (
    SELECT held_leases(${LEASE.map(({ type }, index) => `$${INPUT.length + 1 + index}::${type}[]`).join(", ")}) AS held
    ${isLimited ? `WHERE ${IS_LIMITED}` : ""}
  ), input AS MATERIALIZED (
    SELECT * FROM (${rowsOfArrays(INPUT)}) AS i
    WHERE ${isLimited ? `${IS_LIMITED} AND` : ""} (i.lease IS NULL OR (SELECT held FROM leases)[i.lease] = 1)
  ), made AS (
    INSERT INTO attempt (${ATTEMPT.names}, message_id, endpoint_id, trigger_type)
    SELECT ${ATTEMPT_VALUES}, message_id, endpoint_id, trigger_type
    FROM input WHERE attempt_id IS NOT NULL
    ${isRepeated ? "ON CONFLICT (id) DO NOTHING RETURNING id" : ""}
  ), moved AS (
    UPDATE delivery d SET
      state = CASE
        WHEN d.generation <> i.generation THEN CASE WHEN i.state = ${succeeded} THEN i.state ELSE d.state END
        WHEN i.trigger_type = ${TRIGGER.scheduled} THEN i.state
        WHEN d.state = ${succeeded} OR (i.state = ${failed} AND d.resume_due IS NOT NULL) THEN d.state
        ELSE i.state END,
      due = CASE
        WHEN d.generation <> i.generation
          THEN CASE WHEN i.state = ${succeeded} AND d.manual = ${REQUESTED_BY.recovery} THEN NULL ELSE d.due END
        WHEN i.trigger_type = ${TRIGGER.scheduled} THEN i.due
        WHEN i.state = ${failed} THEN d.resume_due END,
      attempts = CASE
        WHEN d.generation <> i.generation THEN greatest(d.attempts, i.attempts)
        WHEN i.trigger_type = ${TRIGGER.scheduled} THEN i.attempts
        ELSE d.attempts END,
      manual = CASE
        WHEN d.generation <> i.generation
          THEN CASE WHEN i.state = ${succeeded} AND d.manual = ${REQUESTED_BY.recovery} THEN 0 ELSE d.manual END
        WHEN i.trigger_type = ${TRIGGER.scheduled} THEN d.manual
        ELSE 0 END,
      resume_due = CASE
        WHEN d.generation = i.generation THEN CASE WHEN i.trigger_type = ${TRIGGER.scheduled} THEN d.resume_due END
        WHEN i.state = ${succeeded} OR d.state = ${canceled} THEN NULL
        WHEN i.trigger_type = ${TRIGGER.scheduled} THEN i.due
        ELSE d.resume_due END,
      pass_at = CASE WHEN d.order_key IS NULL THEN NULL ELSE coalesce(d.pass_at, i.pass_at) END
    FROM input i
    WHERE d.message_id = i.message_id AND d.endpoint_id = i.endpoint_id
      ${isRepeated ? "AND (i.attempt_id IS NULL OR i.attempt_id IN (SELECT id FROM made))" : ""}
    ${isCanceling ? NOTE_CANCELLATIONS : ""}
  )
  SELECT held FROM leases`;

const statements = new Map<string, PreparedStatement>();

function recordStatement(variant: RecordVariant): PreparedStatement {
  const { isRepeated, isLimited, isCanceling } = variant;
  const parts = ["record", isRepeated && "again", isLimited && "with messages", isCanceling && "and cancel"];
  const name = parts.filter((part) => part !== false).join(" ");
  let statement = statements.get(name);
  if (statement === undefined) statements.set(name, (statement = { name, text: textOf(variant) }));
  return statement;
}

/**
 * Records outcomes, each of another delivery. Returns the result of each. Rejects with a unique violation if one of their attempts is
 * stored.
 *
 * @param isRepeated Whether attempts may be stored. Such outcomes are skipped.
 */
export async function recordTogether(
  client: pg.ClientBase,
  entries: readonly Outcome[],
  isRepeated = false,
): Promise<readonly Recorded[]> {
  const { bound, resultsOf } = boundRecord(entries, { isRepeated, isLimited: false });
  return resultsOf(await runBatch<RecordedRow>(client, bound));
}

/** The row that the statement returns. */
export interface RecordedRow {
  /** Whether each lease is held: 1 or 0. */
  readonly held: readonly number[] | null;
}

export interface BoundRecord {
  readonly bound: BoundStatement;
  /** Returns the result of each outcome. */
  resultsOf(rows: readonly RecordedRow[]): readonly Recorded[];
}

/** Outcomes that share a commit with messages. Rejects with a timeout if it waits for locks. */
export function boundRecordWithMessages(entries: readonly Outcome[]): BoundRecord {
  return boundRecord(entries, { isRepeated: false, isLimited: true });
}

function boundRecord(entries: readonly Outcome[], variant: Omit<RecordVariant, "isCanceling">): BoundRecord {
  const isCanceling = entries.some(({ cancel }) => (cancel ?? null) !== null);
  const statement = recordStatement({ ...variant, isCanceling });
  const { leases, places } = leasesOf(entries);
  const rows = entries.map((outcome, index) => ({ outcome, lease: places[index]! }));
  const message = new BindMessage(statement.name, INPUT.length + LEASE.length)
    .arrays(rows, INPUT)
    .arrays(leases, LEASE);
  return {
    bound: { statement, message },
    resultsOf: ([row]) => {
      const held = row!.held ?? [];
      return places.map((place) => (place === null || held[place - 1] === 1 ? "recorded" : "lost"));
    },
  };
}

/** Returns the distinct leases of a batch in the order of their shards, and for each entry the position of its lease, counted from 1. */
function leasesOf(entries: readonly Outcome[]): {
  readonly leases: readonly Lease[];
  readonly places: readonly (number | null)[];
} {
  const known = new Map<string, Lease>();
  for (const { lease } of entries) if (lease !== undefined) known.set(`${lease.shard}/${lease.fence}`, lease);
  const leases = [...known.values()].sort((a, b) => a.shard - b.shard || a.fence - b.fence);
  const placeOf = new Map(leases.map(({ shard, fence }, index) => [`${shard}/${fence}`, index + 1]));
  const places = entries.map(({ lease }) =>
    lease === undefined ? null : placeOf.get(`${lease.shard}/${lease.fence}`)!,
  );
  return { leases, places };
}

/** Replaces NUL, which PostgreSQL cannot store in texts and a response may contain. */
function storable(column: string, value: Cell): Cell {
  return column === "response" ? (value as string).replaceAll("\0", "\uFFFD") : value;
}
