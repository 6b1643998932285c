/** Sessions of listeners in the database, which all nodes share. */
import type { Kysely, Selectable } from "kysely";
import { hashToken } from "../domain/auth/hash-token.ts";
import { SHARE_MODES, type ShareMode } from "../destinations/kinds/relay.ts";
import { PosthornError } from "../lib/errors.ts";
import type { RelaySessionTable } from "../store/relay-schema.ts";
import type { Database } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import type { Tx } from "../store/tx.ts";

export type RelaySession = Selectable<RelaySessionTable>;

/** How a listener is connected. */
export type RelayTransport = "websocket" | "event-stream";

/** How long a listener counts as connected after the last sign of its node. */
export const LEASE_MS = 20_000;
/** Interval at which a node renews the leases of its listeners. */
export const RENEW_MS = 5000;
const DAY_MS = 86_400_000;
/** Maximum number of listeners of one endpoint. */
export const MAX_LISTENERS = 50;
/** Maximum number of listeners of an organisation. */
export const MAX_ORGANISATION_LISTENERS = 200;

export interface Connecting {
  readonly ticket: string;
  readonly nodeId: number;
  readonly transport: RelayTransport;
  /** How the listeners of the endpoint share its messages. */
  readonly share: ShareMode;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * Uses a ticket up, and connects its session, which receives requests from `startSession` on. Replaces earlier connections of the same listener, and with `all` and `exclusive` those of another one, if
 * that is allowed. Throws `authentication_failed` for a ticket that is unknown, used or expired, and `listener_connected` for an endpoint
 * that another listener has.
 */
export function connectSession(store: Pick<Store, "transaction">, connecting: Connecting): Promise<RelaySession> {
  const { ticket, nodeId, transport, share, now } = connecting;
  return store.transaction(async (tx) => {
    const hash = hashToken(ticket);
    const session = await tx.db
      .selectFrom("relay_session")
      .selectAll()
      .where("ticket_hash", "=", hash)
      .where("ticket_until", ">", now)
      .executeTakeFirst();
    if (session === undefined) throw ticketRefused();
    await touchEndpoints(tx.db, [session.endpoint_id], now);
    const replaced = await replacedBy(tx.db, session, share, now);
    if (replaced.length > 0) await tx.db.deleteFrom("relay_session").where("id", "in", replaced).execute();
    await checkRoom(tx.db, session, now);
    const connected = { ticket_hash: null, node_id: nodeId, transport, lease_until: now + LEASE_MS };
    const { numUpdatedRows } = await tx.db
      .updateTable("relay_session")
      .set(connected)
      .where("id", "=", session.id)
      .where("ticket_hash", "=", hash)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) throw ticketRefused();
    // Ends those that were replaced.
    tx.signal({ kind: "listeners", endpointId: session.endpoint_id });
    return { ...session, ...connected };
  }, "relay.connect");
}

/** Starts sending requests to a connected session, because its listener is ready. */
export function startSession(
  store: Pick<Store, "transaction">,
  { key, endpointKey }: { readonly key: number; readonly endpointKey: number },
  now: number,
): Promise<void> {
  return store.transaction(async ({ db, signal }) => {
    await db.updateTable("relay_session").set({ connected_at: now }).where("id", "=", key).execute();
    signal({ kind: "listeners", endpointId: endpointKey });
  }, "relay.started");
}

/** Notes that endpoints have a listener now. */
async function touchEndpoints(db: Kysely<Database>, keys: readonly number[], now: number): Promise<void> {
  await db.updateTable("endpoint").set({ listened_at: now }).where("id", "in", keys).execute();
}

function ticketRefused(): PosthornError {
  return new PosthornError(
    "authentication_failed",
    "The ticket is unknown, used or expired. Create another session, which has a new one.",
  );
}

/** The endpoint that a ticket is for. Throws for one that is unknown, used or expired. */
export async function endpointOfTicket(db: Kysely<Database>, ticket: string, now: number): Promise<number> {
  const session = await db
    .selectFrom("relay_session")
    .select("endpoint_id")
    .where("ticket_hash", "=", hashToken(ticket))
    .where("ticket_until", ">", now)
    .executeTakeFirst();
  if (session === undefined) throw ticketRefused();
  return session.endpoint_id;
}

/** Keys of connected sessions that a new one takes the place of. */
async function replacedBy(
  db: Kysely<Database>,
  session: RelaySession,
  share: ShareMode,
  now: number,
): Promise<readonly number[]> {
  const others = await connectedTo(db, session.endpoint_id, now);
  const own = others.filter(({ client_id }) => client_id === session.client_id);
  if (share === SHARE_MODES.one) return own.map(({ id }) => id);
  const foreign = others.find(({ client_id }) => client_id !== session.client_id);
  if (foreign !== undefined && session.takes_over === 0) {
    throw new PosthornError(
      "listener_connected",
      `${foreign.client_name} listens to this endpoint already, since ${new Date(foreign.connected_at ?? foreign.created_at).toISOString()}. Use another name, share the messages (--share one), or take over (--take-over).`,
    );
  }
  return others.map(({ id }) => id);
}

async function checkRoom(db: Kysely<Database>, session: RelaySession, now: number): Promise<void> {
  const connected = await db
    .selectFrom("relay_session")
    .select("endpoint_id")
    .where("org_id", "=", session.org_id)
    .where("node_id", "is not", null)
    .where("lease_until", ">", now)
    .limit(MAX_ORGANISATION_LISTENERS)
    .execute();
  const ofEndpoint = connected.filter(({ endpoint_id }) => endpoint_id === session.endpoint_id).length;
  if (ofEndpoint >= MAX_LISTENERS || connected.length >= MAX_ORGANISATION_LISTENERS) {
    throw new PosthornError(
      "too_many_listeners",
      `${MAX_LISTENERS} listeners can be connected to one endpoint, and ${MAX_ORGANISATION_LISTENERS} to those of an organisation. Disconnect one, or try again later.`,
    );
  }
}

/** Connected listeners of an endpoint, the earliest first, with those that have not started yet. */
export function connectedTo(db: Kysely<Database>, endpointKey: number, now: number): Promise<readonly RelaySession[]> {
  return db
    .selectFrom("relay_session")
    .selectAll()
    .where("endpoint_id", "=", endpointKey)
    .where("node_id", "is not", null)
    .where("lease_until", ">", now)
    .orderBy("id")
    .execute();
}

/** A connected listener, as a node that makes attempts needs to know it. */
export interface ListenerPlace {
  readonly key: number;
  readonly endpointKey: number;
  readonly nodeId: number;
  /** Whether it gets renewed signatures of providers. */
  readonly resigns: boolean;
}

/** All connected listeners that have started. There are few: see the limits above. */
export async function allConnected(db: Kysely<Database>, now: number): Promise<readonly ListenerPlace[]> {
  const rows = await db
    .selectFrom("relay_session")
    .select(["id", "endpoint_id", "node_id", "resigns"])
    .where("node_id", "is not", null)
    .where("connected_at", "is not", null)
    .where("lease_until", ">", now)
    .execute();
  return rows.map(({ id, endpoint_id, node_id, resigns }) => ({
    key: id,
    endpointKey: endpoint_id,
    nodeId: node_id!,
    resigns: resigns === 1,
  }));
}

/**
 * Renews the leases of these sessions, for a node whose ID may have changed. Returns those that still exist; the others were replaced or
 * disconnected.
 */
export function renewLeases(
  store: Pick<Store, "transaction">,
  keys: readonly number[],
  { now, nodeId }: { readonly now: number; readonly nodeId: number },
): Promise<ReadonlySet<number>> {
  return store.transaction(async ({ db }) => {
    await db
      .updateTable("relay_session")
      .set({ lease_until: now + LEASE_MS, node_id: nodeId })
      .where("id", "in", keys)
      .execute();
    // At most once a day, because nothing depends on the exact time.
    const connected = db.selectFrom("relay_session").select("endpoint_id").where("id", "in", keys);
    await db
      .updateTable("endpoint")
      .set({ listened_at: now })
      .where("id", "in", connected)
      .where("listened_at", "<", now - DAY_MS)
      .execute();
    return existing(db, keys);
  }, "relay.renew");
}

/** Which of these sessions exist. */
export async function existing(db: Kysely<Database>, keys: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await db.selectFrom("relay_session").select("id").where("id", "in", keys).execute();
  return new Set(rows.map(({ id }) => id));
}

/** Deletes sessions that have ended. */
export async function endSessions(
  { db, signal }: Tx,
  sessions: readonly { readonly key: number; readonly endpointKey: number }[],
  now: number,
): Promise<void> {
  if (sessions.length === 0) return;
  const keys = sessions.map(({ key }) => key);
  await db.deleteFrom("relay_session").where("id", "in", keys).execute();
  const endpointKeys = [...new Set(sessions.map(({ endpointKey }) => endpointKey))];
  await touchEndpoints(db, endpointKeys, now);
  for (const endpointId of endpointKeys) signal({ kind: "listeners", endpointId });
}

/** Deletes sessions of nodes that died, and tickets that were never used. */
export async function deleteExpired({ db }: Pick<Tx, "db">, now: number): Promise<void> {
  await db.deleteFrom("relay_session").where("lease_until", "<", now).where("ticket_until", "<", now).execute();
}
