/** History by day, stored as partitions, which are dropped as a whole instead of row by row. */
import { type Kysely, sql } from "kysely";
import type { Day, DayStore, TableOfDays } from "../days.ts";
import type { Database } from "../schema.ts";
import { type Pool, withClient } from "./connections.ts";
import { LOCK, lockCall } from "./locks.ts";
import { partitionName, partitionsOf } from "./partitions.ts";
import { toStoreError } from "./errors.ts";
import type { Tx } from "../tx.ts";

/** Publishes wait behind a waiting lock request: a list query that takes longer than this takes precedence. */
const LOCK_TIMEOUT = "2s";

export class PostgresDays implements DayStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async days(table: TableOfDays): Promise<readonly Day[]> {
    try {
      const partitions = await withClient(this.#pool, (client) => partitionsOf(client, table));
      return partitions.flatMap(({ from, end }) => (from === null ? [] : [{ from, end }]));
    } catch (error) {
      throw toStoreError(error);
    }
  }

  async keepOnly({ db }: Tx, table: TableOfDays, day: Day, keep: readonly number[]): Promise<void> {
    const name = partitionName(table, day.from);
    const kept = `${name}_kept`;
    // Same order of locks as in `ensurePartitions`, to avoid deadlocks.
    await run(db, `SELECT ${lockCall(LOCK.schema)}`);
    await run(db, `SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    if (keep.length > 0) {
      await run(db, `CREATE TABLE ${kept} (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
      await sql`INSERT INTO ${sql.raw(kept)} SELECT * FROM ${sql.raw(table)}
        WHERE id >= ${day.from} AND id < ${day.end} AND id = ANY (${[...keep]}::bigint[])`.execute(db);
    }
    await run(db, `ALTER TABLE ${table} DETACH PARTITION ${name}`);
    await run(db, `DROP TABLE ${name}`);
    if (keep.length > 0) {
      await run(db, `ALTER TABLE ${kept} RENAME TO ${name}`);
      await run(db, `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM (${day.from}) TO (${day.end})`);
    }
    if (table === "message") await keepLabels(db, day, keep);
  }

  async freeEventIds({ db }: Tx, after: number, upTo: number): Promise<void> {
    await sql`
      DELETE FROM event_id_taken t WHERE t.message_id > ${after} AND t.message_id <= ${upTo}
        AND NOT EXISTS (SELECT FROM message m WHERE m.id = t.message_id AND m.id > ${after} AND m.id <= ${upTo})`.execute(
      db,
    );
  }
}

/** Rebuilds the labels of a day from its remaining messages, which are few. */
async function keepLabels(db: Kysely<Database>, day: Day, keep: readonly number[]): Promise<void> {
  const name = partitionName("message_label", day.from);
  await run(db, `DROP TABLE ${name}`);
  if (keep.length === 0) return;
  await run(db, `CREATE TABLE ${name} PARTITION OF message_label FOR VALUES FROM (${day.from}) TO (${day.end})`);
  await sql`INSERT INTO message_label (app_id, kind, name, message_id)
    SELECT m.app_id, l.kind, l.name, m.id FROM message m CROSS JOIN LATERAL labels_of(m.channels_json, m.tags_json) l
    WHERE m.id >= ${day.from} AND m.id < ${day.end} AND (m.channels_json IS NOT NULL OR m.tags_json IS NOT NULL)`.execute(
    db,
  );
}

async function run(db: Kysely<Database>, text: string): Promise<void> {
  await sql.raw(text).execute(db);
}
