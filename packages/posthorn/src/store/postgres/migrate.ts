/** Brings a database to the schema of this version: forward only, each step in its own transaction, one process at a time. */
import type pg from "pg";
import { COPYING } from "../copy/tables.ts";
import { copyUnfinished } from "../errors.ts";
import { CHECKSUMS_SINCE, migrationChecksum, MIGRATIONS, SCHEMA_VERSION } from "../migrations/list.ts";
import { migrationFor } from "../migrations/portable.ts";
import {
  type MigrationHistory,
  type MigrationRecord,
  type MigrationState,
  migrationStatesOf,
  requireSameMigrations,
} from "../migrations/state.ts";
import { SCHEMA } from "./connections.ts";
import { LOCK, lockForTransaction } from "./locks.ts";
import { ensurePartitions } from "./partitions.ts";

/** Makes a database ready for a node: refuses half a copy, runs what is missing and returns it, makes the days to come. */
export async function prepareDatabase(client: pg.ClientBase, now: number): Promise<readonly MigrationState[]> {
  await refuseHalfCopy(client);
  const applied = await migrate(client, now);
  await ensurePartitions(client, now);
  return applied;
}

/**
 * Runs the missing migrations and returns them. Throws `schema_too_new` when a later version of Posthorn was here, and `schema_mismatch`
 * when the migrations of the database are not those of this version.
 */
export async function migrate(client: pg.ClientBase, now: number): Promise<readonly MigrationState[]> {
  await prepare(client);
  const applied: MigrationState[] = [];
  for (let states = await checkMigrations(client); !states.every(isSettled); states = await checkMigrations(client)) {
    const step = await applyNext(client, now);
    if (step !== null) applied.push(step);
  }
  return applied;
}

/** Compares the migrations of a database with those of this version, throws as {@link migrate} does, and changes nothing. */
export async function checkMigrations(client: pg.ClientBase): Promise<readonly MigrationState[]> {
  const states = await migrationStates(client);
  requireSameMigrations(states);
  return states;
}

/** What was done to a database and what is left to do. Changes nothing. */
export async function migrationStates(client: pg.ClientBase): Promise<readonly MigrationState[]> {
  const { rows } = await client.query<{ known: unknown }>("SELECT to_regclass($1) AS known", [
    `${SCHEMA}.schema_version`,
  ]);
  return rows[0]!.known === null
    ? migrationStatesOf({ database: "postgres", version: 0, records: [] })
    : migrationStatesOf(await historyOf(client));
}

/** Throws `copy_unfinished` when the database is half of a copy. */
async function refuseHalfCopy(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ known: unknown }>("SELECT to_regclass($1) AS known", [`${SCHEMA}.${COPYING}`]);
  if (rows[0]!.known !== null) throw copyUnfinished();
}

/**
 * Runs the next migration, or only records checksums where none is missing. Another process may have done either in between: the
 * history is read again under the lock.
 */
async function applyNext(client: pg.ClientBase, now: number): Promise<MigrationState | null> {
  await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
  try {
    await lockForTransaction(client, LOCK.schema);
    const next = (await checkMigrations(client)).find(({ applied }) => !applied);
    if (next !== undefined) {
      const { version, name } = next;
      await client.query(migrationFor("postgres", MIGRATIONS[version - 1]!.sql));
      await client.query(`INSERT INTO ${SCHEMA}.schema_version VALUES ($1, $2, $3)`, [version, name, now]);
    }
    if ((next?.version ?? SCHEMA_VERSION) >= CHECKSUMS_SINCE) await recordChecksums(client);
    await client.query("COMMIT");
    return next === undefined ? null : { ...next, applied: true, appliedAt: now, record: "matches" };
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** Records the checksums of migrations that have none yet: those from before the database had a place for them, and the newest one. */
async function recordChecksums(client: pg.ClientBase): Promise<void> {
  const versions = MIGRATIONS.map((_, index) => index + 1);
  await client.query(
    `UPDATE ${SCHEMA}.schema_version s SET checksum = c.checksum FROM unnest($1::bigint[], $2::text[]) AS c (version, checksum)
     WHERE s.version = c.version AND s.checksum IS NULL`,
    [versions, versions.map((version) => migrationChecksum("postgres", version))],
  );
}

/** Makes the schema and the table that says what was done, where they are missing. */
export async function prepare(client: pg.ClientBase): Promise<void> {
  await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
  try {
    await lockForTransaction(client, LOCK.schema);
    const { rows } = await client.query<{ known: unknown }>("SELECT to_regnamespace($1) AS known", [SCHEMA]);
    // Asked first, since to make it needs a right that only its first run has to have.
    if (rows[0]!.known === null) await client.query(`CREATE SCHEMA ${SCHEMA}`);
    await client.query(`CREATE TABLE IF NOT EXISTS ${SCHEMA}.schema_version (
      version bigint PRIMARY KEY, name text NOT NULL, applied_at bigint NOT NULL)`);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

function isSettled({ applied, record }: MigrationState): boolean {
  return applied && record !== "unrecorded";
}

/** Reads the checksum by way of JSON, since databases of earlier versions have no such column. */
async function historyOf(client: pg.ClientBase): Promise<MigrationHistory> {
  const { rows } = await client.query<MigrationRecord>(
    `SELECT version, name, to_jsonb(s) ->> 'checksum' AS checksum, applied_at AS "appliedAt"
     FROM ${SCHEMA}.schema_version s ORDER BY version`,
  );
  return { database: "postgres", version: rows.at(-1)?.version ?? 0, records: rows };
}
