/** Migrates a database to the schema of this version: forward only, each step in its own transaction, one process at a time. */
import type pg from "pg";
import { COPYING, RESTORING } from "../copy/tables.ts";
import { copyUnfinished, restoreUnfinished } from "../errors.ts";
import { CHECKSUMS_SINCE, migrationChecksum, MIGRATIONS, SCHEMA_VERSION } from "../migrations/list.ts";
import { migrationFor } from "../migrations/portable.ts";
import {
  type MigrationHistory,
  type MigrationRecord,
  type MigrationState,
  migrationStatesOf,
  requireSameMigrations,
} from "../migrations/state.ts";
import { SCHEMA } from "./schema-name.ts";
import { LOCK, lockForTransaction } from "./locks.ts";
import { ensurePartitions } from "./partitions.ts";

/** Prepares a database for a node: refuses an unfinished copy, runs and returns the pending migrations, and creates future partitions. */
export async function prepareDatabase(client: pg.ClientBase, now: number): Promise<readonly MigrationState[]> {
  await refuseUnfinishedCopy(client);
  const applied = await migrate(client, now);
  await ensurePartitions(client, now);
  return applied;
}

/**
 * Runs the pending migrations and returns them. Throws `schema_too_new` when a later version of Posthorn wrote the database, and
 * `schema_mismatch` when its migrations differ from those of this version.
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

/** Compares the migrations of a database with those of this version. Throws the same errors as {@link migrate} and changes nothing. */
export async function checkMigrations(client: pg.ClientBase): Promise<readonly MigrationState[]> {
  const states = await migrationStates(client);
  requireSameMigrations(states);
  return states;
}

/** Lists every migration with whether it was applied. Changes nothing. */
export async function migrationStates(client: pg.ClientBase): Promise<readonly MigrationState[]> {
  const { rows } = await client.query<{ known: unknown }>("SELECT to_regclass($1) AS known", [
    `${SCHEMA}.schema_version`,
  ]);
  return rows[0]!.known === null
    ? migrationStatesOf({ database: "postgres", version: 0, records: [] })
    : migrationStatesOf(await historyOf(client));
}

/** Throws `copy_unfinished` when the database is the target of an unfinished copy. */
async function refuseUnfinishedCopy(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ known: unknown }>("SELECT to_regclass($1) AS known", [`${SCHEMA}.${COPYING}`]);
  if (rows[0]!.known !== null) throw copyUnfinished();
  await refuseUnfinishedRestore(client);
}

/** Throws `restore_unfinished` when a restore into the database has not ended. */
async function refuseUnfinishedRestore(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ known: unknown }>("SELECT to_regclass($1) AS known", [
    `${SCHEMA}.${RESTORING}`,
  ]);
  if (rows[0]!.known !== null) throw restoreUnfinished();
}

/**
 * Runs the next migration, or only records checksums if no migration is pending. It reads the history again under the lock, because
 * another process may have done either in the meantime.
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

/** Records missing checksums: those of migrations from before the database could store them, and of the newest one. */
async function recordChecksums(client: pg.ClientBase): Promise<void> {
  const versions = MIGRATIONS.map((_, index) => index + 1);
  await client.query(
    `UPDATE ${SCHEMA}.schema_version s SET checksum = c.checksum FROM unnest($1::bigint[], $2::text[]) AS c (version, checksum)
     WHERE s.version = c.version AND s.checksum IS NULL`,
    [versions, versions.map((version) => migrationChecksum("postgres", version))],
  );
}

/** Creates the schema and the table of migrations if they are missing. */
export async function prepare(client: pg.ClientBase): Promise<void> {
  await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
  try {
    await lockForTransaction(client, LOCK.schema);
    const { rows } = await client.query<{ known: unknown }>("SELECT to_regnamespace($1) AS known", [SCHEMA]);
    // Not `IF NOT EXISTS`, which needs the right to create schemas even if it exists. Only the first run must have that right.
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

/** Reads the checksum through JSON, because databases of earlier versions do not have the column. */
async function historyOf(client: pg.ClientBase): Promise<MigrationHistory> {
  const { rows } = await client.query<MigrationRecord>(
    `SELECT version, name, to_jsonb(s) ->> 'checksum' AS checksum, applied_at AS "appliedAt"
     FROM ${SCHEMA}.schema_version s ORDER BY version`,
  );
  return { database: "postgres", version: rows.at(-1)?.version ?? 0, records: rows };
}
