/** Converts and stores hourly statistics as rows. */
import { type Kysely, type RawBuilder, type Selectable, sql } from "kysely";
import { elementsOf, orderedJoin } from "../../store/portable-sql.ts";
import type { CountColumns, RollupTable } from "../../store/statistics-schema.ts";
import type { Database } from "../../store/schema.ts";
import { addToStored, decodeHistogram, encodeHistogram } from "./histogram.ts";
import { type Counts, type Tally, type TallyEntry } from "./tally.ts";

/** Rows per statement, which bounds the size of its parameter. */
const ROWS = 1000;

export function countsOf(row: CountColumns): Counts {
  return {
    messages: row.messages,
    attemptsOk: row.attempts_ok,
    attemptsFailed: row.attempts_failed,
    firstTry: row.first_try,
    later: row.later,
    exhausted: row.exhausted,
    latency: decodeHistogram(row.latency_json),
    duration: decodeHistogram(row.duration_json),
  };
}

export function columnsOf(counts: Counts): CountColumns {
  return {
    messages: counts.messages,
    attempts_ok: counts.attemptsOk,
    attempts_failed: counts.attemptsFailed,
    first_try: counts.firstTry,
    later: counts.later,
    exhausted: counts.exhausted,
    latency_json: encodeHistogram(counts.latency),
    duration_json: encodeHistogram(counts.duration),
  };
}

/** Columns of a row, in the order in which the database gets their values. */
const PLACE = ["org_id", "app_id", "endpoint_id", "hour"] as const;
const NUMBERS = ["messages", "attempts_ok", "attempts_failed", "first_try", "later", "exhausted"] as const;
const TEXTS = ["latency_json", "duration_json"] as const;

const NAMES = sql.join([...PLACE, ...NUMBERS, ...TEXTS].map((column) => sql.ref(column)));
const CELLS = sql.join([
  ...[...PLACE, ...NUMBERS].map((_, index) => numberAt(index)),
  ...TEXTS.map((_, index) => sql`e.value ->> ${sql.lit(PLACE.length + NUMBERS.length + index)}`),
]);
const UPDATES = sql.join([...NUMBERS, ...TEXTS].map((column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`));
const IS_SAME = sql.join(
  PLACE.map((column, index) => sql`r.${sql.ref(column)} = ${numberAt(index)}`),
  sql` AND `,
);

function numberAt(index: number): RawBuilder<unknown> {
  return sql`CAST(e.value ->> ${sql.lit(index)} AS bigint)`;
}

/**
 * Adds the counts of a step to the rows of their hours. Another node may count too, so call it in the transaction that advances the cursor.
 *
 * Events for many endpoints change as many rows. Their values are one parameter, because a statement with a parameter for each value has to
 * be built, parsed and planned each time. They are in the order of the primary key, so that neighbours are written together and two nodes
 * cannot wait for each other.
 */
export async function addToRows(db: Kysely<Database>, tally: Tally): Promise<void> {
  const entries = tally.entries.toSorted(byKey);
  for (let start = 0; start < entries.length; start += ROWS) {
    const chunk = entries.slice(start, start + ROWS);
    await saveRows(db, merged(chunk, await storedRows(db, chunk)));
  }
}

function byKey({ place: a, hour: aHour }: TallyEntry, { place: b, hour: bHour }: TallyEntry): number {
  return a.orgId - b.orgId || a.appId - b.appId || a.endpointId - b.endpointId || aHour - bHour;
}

async function storedRows(
  db: Kysely<Database>,
  entries: readonly TallyEntry[],
): Promise<readonly Selectable<RollupTable>[]> {
  const keys = entries.map(({ place, hour }) => [place.orgId, place.appId, place.endpointId, hour]);
  const { rows } = await sql<Selectable<RollupTable>>`
    SELECT r.* FROM ${elementsOf(db, keys)} AS e ${orderedJoin(db)} rollup AS r ON ${IS_SAME}`.execute(db);
  return rows;
}

/** The values of each row after the counts of its entry were added. */
function merged(
  entries: readonly TallyEntry[],
  stored: readonly Selectable<RollupTable>[],
): readonly (readonly unknown[])[] {
  const name = (...key: readonly number[]): string => key.join("/");
  const known = new Map(stored.map((row) => [name(row.org_id, row.app_id, row.endpoint_id, row.hour), row]));
  return entries.map(({ place: { orgId, appId, endpointId }, hour, counts }) => {
    const before = known.get(name(orgId, appId, endpointId, hour));
    const columns = before === undefined ? columnsOf(counts) : added(before, counts);
    return [orgId, appId, endpointId, hour, ...[...NUMBERS, ...TEXTS].map((column) => columns[column])];
  });
}

/** Adds counts to those of a stored row. Does not change `counts`, because the transaction may be retried. */
function added(row: CountColumns, counts: Counts): CountColumns {
  return {
    messages: row.messages + counts.messages,
    attempts_ok: row.attempts_ok + counts.attemptsOk,
    attempts_failed: row.attempts_failed + counts.attemptsFailed,
    first_try: row.first_try + counts.firstTry,
    later: row.later + counts.later,
    exhausted: row.exhausted + counts.exhausted,
    latency_json: addToStored(row.latency_json, counts.latency),
    duration_json: addToStored(row.duration_json, counts.duration),
  };
}

async function saveRows(db: Kysely<Database>, rows: readonly (readonly unknown[])[]): Promise<void> {
  // SQLite needs the condition to know that ON CONFLICT does not belong to a join.
  await sql`
    INSERT INTO rollup (${NAMES}) SELECT ${CELLS} FROM ${elementsOf(db, rows)} AS e WHERE true
    ON CONFLICT (org_id, app_id, endpoint_id, hour) DO UPDATE SET ${UPDATES}`.execute(db);
}
