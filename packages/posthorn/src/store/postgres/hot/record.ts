import type pg from "pg";
import { ATTEMPT, type Cell, EXPUNGED, OUTCOME } from "../../hot-columns.ts";
import { REQUESTED_BY, DELIVERY_STATE, TRIGGER } from "../../schema.ts";
import type { Lease } from "../../delivery.ts";
import type { Outcome } from "../../delivery.ts";
import { BindMessage, type Column } from "./bind-message.ts";
import { runBatch } from "./run-batch.ts";
import { namesOf, unnestOf } from "./unnest.ts";

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
const recordStatement = (isRepeated: boolean) => ({
  name: isRepeated ? "record again" : "record",
  text: `
  WITH leases AS MATERIALIZED (
    SELECT array_agg(holds(l.shard, l.fence) ORDER BY l.place) AS held
    FROM ${unnestOf(LEASE, INPUT.length + 1)} WITH ORDINALITY AS l (${namesOf(LEASE)}, place)
  ), input AS MATERIALIZED (
    SELECT * FROM ${unnestOf(INPUT)} AS i (${namesOf(INPUT)})
    WHERE i.lease IS NULL OR (SELECT held FROM leases)[i.lease]
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
    RETURNING d.message_id, d.endpoint_id, d.state, i.reason, i.canceled_at
  ), noted AS (
    INSERT INTO cancellation (message_id, endpoint_id, reason, at)
    SELECT message_id, endpoint_id, reason, canceled_at FROM moved WHERE state = ${canceled} AND reason IS NOT NULL
    ON CONFLICT (message_id, endpoint_id) DO NOTHING
  )
  SELECT held::int[] FROM leases`,
});
const RECORD = recordStatement(false);
const RECORD_AGAIN = recordStatement(true);

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
  const { leases, places } = leasesOf(entries);
  const rows = entries.map((outcome, index) => ({ outcome, lease: places[index]! }));
  const statement = isRepeated ? RECORD_AGAIN : RECORD;
  const message = new BindMessage(statement.name, INPUT.length + LEASE.length)
    .arrays(rows, INPUT)
    .arrays(leases, LEASE);
  const [row] = await runBatch<{ held: readonly number[] | null }>(client, statement, message);
  const held = row!.held ?? [];
  return places.map((place) => (place === null || held[place - 1] === 1 ? "recorded" : "lost"));
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
