/**
 * Daily partitions of messages and attempts, so that a day can be dropped instead of deleted row by row.
 *
 * A key begins with its time, so a day is a range of keys. Partitions are created several days ahead, because creating one needs a short
 * lock on the whole table. All rows before the first day of a database are in one partition.
 */
import type pg from "pg";
import { keyAtTime, timeOfKey } from "../../lib/id.ts";
import { LOCK, lockForTransaction } from "./locks.ts";

/** Partitioned tables. A label is in the partition of the same day as its message. */
export const PARTITIONED = ["message", "message_label", "attempt"] as const;
export type PartitionedTable = (typeof PARTITIONED)[number];

const DAY_MS = 86_400_000;
/** Number of future days that have partitions. */
const DAYS_AHEAD = 7;
/** Maximum days of history that get their own partitions in a new database. Each partition makes planning a little slower. */
const MAX_DAYS = 366;
/** The lock waits for running queries, and all later queries wait for the lock. */
const LOCK_TIMEOUT = "5s";

export interface Partition {
  readonly name: string;
  /** First key in the partition; `null`: the partition of all rows before the first day. */
  readonly from: number | null;
  /** First key after the partition. */
  readonly end: number;
}

/**
 * Creates missing partitions from today on. In a new database, they begin with the day of `since`, at most a year ago, so that rows copied
 * into it have daily partitions too.
 */
export async function ensurePartitions(
  client: pg.ClientBase,
  now: number,
  since: number = now,
  tables: readonly PartitionedTable[] = PARTITIONED,
): Promise<void> {
  const today = Math.floor(now / DAY_MS);
  const first = Math.max(Math.floor(since / DAY_MS), today - MAX_DAYS);
  const wanted = today + DAYS_AHEAD;
  for (const table of tables) {
    const existing = await partitionsOf(client, table);
    if (dayOf(existing.at(-1)) > wanted) continue;
    await addPartitions(client, table, first, wanted);
  }
}

/** Returns the partitions of a table, oldest first. */
export async function partitionsOf(client: pg.ClientBase, table: PartitionedTable): Promise<readonly Partition[]> {
  const { rows } = await client.query<Partition>(
    `SELECT c.relname AS name, (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''?(\\d+)''?\\)'))[1]::bigint AS "from",
       (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''?(\\d+)''?\\)'))[1]::bigint AS "end"
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = to_regclass($1) ORDER BY "end"`,
    [table],
  );
  return rows;
}

async function addPartitions(
  client: pg.ClientBase,
  table: PartitionedTable,
  first: number,
  wanted: number,
): Promise<void> {
  await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
  try {
    await client.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    await lockForTransaction(client, LOCK.schema);
    const newest = (await partitionsOf(client, table)).at(-1);
    if (newest === undefined) await addPartition(client, table, `${table}_before`, "MINVALUE", startOf(first));
    for (let day = newest === undefined ? first : dayOf(newest); day <= wanted; day++) {
      await addPartition(client, table, partitionName(table, startOf(day)), startOf(day), startOf(day + 1));
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** Creates a partition as a separate table and attaches it, which does not block reads and writes of the others. */
async function addPartition(
  client: pg.ClientBase,
  table: PartitionedTable,
  name: string,
  from: number | "MINVALUE",
  to: number,
): Promise<void> {
  await client.query(`CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
  await client.query(`ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM (${from}) TO (${to})`);
}

/** @param from The first key of the day. */
export function partitionName(table: PartitionedTable, from: number): string {
  return `${table}_${new Date(timeOfKey(from)).toISOString().slice(0, 10).replaceAll("-", "")}`;
}

/** The day that begins where a partition ends, in days since 1970 (UTC). */
function dayOf(partition: Partition | undefined): number {
  return partition === undefined ? 0 : Math.round(timeOfKey(partition.end) / DAY_MS);
}

function startOf(day: number): number {
  return keyAtTime(day * DAY_MS);
}
