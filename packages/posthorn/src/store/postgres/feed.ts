/**
 * Moves the horizon of feeds in PostgreSQL, where several nodes write at the same time.
 *
 * The next horizon is announced in the sequence `feed_next`. A transaction that stores messages locks the value that it
 * has read until it ends, and gives messages at or below the value a place behind it. Once no transaction holds a lock
 * on the last value, every message up to the new one is visible, and later messages are known to be late. Nothing waits
 * for a lock: while an old transaction is open, the horizon does not move.
 */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { FEED_CURSOR } from "../feed-cursor.ts";
import { MAX_HORIZON_AGE_MS } from "../feed-horizon.ts";
import { inTransaction, type Pool, withClient } from "./connections.ts";

/** "feed" in ASCII: the first number of the advisory locks, as in migration 040. */
const LOCK_CLASS = 1_717_920_100;
const LOCKS = 2_147_483_647;
/**
 * For messages younger than this, other transactions are usually still in progress. Waiting for them keeps the messages
 * in key order.
 */
const LAG_MS = 250;
/**
 * A node with a clock this far ahead determines the horizon: its messages must not wait until others have caught up.
 */
const AHEAD_MS = 1000;
/** Number and interval of checks whether the transactions before an announcement have ended. */
const CHECKS = 12;
const CHECK_MS = 5;

const keyAt = (ms: string): string => `(((${ms}) / 1000 - 1400000000) << 22) + (((${ms}) % 1000 / 4) << 14)`;

const STATE = {
  name: "feed-state",
  text: `
  WITH state AS MATERIALIZED (
    SELECT coalesce((SELECT last_id FROM rollup_cursor WHERE source = '${FEED_CURSOR}'), 0) AS horizon,
      (SELECT last_value FROM feed_next) AS next, clock_ms() AS now
  ), newest AS MATERIALIZED (
    SELECT coalesce((SELECT m.id FROM message m ORDER BY m.id DESC LIMIT 1), 0) AS id
  ), candidate AS MATERIALIZED (
    SELECT greatest(CASE WHEN newest.id > ${keyAt(`now + ${AHEAD_MS}`)} THEN newest.id ELSE ${keyAt(`now - ${LAG_MS}`)} END,
      next + 1, horizon + 1) AS key FROM state, newest
  )
  SELECT state.horizon, state.next, candidate.key AS candidate,
    EXISTS (SELECT FROM message m WHERE m.id > state.horizon AND m.id <= candidate.key)
      OR EXISTS (SELECT FROM feed_late l WHERE l.after_key >= state.horizon)
      OR state.horizon < ${keyAt(`now - ${MAX_HORIZON_AGE_MS}`)} AS behind
  FROM state, candidate`,
};

interface State {
  readonly horizon: number;
  readonly next: number;
  readonly candidate: number;
  readonly behind: number;
}

/** Returns the horizon after moving it on, if there is something to read behind it or it is old. */
export async function moveFeedHorizon(pool: Pool): Promise<number> {
  const { horizon, next, behind } = await stateOf(pool);
  if (behind === 0 && next <= horizon) return horizon;
  return inTransaction(pool, (client) => announceAndWait(client, horizon));
}

function stateOf(pool: Pool): Promise<State> {
  return withClient(pool, async (client) => (await client.query<State>(STATE)).rows[0]!);
}

async function announceAndWait(client: pg.ClientBase, known: number): Promise<number> {
  await client.query(
    `INSERT INTO rollup_cursor (source, last_id) VALUES ('${FEED_CURSOR}', 0) ON CONFLICT (source) DO NOTHING`,
  );
  const own = await client.query<{ horizon: number; next: number }>(
    `SELECT last_id AS horizon, (SELECT last_value FROM feed_next) AS next FROM rollup_cursor WHERE source = '${FEED_CURSOR}'
     FOR UPDATE SKIP LOCKED`,
  );
  // Another reader is moving it.
  if (own.rows.length === 0) return known;
  const { horizon, next } = own.rows[0]!;
  let target = next;
  if (next <= horizon) {
    const { rows } = await client.query<State>(STATE);
    if (rows[0]!.behind === 0) return horizon;
    target = rows[0]!.candidate;
    await client.query(`SELECT setval('feed_next', ${target})`);
  }
  for (let checks = 1; !(await areFree(client, horizon)); checks++) {
    if (checks === CHECKS) return horizon;
    await delay(CHECK_MS);
  }
  await client.query(`UPDATE rollup_cursor SET last_id = $1 WHERE source = '${FEED_CURSOR}'`, [target]);
  return target;
}

/** Whether the transactions that read the last value have ended. The value is the horizon, or 0 in a new database. */
async function areFree(client: pg.ClientBase, horizon: number): Promise<boolean> {
  const { rows } = await client.query<{ free: number }>(
    `SELECT pg_try_advisory_xact_lock(${LOCK_CLASS}, $1) AND pg_try_advisory_xact_lock(${LOCK_CLASS}, 0) AS free`,
    [horizon % LOCKS],
  );
  return rows[0]!.free === 1;
}
