/** The advisory locks of Posthorn. The first of the two numbers is Posthorn's own, so that locks of others do not meet them. */
import type pg from "pg";

/** "post" in ASCII. */
const NAMESPACE = 0x70_6f_73_74;

export const LOCK = {
  /** Changes of tables: migrations, partitions. */
  schema: 1,
  /** Write transactions of resources, one at a time, as SQLite has it: what one read still holds when it writes. */
  resources: 2,
  /** Shared by the nodes that work on this database; an exclusive holder keeps them away. */
  node: 3,
  /** Held by the node that relays the outbox. */
  outbox: 4,
  /** Who changes which shard is whose. */
  cluster: 5,
  /** Of shard 0, and so on: shared while an outcome is recorded, alone while the shard changes hands. See migration 024. */
  shards: 1000,
} as const;

export type LockName = (typeof LOCK)[keyof typeof LOCK];

/** The SQL call that waits for a lock, and keeps it to the end of the transaction. */
export function lockCall(lock: LockName): string {
  return `pg_advisory_xact_lock(${NAMESPACE}, ${lock})`;
}

export async function lockForTransaction(client: pg.ClientBase, lock: LockName): Promise<void> {
  await client.query(`SELECT ${lockCall(lock)}`);
}

/** Takes a lock to the end of the transaction, unless another session has it. */
export async function tryLockForTransaction(client: pg.ClientBase, lock: LockName): Promise<boolean> {
  const { rows } = await client.query<{ taken: number }>(
    `SELECT pg_try_advisory_xact_lock(${NAMESPACE}, ${lock}) AS taken`,
  );
  return rows[0]!.taken === 1;
}

/** Takes an exclusive lock for the lifetime of the connection, unless another session has it or a share of it. */
export async function tryLockForSession(client: pg.ClientBase, lock: LockName): Promise<boolean> {
  const { rows } = await client.query<{ taken: number }>(`SELECT pg_try_advisory_lock(${NAMESPACE}, ${lock}) AS taken`);
  return rows[0]!.taken === 1;
}

/** Takes a shared lock for the lifetime of the connection, unless another session has it exclusively. */
export async function tryShareForSession(client: pg.ClientBase, lock: LockName): Promise<boolean> {
  const { rows } = await client.query<{ taken: number }>(
    `SELECT pg_try_advisory_lock_shared(${NAMESPACE}, ${lock}) AS taken`,
  );
  return rows[0]!.taken === 1;
}

/** The SQL call that waits for the lock of a shard, and keeps it to the end of the transaction. */
export function lockShard(shard: string): string {
  return `pg_advisory_xact_lock(${NAMESPACE}, (${LOCK.shards} + ${shard})::int)`;
}

/** The SQL call that takes the lock of a shard to the end of the transaction unless an outcome of it is being recorded. */
export function tryLockShard(shard: string): string {
  return `pg_try_advisory_xact_lock(${NAMESPACE}, (${LOCK.shards} + ${shard})::int)`;
}
