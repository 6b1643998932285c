/** The caller of a session: its person, with the grant of their roles in the organisation of the session. */
import type { Kysely, Selectable } from "kysely";
import type { PersonSessionTable, SessionKind } from "../../store/people-schema.ts";
import type { Database } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { hashToken } from "../auth/hash-token.ts";
import type { Actor } from "../access.ts";
import { type Caller, FULL_GRANT, type Grant } from "../grant.ts";
import { grantOf, isRole } from "../role.ts";

/** Prefix of the values of session cookies. They are not tokens: the `Authorization` header does not accept them. */
export const SESSION_PREFIX = "phs_";
/** Prefix of tokens of people who signed in on the command line. */
export const CLI_PREFIX = "phu_";

const DAY_MS = 86_400_000;
/** A session ends this long after it began, even if it is used. */
export const SESSION_MS = 30 * DAY_MS;
/** A session ends when it is not used for this long. */
const IDLE_MS = 7 * DAY_MS;
/** The same two for a connected client, which a person does not open every week. */
export const CLIENT_SESSION_MS = 180 * DAY_MS;
export const CLIENT_IDLE_MS = 30 * DAY_MS;
/** How often the last use of a session is stored. */
export const TOUCH_MS = 300_000;

export interface SessionIdentity {
  readonly actor: Actor;
  readonly key: number;
  readonly expiresAt: number;
  readonly lastUsedAt: number;
}

/** When a session ends if it is not used again. */
export function sessionEnd(row: Pick<Selectable<PersonSessionTable>, "kind" | "last_used_at" | "expires_at">): number {
  return Math.min(row.expires_at, row.last_used_at + (row.kind === "client" ? CLIENT_IDLE_MS : IDLE_MS));
}

/** Looks a session up by its cookie or token; `null`: there is none, or its person may no longer sign in. */
export async function findSession(db: Store["hotDb"], secret: string): Promise<SessionIdentity | null> {
  const row = await sessions(db).where("s.hash", "=", hashToken(secret)).executeTakeFirst();
  if (row === undefined || row.kind !== (secret.startsWith(CLI_PREFIX) ? "cli" : "browser")) return null;
  return identityOf(db, row);
}

/** Looks the session of a connected client up by its key; `null`: it has ended, or its person may no longer sign in. */
export async function findClientSession(
  db: Kysely<Database>,
  key: number,
  now: number,
): Promise<SessionIdentity | null> {
  const row = await sessions(db).where("s.id", "=", key).where("s.kind", "=", "client").executeTakeFirst();
  const found = row === undefined ? null : await identityOf(db, row);
  return found === null || found.expiresAt <= now ? null : found;
}

function sessions(db: Kysely<Database>) {
  return db
    .selectFrom("person_session as s")
    .innerJoin("organisation as o", "o.id", "s.org_id")
    .leftJoin("person as p", "p.id", "s.person_id")
    .leftJoin("identity_provider as i", "i.id", "s.provider_id")
    .select(["o.requires_second_factor", "s.second_factor_at", "i.org_id as provider_org"])
    .select(["s.id", "s.kind", "s.person_id", "s.org_id", "s.expires_at", "s.last_used_at", "o.public_id as org"])
    .select(["p.public_id as person", "p.disabled_at"]);
}

interface SessionRow extends Omit<PersonRow, "person_id"> {
  readonly kind: SessionKind;
  readonly person_id: number | null;
  readonly expires_at: number;
  readonly last_used_at: number;
  readonly org: string;
}

async function identityOf(db: Kysely<Database>, row: SessionRow): Promise<SessionIdentity | null> {
  const found = row.person_id === null ? DEVELOPER : await personOf(db, { ...row, person_id: row.person_id });
  if (found === null) return null;
  return {
    actor: { kind: "organisation", orgId: row.org_id, orgPublicId: row.org, ...found },
    key: row.id,
    expiresAt: sessionEnd(row),
    lastUsedAt: row.last_used_at,
  };
}

/** Session of a developer who followed the link of `npm start`. It has no person, and the permissions of the developer's token. */
const DEVELOPER = { caller: { kind: "token" }, grant: FULL_GRANT } as const;

interface PersonRow {
  readonly id: number;
  readonly person_id: number;
  readonly org_id: number;
  readonly person: string | null;
  readonly disabled_at: number | null;
  readonly requires_second_factor: number;
  readonly second_factor_at: number | null;
  readonly provider_org: number | null;
}

/**
 * Whether a session satisfies an organisation that requires a second factor. One that began at an identity provider of the organisation
 * does: the provider decides how its people sign in, and not every provider says how they did.
 */
function satisfies(
  { second_factor_at: at, provider_org: provider }: Pick<PersonRow, "second_factor_at" | "provider_org">,
  orgId: number,
): boolean {
  return at !== null || provider === orgId;
}

/** Whether the session with this key satisfies an organisation that requires a second factor. */
export async function hasSecondFactor(db: Kysely<Database>, sessionKey: number, orgId: number): Promise<boolean> {
  const row = await db
    .selectFrom("person_session as s")
    .leftJoin("identity_provider as i", "i.id", "s.provider_id")
    .select(["s.second_factor_at", "i.org_id as provider_org"])
    .where("s.id", "=", sessionKey)
    .executeTakeFirst();
  return row !== undefined && satisfies(row, orgId);
}

async function personOf(
  db: Kysely<Database>,
  row: PersonRow,
): Promise<{ readonly caller: Caller; readonly grant: Grant } | null> {
  if (row.person === null || row.disabled_at !== null) return null;
  const memberships = await db
    .selectFrom("membership")
    .select(["role", "app_id as appKey"])
    .where("person_id", "=", row.person_id)
    .where("org_id", "=", row.org_id)
    .execute();
  const known = memberships.flatMap(({ role, appKey }) => (isRole(role) ? [{ role, appKey }] : []));
  if (known.length === 0) return null;
  const lacks = row.requires_second_factor === 1 && !satisfies(row, row.org_id);
  const caller: Caller = {
    kind: "user",
    id: row.person,
    key: row.person_id,
    sessionKey: row.id,
    ...(lacks ? { lacksSecondFactor: true } : {}),
  };
  return { caller, grant: grantOf(known) };
}

/** Stores that a session is used. */
export async function touchSession(store: Store, key: number, now: number): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db
      .updateTable("person_session")
      .set({ last_used_at: now })
      .where("id", "=", key)
      .where("last_used_at", "<", now)
      .execute();
  }, "session.touch");
}
