/**
 * Audit in the database. For each attempt, a trigger records which node wrote it and which node owned the shard at that moment; for each
 * message, which node stored it.
 */
import { queryPostgres } from "../disk.ts";

/** The key of an attempt contains the number of its node's membership slot. */
const AUDIT = `
  CREATE SCHEMA chaos;
  CREATE TABLE chaos.record (
    attempt_id bigint, slot bigint, owner_slot bigint, message_id bigint, endpoint_id bigint, status bigint, at bigint);
  CREATE TABLE chaos.shard_of (endpoint_id bigint PRIMARY KEY, shard bigint);
  CREATE FUNCTION chaos.note() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
  BEGIN
    INSERT INTO chaos.record
    SELECT NEW.id, NEW.id % 64, (
      SELECT n.slot FROM chaos.shard_of o JOIN posthorn.shard s ON s.id = o.shard JOIN posthorn.node n ON n.id = s.node_id
      WHERE o.endpoint_id = NEW.endpoint_id),
      NEW.message_id, NEW.endpoint_id, NEW.status, extract(epoch FROM clock_timestamp()) * 1000;
    RETURN NULL;
  END $$;
  CREATE TRIGGER chaos AFTER INSERT ON posthorn.attempt FOR EACH ROW EXECUTE FUNCTION chaos.note();
  CREATE TABLE chaos.stored (message_id bigint, at bigint, by text);
  CREATE FUNCTION chaos.note_message() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
  BEGIN
    INSERT INTO chaos.stored
    VALUES (NEW.id, extract(epoch FROM clock_timestamp()) * 1000, current_setting('application_name'));
    RETURN NULL;
  END $$;
  CREATE TRIGGER chaos_message AFTER INSERT ON posthorn.message FOR EACH ROW EXECUTE FUNCTION chaos.note_message()`;

/** @param shardOf The shard of an endpoint's key. */
export async function startAudit(databaseUrl: string, shardOf: (key: number) => number): Promise<void> {
  await queryPostgres(databaseUrl, AUDIT);
  for (const row of await queryPostgres(databaseUrl, "SELECT id FROM endpoint")) {
    const key = Number(row["id"]);
    await queryPostgres(databaseUrl, "INSERT INTO chaos.shard_of VALUES ($1, $2)", [key, shardOf(key)]);
  }
}

export interface AuditResult {
  readonly recorded: number;
  /** Attempts written by a node while another one owned the shard. */
  readonly byNonOwners: number;
  /** Nodes that wrote anything; a node that joined again counts again. */
  readonly writers: number;
}

export async function readAudit(databaseUrl: string): Promise<AuditResult> {
  const [row] = await queryPostgres(
    databaseUrl,
    `SELECT count(*) AS recorded, count(*) FILTER (WHERE owner_slot <> slot) AS strangers, count(DISTINCT slot) AS writers
     FROM chaos.record`,
  );
  return {
    recorded: Number(row!["recorded"]),
    byNonOwners: Number(row!["strangers"]),
    writers: Number(row!["writers"]),
  };
}

/** A stored attempt. */
export interface Outcome {
  readonly succeeded: boolean;
  /** Shortly before the commit; Unix milliseconds. */
  readonly at: number;
}

/** Stored attempts, oldest first, by endpoint and message as their public IDs separated by a space. */
export async function outcomesBy(databaseUrl: string): Promise<ReadonlyMap<string, readonly Outcome[]>> {
  const rows = await queryPostgres(
    databaseUrl,
    `SELECT e.public_id || ' ' || m.public_id AS name, r.status = 0 AS succeeded, r.at
     FROM chaos.record r JOIN endpoint e ON e.id = r.endpoint_id JOIN message m ON m.id = r.message_id ORDER BY r.at`,
  );
  const outcomes = new Map<string, Outcome[]>();
  for (const row of rows) {
    const name = row["name"] as string;
    const outcome = { succeeded: row["succeeded"] === true, at: Number(row["at"]) };
    outcomes.set(name, [...(outcomes.get(name) ?? []), outcome]);
  }
  return outcomes;
}

/** A stored delivery. */
export interface Stored {
  /** Shortly before the commit; Unix milliseconds. */
  readonly at: number;
  /** `application_name` of the session that stored it. */
  readonly by: string;
  readonly orderKey: string | null;
}

/** Stored deliveries of these messages, by endpoint and message as their public IDs separated by a space. */
export async function storedBy(databaseUrl: string, ids: readonly string[]): Promise<ReadonlyMap<string, Stored>> {
  const rows = await queryPostgres(
    databaseUrl,
    `SELECT e.public_id || ' ' || m.public_id AS name, s.at, s.by, d.order_key
     FROM message m JOIN chaos.stored s ON s.message_id = m.id JOIN delivery d ON d.message_id = m.id
     JOIN endpoint e ON e.id = d.endpoint_id WHERE m.public_id = ANY ($1)`,
    [ids],
  );
  return new Map(
    rows.map((row) => {
      const stored = { at: Number(row["at"]), by: String(row["by"]), orderKey: row["order_key"] as string | null };
      return [row["name"] as string, stored];
    }),
  );
}

/** Number of deliveries of a message that are ordered. */
export async function countOrdered(databaseUrl: string, id: string): Promise<number> {
  const sql =
    "SELECT count(d.order_key) AS ordered FROM message m JOIN delivery d ON d.message_id = m.id WHERE m.public_id = $1";
  const [row] = await queryPostgres(databaseUrl, sql, [id]);
  return Number(row!["ordered"]);
}

/** Number of pending deliveries and of outbox rows that were not relayed yet. */
export async function countPending(databaseUrl: string): Promise<number> {
  const [row] = await queryPostgres(
    databaseUrl,
    "SELECT (SELECT count(*) FROM delivery WHERE due IS NOT NULL) + (SELECT count(*) FROM outbox) AS pending",
  );
  return Number(row!["pending"]);
}

/** Ended deliveries by stored state, and messages. */
export async function counts(databaseUrl: string): Promise<{ readonly messages: number; readonly succeeded: number }> {
  const [row] = await queryPostgres(
    databaseUrl,
    "SELECT (SELECT count(*) FROM message) AS messages, (SELECT count(*) FROM delivery WHERE state = 1) AS succeeded",
  );
  return { messages: Number(row!["messages"]), succeeded: Number(row!["succeeded"]) };
}
