/** Rows of MCP subscriptions. */
import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";
import { PosthornError } from "../../lib/errors.ts";
import { type OutsideContext, reader, type TransactionContext } from "../context.ts";
import type { Identity } from "./mcp-identity.ts";

/** Subscriptions of an application. */
const MAX_SUBSCRIPTIONS = 200;

export async function isConfirmed(ctx: OutsideContext, { application, verifiedHash }: Identity): Promise<boolean> {
  const row = await reader(ctx)
    .selectFrom("subscription as s")
    .innerJoin("endpoint as e", "e.id", "s.endpoint_id")
    .select("s.id")
    .where("s.app_id", "=", application.key)
    .where("s.protocol", "=", "mcp")
    .where("s.verified_hash", "=", verifiedHash)
    .where("s.lease_until", ">", ctx.services.now())
    .where("e.deleted_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

export interface Alive {
  readonly key: number;
  readonly endpointKey: number;
  readonly endpointId: string;
  readonly uid: string | null;
  readonly disabled: number;
  readonly disabled_json: string | null;
  readonly config_sealed: Uint8Array | null;
}

/** A row whose endpoint was deleted makes room for a new one. */
export async function findAlive({ tx: { db } }: TransactionContext, identity: Identity): Promise<Alive | null> {
  const row = await find(db, identity);
  if (row === undefined) return null;
  if (row.deleted_at === null) return row;
  await db.deleteFrom("subscription").where("id", "=", row.key).execute();
  return null;
}

export function find(db: Kysely<Database>, { application, keyHash }: Identity) {
  return db
    .selectFrom("subscription as s")
    .innerJoin("endpoint as e", "e.id", "s.endpoint_id")
    .select(["s.id as key", "e.id as endpointKey", "e.public_id as endpointId", "e.uid", "e.deleted_at"])
    .select(["e.disabled", "e.disabled_json", "e.config_sealed"])
    .where("s.app_id", "=", application.key)
    .where("s.protocol", "=", "mcp")
    .where("s.target_hash", "=", keyHash)
    .executeTakeFirst();
}

export async function requireRoom(ctx: OutsideContext | TransactionContext, { application }: Identity): Promise<void> {
  const { subscriptions } = await reader(ctx)
    .selectFrom("subscription")
    .select((eb) => eb.fn.countAll<number>().as("subscriptions"))
    .where("app_id", "=", application.key)
    .where("protocol", "=", "mcp")
    .executeTakeFirstOrThrow();
  if (subscriptions < MAX_SUBSCRIPTIONS) return;
  throw new PosthornError(
    "limit_reached",
    `An application can have up to ${MAX_SUBSCRIPTIONS} subscriptions of MCP clients. End one with events/unsubscribe.`,
  );
}
