/** Brings a database to the schema of this version: forward only, each step in its own transaction, one process at a time. */
import type pg from "pg";
import { COPYING } from "../copy/tables.ts";
import { copyUnfinished, schemaTooNew } from "../errors.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../migrations/list.ts";
import { migrationFor } from "../migrations/portable.ts";
import { type MigrationState, statesBy } from "../migrations/state.ts";
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

/** Runs what is missing, and returns it. Throws `schema_too_new` when a later version of Posthorn was here. */
export async function migrate(client: pg.ClientBase, now: number): Promise<readonly MigrationState[]> {
  await prepare(client);
  const applied: MigrationState[] = [];
  for (let version = await found(client); version < SCHEMA_VERSION; version = await found(client)) {
    const step = await applyNext(client, now);
    if (step !== null) applied.push(step);
  }
  return applied;
}

/** What was done to a database and what is left to do. Changes nothing. */
export async function migrationStates(client: pg.ClientBase): Promise<readonly MigrationState[]> {
  const { rows } = await client.query<{ known: unknown }>("SELECT to_regclass($1) AS known", [
    `${SCHEMA}.schema_version`,
  ]);
  const applied = rows[0]!.known === null ? [] : await versions(client);
  const times = new Map(applied.map(({ version, applied_at }) => [version, applied_at]));
  const newest = Math.max(0, ...times.keys());
  if (newest > SCHEMA_VERSION) throw schemaTooNew(newest, SCHEMA_VERSION);
  return statesBy((version) => times.get(version));
}

/** Throws `copy_unfinished` when the database is half of a copy. */
async function refuseHalfCopy(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ known: unknown }>("SELECT to_regclass($1) AS known", [`${SCHEMA}.${COPYING}`]);
  if (rows[0]!.known !== null) throw copyUnfinished();
}

/** Another process may have done it in between: the version is read again under the lock. */
async function applyNext(client: pg.ClientBase, now: number): Promise<MigrationState | null> {
  await client.query("BEGIN");
  try {
    await lockForTransaction(client, LOCK.schema);
    const version = (await found(client)) + 1;
    if (version > SCHEMA_VERSION) {
      await client.query("COMMIT");
      return null;
    }
    const { name, sql } = MIGRATIONS[version - 1]!;
    await client.query(migrationFor("postgres", sql));
    await client.query(`INSERT INTO ${SCHEMA}.schema_version VALUES ($1, $2, $3)`, [version, name, now]);
    await client.query("COMMIT");
    return { version, name, applied: true, appliedAt: now };
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** Makes the schema and the table that says what was done, where they are missing. */
export async function prepare(client: pg.ClientBase): Promise<void> {
  await client.query("BEGIN");
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

async function found(client: pg.ClientBase): Promise<number> {
  const newest = (await versions(client)).at(-1)?.version ?? 0;
  if (newest > SCHEMA_VERSION) throw schemaTooNew(newest, SCHEMA_VERSION);
  return newest;
}

async function versions(client: pg.ClientBase): Promise<readonly { version: number; applied_at: number }[]> {
  const { rows } = await client.query<{ version: number; applied_at: number }>(
    `SELECT version, applied_at FROM ${SCHEMA}.schema_version ORDER BY version`,
  );
  return rows;
}
