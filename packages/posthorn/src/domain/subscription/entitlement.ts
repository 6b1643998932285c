/**
 * Whether the holders of subscriptions still have access: it ends when a key is revoked or expires, a user loses the role, or the tokens of a
 * customer are ended. Many subscriptions are checked with a few queries.
 */
import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";
import { ANY_SESSION } from "../auth/expire-all.ts";
import type { Permission } from "../grant.ts";
import { grantOf, isRole } from "../role.ts";
import { scopesOf, WRITE_SCOPE } from "../connected-client/scope.ts";
import { sessionEnd } from "../session/identity.ts";

/** A subscription, as far as its principal is concerned. */
export interface Held {
  readonly principal: string;
  readonly tokenHash: Uint8Array | null;
  readonly orgKey: number;
  readonly appKey: number;
  /** When the token was valid, in Unix milliseconds. */
  readonly confirmedAt: number;
}

/** What receiving events at a callback requires. */
const REQUIRED: readonly Permission[] = ["endpoints:write", "payloads:read"];

type Check = (held: Held, ref: string) => boolean;

/** Returns the subscriptions whose principal may no longer receive events of the application. */
export async function withoutAccess<T extends Held>(
  db: Kysely<Database>,
  all: readonly T[],
  now: number,
): Promise<readonly T[]> {
  const refs = (kind: string): string[] => [
    ...new Set(all.map(({ principal }) => split(principal)).flatMap(([own, ref]) => (own === kind ? [ref] : []))),
  ];
  const isKeyEntitled = await keyCheck(db, refs("key"), now);
  const isUserEntitled = await userCheck(db, refs("user"));
  const isClientEntitled = await clientCheck(db, refs("client"), now);
  const isRevoked = await revocationCheck(db, all);
  const isTokenEnded = await endCheck(db, all, now);
  const keys = await portalKeys(db, all, now);
  const checks: Readonly<Record<string, Check>> = {
    key: isKeyEntitled,
    user: isUserEntitled,
    client: isClientEntitled,
    portal: (held, session) => !isTokenEnded(held.appKey, session, held.confirmedAt),
    "portal-key": (held, hash) => {
      const key = keys.get(hash);
      return key !== undefined && !isTokenEnded(held.appKey, key.session_id, key.created_at);
    },
  };
  return all.filter((held) => {
    const [kind, ref] = split(held.principal);
    return isRevoked(held) || checks[kind]?.(held, ref) === false;
  });
}

function split(principal: string): readonly [string, string] {
  const at = principal.indexOf(":");
  return at === -1 ? [principal, ""] : [principal.slice(0, at), principal.slice(at + 1)];
}

async function keyCheck(db: Kysely<Database>, ids: readonly string[], now: number): Promise<Check> {
  if (ids.length === 0) return () => false;
  const rows = await db
    .selectFrom("api_key")
    .select(["public_id", "org_id", "scopes_json", "applications_json", "expires_at"])
    .where("public_id", "in", ids)
    .execute();
  const found = new Map(rows.map((row) => [row.public_id, row]));
  return ({ orgKey, appKey }, id) => {
    const row = found.get(id);
    if (row?.org_id !== orgKey || (row.expires_at !== null && row.expires_at <= now)) return false;
    const scopes = row.scopes_json === null ? null : (JSON.parse(row.scopes_json) as readonly string[]);
    const apps = row.applications_json === null ? null : (JSON.parse(row.applications_json) as readonly number[]);
    return (
      (scopes === null || REQUIRED.every((permission) => scopes.includes(permission))) &&
      (apps === null || apps.includes(appKey))
    );
  };
}

async function userCheck(db: Kysely<Database>, ids: readonly string[]): Promise<Check> {
  if (ids.length === 0) return () => false;
  const rows = await db
    .selectFrom("person as p")
    .innerJoin("membership as m", "m.person_id", "p.id")
    .select(["p.public_id", "m.org_id", "m.role", "m.app_id"])
    .where("p.public_id", "in", ids)
    .where("p.disabled_at", "is", null)
    .execute();
  return ({ orgKey, appKey }, id) => {
    const own = rows.filter(({ public_id, org_id }) => public_id === id && org_id === orgKey);
    const grant = grantOf(own.flatMap(({ role, app_id }) => (isRole(role) ? [{ role, appKey: app_id }] : [])));
    const permissions = grant.inApplication?.get(appKey) ?? grant.permissions;
    return REQUIRED.every((permission) => permissions.has(permission));
  };
}

/** Connected clients: the connection must not have ended and must be allowed to write, and its person must have the role. */
async function clientCheck(db: Kysely<Database>, refs: readonly string[], now: number): Promise<Check> {
  if (refs.length === 0) return () => false;
  const rows = await db
    .selectFrom("connected_client as c")
    .innerJoin("person_session as s", "s.id", "c.id")
    .innerJoin("person as p", "p.id", "s.person_id")
    .select(["c.client_id", "c.scope", "s.public_id", "s.org_id", "s.kind", "s.last_used_at", "s.expires_at"])
    .select("p.public_id as person")
    .where("c.connected_at", "is not", null)
    .where((eb) =>
      // The ID of a connection, or that of a registered client and its person: see `principal.ts`.
      eb.or([eb("s.public_id", "in", refs), eb("c.client_id", "in", [...new Set(refs.map((ref) => split(ref)[0]))])]),
    )
    .execute();
  const alive = rows.filter((row) => sessionEnd(row) > now && scopesOf(row.scope).includes(WRITE_SCOPE));
  const isUserEntitled = await userCheck(db, [...new Set(alive.map(({ person }) => person))]);
  return (held, ref) =>
    alive.some(
      ({ client_id, person, public_id, org_id }) =>
        (ref === public_id || ref === `${client_id}:${person}`) &&
        org_id === held.orgKey &&
        isUserEntitled(held, person),
    );
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function hashesOf(all: readonly Held[]): Uint8Array[] {
  return all.flatMap(({ tokenHash }) => (tokenHash === null ? [] : [tokenHash]));
}

async function revocationCheck(db: Kysely<Database>, all: readonly Held[]): Promise<(held: Held) => boolean> {
  const hashes = hashesOf(all);
  if (hashes.length === 0) return () => false;
  const rows = await db.selectFrom("revoked_token").select("hash").where("hash", "in", hashes).execute();
  const revoked = new Set(rows.map(({ hash }) => hex(hash)));
  return ({ tokenHash }) => tokenHash !== null && revoked.has(hex(tokenHash));
}

/** Portal keys that have not expired, by their hash. */
async function portalKeys(db: Kysely<Database>, all: readonly Held[], now: number) {
  const hashes = hashesOf(all.filter(({ principal }) => principal.startsWith("portal-key:")));
  if (hashes.length === 0) return new Map<string, never>();
  const rows = await db
    .selectFrom("portal_key")
    .select(["hash", "session_id", "created_at"])
    .where("hash", "in", hashes)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]))
    .execute();
  return new Map(rows.map((row) => [hex(row.hash), row]));
}

/** Whether all tokens of the application or session that were issued until some time have ended. */
async function endCheck(
  db: Kysely<Database>,
  all: readonly Held[],
  now: number,
): Promise<(appKey: number, session: string | null, issuedAt: number) => boolean> {
  const apps = [...new Set(all.flatMap(({ principal, appKey }) => (principal.startsWith("portal") ? [appKey] : [])))];
  if (apps.length === 0) return () => false;
  const rows = await db
    .selectFrom("token_end")
    .select(["app_id", "session_id", "issued_until"])
    .where("app_id", "in", apps)
    .where("expires_at", "<=", now)
    .execute();
  return (appKey, session, issuedAt) =>
    rows.some(
      ({ app_id, session_id, issued_until }) =>
        app_id === appKey && (session_id === ANY_SESSION || session_id === session) && issued_until >= issuedAt,
    );
}
