/**
 * Who holds a subscription of an MCP client. A subscription ends with the access of its principal: when a key is revoked or expires, a user
 * loses the role, or the tokens of a customer are ended.
 */
import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";
import type { Actor } from "../access.ts";
import type { Permission } from "../grant.ts";
import { ANY_SESSION } from "../auth/expire-all.ts";
import { grantOf, isRole } from "../role.ts";

export interface Principal {
  /** Shown with the endpoint: without anything secret. */
  readonly label: string;
  /** The same for every token with the same access: subscriptions are found again with it. */
  readonly id: string;
  readonly tokenHash: Uint8Array | null;
  /** Unix milliseconds at which its access ends; `null`: unknown, or never. */
  readonly endsAt: number | null;
}

/** What receiving events at a callback requires. */
const REQUIRED: readonly Permission[] = ["endpoints:write", "payloads:read"];

export function principalOf(actor: Actor): Principal {
  if (actor.kind === "application") {
    const { tokenHash, tokenExpiresAt, sessionId, isPortalKey } = actor;
    const endsAt = Number.isFinite(tokenExpiresAt) ? tokenExpiresAt : null;
    const isKey = isPortalKey === true;
    const id = isKey ? `portal-key:${hex(tokenHash)}` : `portal:${sessionId ?? ""}`;
    return { id, label: isKey ? "portal key" : "portal token", tokenHash, endsAt };
  }
  const { caller } = actor;
  const own = { tokenHash: null, endsAt: null };
  if (caller.kind === "key") {
    const { id, limits } = caller;
    return { ...own, id: `key:${id}`, label: id, endsAt: limits?.expiresAt ?? null };
  }
  if (caller.kind === "user") return { ...own, id: `user:${caller.id}`, label: caller.id };
  return { ...own, id: "organisation", label: "organisation" };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** A subscription, as far as its principal is concerned. */
export interface Held {
  readonly principal: string;
  readonly tokenHash: Uint8Array | null;
  readonly orgKey: number;
  readonly appKey: number;
  /** When the token was valid, in Unix milliseconds. */
  readonly confirmedAt: number;
}

/** Whether the principal may still receive events of the application. */
export async function isStillEntitled(db: Kysely<Database>, held: Held, now: number): Promise<boolean> {
  const [kind, ref] = split(held.principal);
  if (kind === "key") return isKeyEntitled(db, held, ref, now);
  if (kind === "user") return isUserEntitled(db, held, ref);
  if (kind === "portal-key") return (await hasPortalKey(db, held, now)) && !(await isEnded(db, held, "", now));
  if (kind === "portal") return !(await isEnded(db, held, ref, now));
  return true;
}

function split(principal: string): readonly [string, string] {
  const at = principal.indexOf(":");
  return at === -1 ? [principal, ""] : [principal.slice(0, at), principal.slice(at + 1)];
}

async function isKeyEntitled(
  db: Kysely<Database>,
  { orgKey, appKey }: Held,
  id: string,
  now: number,
): Promise<boolean> {
  const row = await db
    .selectFrom("api_key")
    .select(["scopes_json", "applications_json", "expires_at"])
    .where("public_id", "=", id)
    .where("org_id", "=", orgKey)
    .executeTakeFirst();
  if (row === undefined || (row.expires_at !== null && row.expires_at <= now)) return false;
  const scopes = row.scopes_json === null ? null : (JSON.parse(row.scopes_json) as readonly string[]);
  const applications = row.applications_json === null ? null : (JSON.parse(row.applications_json) as readonly number[]);
  return (
    (scopes === null || REQUIRED.every((permission) => scopes.includes(permission))) &&
    (applications === null || applications.includes(appKey))
  );
}

async function isUserEntitled(db: Kysely<Database>, { orgKey, appKey }: Held, id: string): Promise<boolean> {
  const rows = await db
    .selectFrom("person as p")
    .innerJoin("membership as m", "m.person_id", "p.id")
    .select(["m.role", "m.app_id"])
    .where("p.public_id", "=", id)
    .where("p.disabled_at", "is", null)
    .where("m.org_id", "=", orgKey)
    .execute();
  const grant = grantOf(rows.flatMap(({ role, app_id }) => (isRole(role) ? [{ role, appKey: app_id }] : [])));
  const permissions = grant.inApplication?.get(appKey) ?? grant.permissions;
  return REQUIRED.every((permission) => permissions.has(permission));
}

async function hasPortalKey(db: Kysely<Database>, { tokenHash }: Held, now: number): Promise<boolean> {
  if (tokenHash === null) return false;
  const row = await db.selectFrom("portal_key").select("expires_at").where("hash", "=", tokenHash).executeTakeFirst();
  return row !== undefined && (row.expires_at === null || row.expires_at > now);
}

/** Whether the token was revoked, or all tokens of its session or application were ended since it was last used. */
async function isEnded(
  db: Kysely<Database>,
  { tokenHash, appKey, confirmedAt }: Held,
  session: string,
  now: number,
): Promise<boolean> {
  const revoked =
    tokenHash !== null &&
    (await db.selectFrom("revoked_token").select("hash").where("hash", "=", tokenHash).executeTakeFirst()) !==
      undefined;
  if (revoked) return true;
  const ended = await db
    .selectFrom("token_end")
    .select("app_id")
    .where("app_id", "=", appKey)
    .where("session_id", "in", [...new Set([ANY_SESSION, session])])
    .where("issued_until", ">=", confirmedAt)
    .where("expires_at", "<=", now)
    .executeTakeFirst();
  return ended !== undefined;
}
