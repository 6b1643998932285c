/** Portal keys: with them, customers give their agents and programs access to their application. */
import { randomBytes } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import type { PortalKeyTable } from "../../store/portal-key-schema.ts";
import type { Database } from "../../store/schema.ts";
import type { Actor, Capability } from "../access.ts";
import { getApplication, ofCustomers } from "../application/find.ts";
import { PORTAL_KEY_PREFIX } from "../auth/token-lookup.ts";
import { hashToken } from "../auth/hash-token.ts";
import { limitsOfCaller } from "../auth/key-limits.ts";
import { atomically, type Call, reader } from "../context.ts";
import { missingPermissions } from "./access.ts";

export interface PortalKey {
  readonly id: string;
  readonly name: string;
  readonly tokenEnd: string;
  readonly capabilities: readonly Capability[];
  readonly createdAt: number;
  /** `null`: never. */
  readonly expiresAt: number | null;
}

export interface NewPortalKey {
  readonly app: string;
  readonly name: string;
  readonly capabilities: readonly Capability[];
  /** `null`: it does not expire. */
  readonly expiresAt: number | null;
}

const ID_PREFIX = "pkey_";
const MAX_KEYS = 50;

/** Creates a key. It cannot do more than its creator, and cannot create further keys. The token is shown once. */
export function createPortalKey(call: Call<NewPortalKey>): Promise<PortalKey & { readonly token: string }> {
  return atomically(call, async ({ ctx, input }) => {
    const { key: appKey } = await getApplication(ofCustomers(ctx), input.app);
    requireNoKey(ctx.actor);
    requireCapabilities(ctx.actor, input.capabilities);
    const { ids, now } = ctx.services;
    const { db } = ctx.tx;
    const createdAt = now();
    await db.deleteFrom("portal_key").where("app_id", "=", appKey).where("expires_at", "<=", createdAt).execute();
    const { keys } = await db
      .selectFrom("portal_key")
      .select((eb) => eb.fn.countAll<number>().as("keys"))
      .where("app_id", "=", appKey)
      .executeTakeFirstOrThrow();
    if (keys >= MAX_KEYS)
      throw new PosthornError("limit_reached", `An application can have up to ${MAX_KEYS} portal keys.`);
    const token = PORTAL_KEY_PREFIX + randomBytes(32).toString("base64url");
    const row: Selectable<PortalKeyTable> = {
      id: ids.next("key_").key,
      org_id: ctx.actor.orgId,
      app_id: appKey,
      name: input.name,
      hash: hashToken(token),
      token_end: token.slice(-4),
      capabilities_json: JSON.stringify(input.capabilities),
      session_id: ctx.actor.kind === "application" ? ctx.actor.sessionId : null,
      created_at: createdAt,
      expires_at: earlier(input.expiresAt, limitsOfCaller(ctx).expiresAt),
    };
    await db.insertInto("portal_key").values(row).execute();
    ctx.audit?.created("portal-key", idOf(row.id));
    return { ...toKey(row), token };
  });
}

/** Keys of an application that have not expired, the oldest first. */
export async function listPortalKeys({ ctx, input }: Call<{ readonly app: string }>): Promise<readonly PortalKey[]> {
  const { key } = await getApplication(ofCustomers(ctx), input.app);
  const rows = await keysOf(reader(ctx), key, ctx.services.now()).orderBy("id").execute();
  return rows.map(toKey);
}

/** Revokes a key on all nodes. */
export function revokePortalKey(call: Call<{ readonly app: string; readonly key: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ofCustomers(ctx), input.app);
    requireNoKey(ctx.actor);
    const id = Number.parseInt(input.key.startsWith(ID_PREFIX) ? input.key.slice(ID_PREFIX.length) : "", 36);
    const { numDeletedRows } = await ctx.tx.db
      .deleteFrom("portal_key")
      .where("app_id", "=", key)
      .where("id", "=", Number.isSafeInteger(id) ? id : -1)
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) throw notFound("portal key");
    ctx.tx.signal({ kind: "tokens" });
  });
}

function keysOf(db: Kysely<Database>, appKey: number, now: number) {
  return db
    .selectFrom("portal_key")
    .selectAll()
    .where("app_id", "=", appKey)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]));
}

const idOf = (key: number): string => ID_PREFIX + key.toString(36);

function toKey(row: Selectable<PortalKeyTable>): PortalKey {
  return {
    id: idOf(row.id),
    name: row.name,
    tokenEnd: row.token_end,
    capabilities: JSON.parse(row.capabilities_json) as Capability[],
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** A key that could create others would survive its own revocation. */
function requireNoKey(actor: Actor): void {
  if (actor.kind === "application" && actor.isPortalKey === true)
    throw new PosthornError(
      "insufficient access",
      "A portal key cannot create or revoke portal keys. Sign in to the portal.",
    );
}

function requireCapabilities(actor: Actor, wanted: readonly Capability[]): void {
  if (wanted.length === 0) throw invalid("capabilities", "A key needs at least one capability.");
  const refused = wanted.find((capability) =>
    actor.kind === "application"
      ? !actor.capabilities.has(capability)
      : missingPermissions(actor, capability).length > 0,
  );
  if (refused === undefined) return;
  throw new PosthornError(
    "insufficient access",
    `A key cannot do more than its creator, who does not have ${refused}.`,
  );
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
