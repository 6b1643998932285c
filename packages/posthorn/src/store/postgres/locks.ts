/** Advisory locks of Posthorn. The first of their two numbers is a namespace, so that they do not conflict with locks of other software. */
import type pg from "pg";

/** "post" in ASCII. */
const NAMESPACE = 0x70_6f_73_74;

export const LOCK = {
  /** Changes of tables: migrations, partitions. */
  schema: 1,
  /** Serializes write transactions of resources, as in SQLite, so that the rows a transaction has read cannot change before it writes. */
  resources: 2,
  /** Shared by all nodes of this database. An exclusive holder, such as `posthorn copy`, keeps them from starting. */
  node: 3,
  /** Held by the node that relays the outbox. */
  outbox: 4,
  /** Held to change memberships and shard owners. */
  cluster: 5,
  /** Lock of shard 0, followed by the others: shared while an outcome is recorded, exclusive for a change of owner. See migration 024. */
  shards: 1000,
} as const;

export type LockName = (typeof LOCK)[keyof typeof LOCK];

/** Returns the SQL call that waits for a lock and holds it until the end of the transaction. */
export function lockCall(lock: LockName): string {
  return `pg_advisory_xact_lock(${NAMESPACE}, ${lock})`;
}

export async function lockForTransaction(client: pg.ClientBase, lock: LockName): Promise<void> {
  await client.query(`SELECT ${lockCall(lock)}`);
}

/** Takes a lock until the end of the transaction, unless another session holds it. */
export async function tryLockForTransaction(client: pg.ClientBase, lock: LockName): Promise<boolean> {
  const { rows } = await client.query<{ taken: number }>(
    `SELECT pg_try_advisory_xact_lock(${NAMESPACE}, ${lock}) AS taken`,
  );
  return rows[0]!.taken === 1;
}

/** Takes an exclusive lock for the lifetime of the connection, unless another session holds it, shared or exclusive. */
export async function tryLockForSession(client: pg.ClientBase, lock: LockName): Promise<boolean> {
  const { rows } = await client.query<{ taken: number }>(`SELECT pg_try_advisory_lock(${NAMESPACE}, ${lock}) AS taken`);
  return rows[0]!.taken === 1;
}

/** Takes a shared lock for the lifetime of the connection, unless another session holds it exclusively. */
export async function tryShareForSession(client: pg.ClientBase, lock: LockName): Promise<boolean> {
  const { rows } = await client.query<{ taken: number }>(
    `SELECT pg_try_advisory_lock_shared(${NAMESPACE}, ${lock}) AS taken`,
  );
  return rows[0]!.taken === 1;
}

/** Returns the SQL call that waits for the lock of a shard and holds it until the end of the transaction. */
export function lockShard(shard: string): string {
  return `pg_advisory_xact_lock(${NAMESPACE}, (${LOCK.shards} + ${shard})::int)`;
}

/** Returns the SQL call that takes the lock of a shard until the end of the transaction, unless an outcome of it is being recorded. */
export function tryLockShard(shard: string): string {
  return `pg_try_advisory_xact_lock(${NAMESPACE}, (${LOCK.shards} + ${shard})::int)`;
}
