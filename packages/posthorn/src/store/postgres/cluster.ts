/** Nodes of a PostgreSQL database and owners of its shards. All times come from the database clock. */
import type pg from "pg";
import { checkSecrets, freeSlot, type TakenSlot } from "../membership-slots.ts";
import { kindsByShard, SHARDS } from "../shards.ts";
import type {
  ClusterNode,
  ClusterStore,
  ClusterView,
  KindsByShard,
  Membership,
  NodeFacts,
  NodeReport,
} from "../cluster.ts";
import type { Lease } from "../delivery.ts";
import { inTransaction, type Pool } from "./connections.ts";
import { toStoreError } from "./errors.ts";
import type { NotificationConnection } from "./notification-connection.ts";
import { LOCK, lockForTransaction, lockShard, tryLockShard } from "./locks.ts";

/** How long a node waits for another one that is frozen within a transaction. */
const LOCK_TIMEOUT = "2s";

const MAKE_SHARDS =
  "INSERT INTO shard SELECT id, NULL, 0 FROM generate_series(0, $1::bigint - 1) AS id ON CONFLICT DO NOTHING";
const OTHERS = `
  SELECT id, process, slot, host, secrets_mark AS "secretsMark", (leased_until > clock_ms())::int AS live,
    greatest(settled_messages, settled_attempts) AS settled
  FROM node ORDER BY id`;
const JOIN = `
  INSERT INTO node (slot, host, version, secrets_mark, process, kinds, thread, started_at, seen_at, leased_until)
  VALUES ($1, $2, $3, $4, $5, $7, $8, clock_ms(), clock_ms(), clock_ms() + $6) RETURNING id`;
const COUNTED = "SELECT coalesce(max(last_id), 0) AS counted FROM rollup_cursor";
/** Columns of a node as `NodeRow` names them. */
const NODE_COLUMNS = `
  id, host, thread, version, started_at AS "startedAt", seen_at AS "seenAt", leased_until - clock_ms() AS "leaseMs", draining,
  in_flight AS "inFlight", lanes, lag_ms AS "lagMs", settled_messages AS messages, settled_attempts AS attempts, kinds`;
const SHARDS_NOW = `(SELECT json_agg(json_build_array(id, node_id, fence) ORDER BY id) FROM shard) AS shards`;
const VIEW = `
  WITH nodes AS (SELECT ${NODE_COLUMNS} FROM node)
  SELECT clock_ms() AS at, (SELECT json_agg(nodes ORDER BY id) FROM nodes) AS nodes, ${SHARDS_NOW}`;
/** Renews and reads the cluster in one statement, because nodes at rest do little else. Its snapshot has the earlier row of the node itself. */
const RENEW = `
  WITH renewed AS (
    UPDATE node SET seen_at = clock_ms(), leased_until = clock_ms() + $2, draining = $3, in_flight = $4, lanes = $5,
      settled_messages = $6, settled_attempts = $7, lag_ms = $8
    WHERE id = $1 RETURNING ${NODE_COLUMNS}),
  nodes AS (SELECT * FROM renewed UNION ALL SELECT ${NODE_COLUMNS} FROM node WHERE id <> $1)
  SELECT clock_ms() AS at, (SELECT json_agg(nodes ORDER BY id) FROM nodes) AS nodes, ${SHARDS_NOW}
  WHERE EXISTS (SELECT FROM renewed)`;
/** One look-up in an index for each shard and kind: `LIMIT` keeps PostgreSQL from reading all endpoints of the kinds instead. */
const KINDS_BY_SHARD = `
  SELECT s.shard, k.kind FROM unnest($1::text[]) AS k(kind), generate_series(0, $2::bigint - 1) AS s(shard),
    LATERAL (SELECT FROM endpoint e
      WHERE e.kind = k.kind AND shard_of(e.id) = s.shard AND e.kind <> 'http' AND e.deleted_at IS NULL LIMIT 1) AS one`;
const DELETE_EXPIRED = "DELETE FROM node WHERE id = ANY ($1::bigint[]) AND leased_until < clock_ms()";
/** `OFFSET 0` keeps the order of the conditions: owned shards are filtered out before a lock is tried. */
const TAKE = `
  UPDATE shard SET node_id = $1, fence = fence + 1
  WHERE id IN (
    SELECT free.id FROM (
      SELECT s.id FROM shard s WHERE s.id = ANY ($2::bigint[])
        AND (s.node_id IS NULL OR NOT EXISTS (SELECT FROM node n WHERE n.id = s.node_id))
      ORDER BY s.id OFFSET 0) AS free
    WHERE ${tryLockShard("free.id")})
    AND EXISTS (SELECT FROM node n WHERE n.id = $1)
  RETURNING id AS shard, fence`;
const LOCK_SHARDS = `SELECT ${lockShard("id")} FROM unnest($1::bigint[]) AS id`;
const RELEASE = "UPDATE shard SET node_id = NULL, fence = fence + 1 WHERE id = ANY ($1::bigint[]) AND node_id = $2";
const LEAVE = "DELETE FROM node WHERE id = $1";
const REMOVE = "DELETE FROM node WHERE id = ANY ($1::bigint[])";

interface OtherRow extends Omit<TakenSlot, "live"> {
  readonly id: number;
  /** `null`: unknown, as of a node of an earlier version. */
  readonly process: string | null;
  readonly live: number;
  readonly settled: number;
}

interface NodeRow {
  readonly id: number;
  readonly host: string;
  readonly thread: number | null;
  readonly version: string;
  readonly startedAt: number;
  readonly seenAt: number;
  readonly leaseMs: number;
  readonly draining: number;
  readonly inFlight: number;
  readonly lanes: number;
  readonly lagMs: number;
  readonly messages: number;
  readonly attempts: number;
  /** JSON list; `null`: the node has an earlier version. */
  readonly kinds: string | null;
}

interface ViewRow {
  readonly at: number;
  /** `null`: there are none. */
  readonly nodes: readonly NodeRow[] | null;
  readonly shards: readonly (readonly [shard: number, nodeId: number | null, fence: number])[] | null;
}

/** Membership and shard ownership in PostgreSQL. Changes go through the pool, one node at a time; renewals use the notification connection and do not wait behind them. */
export class PostgresCluster implements ClusterStore {
  readonly #notifications: NotificationConnection;
  readonly #pool: Pool;
  #onNotificationState: (up: boolean) => void = () => undefined;
  #areNotificationsUp = true;

  constructor(notifications: NotificationConnection, pool: Pool) {
    this.#notifications = notifications;
    this.#pool = pool;
  }

  onNotificationState(listener: (up: boolean) => void): void {
    this.#onNotificationState = listener;
    if (!this.#areNotificationsUp) listener(false);
  }

  /** Called when notifications go down or come up again. */
  notificationsAre(up: boolean): void {
    this.#areNotificationsUp = up;
    this.#onNotificationState(up);
  }

  join(facts: NodeFacts, leaseMs: number): Promise<Membership> {
    return this.#alone(async (client) => {
      await client.query(MAKE_SHARDS, [SHARDS]);
      const { rows } = await client.query<OtherRow>(OTHERS);
      const { host, thread = null, version, secretsMark, process, kinds, hasEnded } = facts;
      const ended = rows.filter((other) => other.process !== null && hasEnded(other.process)).map(({ id }) => id);
      const others = rows.map(({ live, ...other }) => ({ ...other, live: live === 1 && !ended.includes(other.id) }));
      // Does not reuse the slot of an ended node, whose clock may have been ahead.
      const slot = freeSlot(others, Math.random());
      checkSecrets(facts, others);
      if (ended.length > 0) await client.query(REMOVE, [ended]);
      const values = [slot, host, version, secretsMark, process, leaseMs, JSON.stringify(kinds), thread];
      const joined = await client.query<{ id: number }>(JOIN, values);
      const counting = await client.query<{ counted: number }>(COUNTED);
      const settled = Math.max(counting.rows[0]!.counted, ...others.map((other) => other.settled));
      return { id: joined.rows[0]!.id, slot, keysFrom: settled + 1 };
    });
  }

  async renew(nodeId: number, leaseMs: number, report: NodeReport): Promise<ClusterView | null> {
    const { draining, inFlight, lanes, settled, lagMs } = report;
    const values = [nodeId, leaseMs, draining ? 1 : 0, inFlight, lanes, settled.messages, settled.attempts, lagMs];
    const [row] = await this.#notifications.query<ViewRow>({ name: "renew", text: RENEW, values });
    return row === undefined ? null : toView(row);
  }

  async view(): Promise<ClusterView> {
    const [row] = await this.#notifications.query<ViewRow>({ name: "view", text: VIEW });
    return toView(row!);
  }

  async kindsByShard(kinds: readonly string[]): Promise<KindsByShard> {
    const values = [kinds, SHARDS];
    const rows = await this.#notifications.query<{ shard: number; kind: string }>({ text: KINDS_BY_SHARD, values });
    return kindsByShard(rows);
  }

  take(nodeId: number, shards: readonly number[], expired: readonly number[]): Promise<readonly Lease[]> {
    return this.#alone(async (client) => {
      if (expired.length > 0) await client.query(DELETE_EXPIRED, [expired]);
      return (await client.query<Lease>(TAKE, [nodeId, shards])).rows;
    });
  }

  release(nodeId: number, shards: readonly number[]): Promise<void> {
    return this.#alone(async (client) => {
      await client.query(LOCK_SHARDS, [shards]);
      await client.query(RELEASE, [shards, nodeId]);
    });
  }

  leave(nodeId: number): Promise<void> {
    return this.#alone(async (client) => {
      await client.query(LEAVE, [nodeId]);
    });
  }

  /** Runs `work` in a transaction during which no other node changes memberships or owners. */
  async #alone<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    try {
      return await inTransaction(this.#pool, async (client) => {
        await client.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
        await lockForTransaction(client, LOCK.cluster);
        return work(client);
      });
    } catch (error) {
      throw toStoreError(error);
    }
  }
}

function toView({ at, nodes, shards }: ViewRow): ClusterView {
  return {
    at,
    nodes: (nodes ?? []).map(toNode),
    shards: (shards ?? []).map(([shard, nodeId, fence]) => ({ shard, nodeId, fence })),
  };
}

function toNode({ draining, inFlight, lanes, lagMs, messages, attempts, ...node }: NodeRow): ClusterNode {
  return {
    ...node,
    kinds: node.kinds === null ? null : (JSON.parse(node.kinds) as readonly string[]),
    report: { draining: draining === 1, inFlight, lanes, lagMs, settled: { messages, attempts } },
  };
}
