/** People as the API shows them, and the rules for changing other people. */
import type { Kysely, Selectable } from "kysely";
import { notFound, PosthornError } from "../../lib/errors.ts";
import type { PersonTable } from "../../store/people-schema.ts";
import type { Database } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";
import type { Actor } from "../access.ts";
import { type Context, reader } from "../context.ts";
import { idIterator } from "../paging.ts";
import type { Grant } from "../grant.ts";
import { isRole, type Role, ROLE_PERMISSIONS } from "../role.ts";

export type PersonRow = Selectable<PersonTable>;

/** A person in an organisation. */
export interface User {
  readonly key: number;
  readonly id: string;
  readonly email: string;
  readonly name: string;
  /** In the whole organisation; `null`: only in single applications. */
  readonly role: Role | null;
  /** Roles in individual applications. */
  readonly applicationRoles: readonly ApplicationRole[];
  readonly isDisabled: boolean;
  readonly hasSecondFactor: boolean;
  readonly createdAt: number;
  readonly lastSignInAt: number | null;
}

export interface ApplicationRole {
  /** ID of the application. */
  readonly app: string;
  readonly appKey: number;
  readonly role: Role;
}

interface RoleRow {
  readonly personKey: number;
  readonly role: string;
  readonly appKey: number | null;
  readonly app: string | null;
}

/** The roles of these people in an organisation. */
export function rolesOf(db: Kysely<Database>, orgId: number, personKeys: readonly number[]): Promise<RoleRow[]> {
  return db
    .selectFrom("membership as m")
    .leftJoin("application as a", "a.id", "m.app_id")
    .select(["m.person_id as personKey", "m.role", "m.app_id as appKey", "a.public_id as app"])
    .where("m.org_id", "=", orgId)
    .where("m.person_id", "in", [...personKeys])
    .orderBy("m.id")
    .execute();
}

export function toUser(row: PersonRow, roles: readonly RoleRow[]): User {
  const own = roles.filter(({ personKey }) => personKey === row.id);
  const whole = own.find(({ appKey }) => appKey === null)?.role ?? null;
  return {
    key: row.id,
    id: row.public_id,
    email: row.email,
    name: row.name,
    role: whole !== null && isRole(whole) ? whole : null,
    applicationRoles: own.flatMap(({ role, app, appKey }) =>
      app !== null && appKey !== null && isRole(role) ? [{ app, appKey, role }] : [],
    ),
    isDisabled: row.disabled_at !== null,
    hasSecondFactor: row.totp_sealed !== null,
    createdAt: row.created_at,
    lastSignInAt: row.last_sign_in_at,
  };
}

/** A person of the organisation of the caller. Throws `not_found` for people of others. */
export async function getUser(ctx: Context, db: Kysely<Database>, id: string): Promise<{ row: PersonRow; user: User }> {
  const key = idIterator("usr_")(id);
  const row = await db
    .selectFrom("person")
    .selectAll()
    .where("id", "=", key ?? -1)
    .where("public_id", "=", id)
    .executeTakeFirst();
  const roles = row === undefined ? [] : await rolesOf(db, ctx.actor.orgId, [row.id]);
  if (row === undefined || roles.length === 0) throw notFound("user");
  return { row, user: toUser(row, roles) };
}

/** Language of the dashboard that the person who calls has chosen; `null`: none, or a token calls. */
export async function callerLocale(ctx: Context): Promise<string | null> {
  const { actor } = ctx;
  if (actor.kind !== "organisation" || actor.caller.kind !== "user") return null;
  const { key } = actor.caller;
  const row = await reader(ctx).selectFrom("person").select("locale").where("id", "=", key).executeTakeFirst();
  return row?.locale ?? null;
}

/** The person who calls. Throws for tokens and API keys. */
export function requirePerson(actor: Actor): { readonly key: number; readonly sessionKey: number } {
  if (actor.kind === "organisation" && actor.caller.kind === "user") return actor.caller;
  throw new PosthornError(
    "insufficient access",
    "This operation is only available to signed-in users, not with a token or an API key.",
  );
}

/**
 * Throws unless the caller may give and take this role. Only owners, and tokens of the organisation, manage owners: people cannot give more
 * than they have.
 */
export async function requireRoleManagement(
  ctx: Context,
  db: Kysely<Database>,
  roles: readonly (Role | null)[],
): Promise<void> {
  const { actor } = ctx;
  if (actor.kind === "organisation" && actor.caller.kind === "key") return requireRolesOfKey(actor.grant, roles);
  if (!roles.includes("owner")) return;
  if (actor.kind === "organisation" && actor.caller.kind !== "user") return;
  const { key } = requirePerson(actor);
  const own = await rolesOf(db, actor.orgId, [key]);
  if (own.some(({ role, appKey }) => role === "owner" && appKey === null)) return;
  throw new PosthornError("insufficient access", "Only an owner can invite, change or remove an owner.");
}

/** A key cannot give, or take, more than it has itself. */
function requireRolesOfKey({ permissions }: Grant, roles: readonly (Role | null)[]): void {
  const refused = roles.find(
    (role) => role !== null && ![...ROLE_PERMISSIONS[role]].every((one) => permissions.has(one)),
  );
  if (refused === undefined || refused === null) return;
  throw new PosthornError("insufficient access", `The role ${refused} can do more than your key.`);
}

/** Throws if the organisation would have no owner who can sign in without this person. Serializes changes of owners. */
export async function requireOtherOwner({ db }: Pick<Tx, "db">, orgId: number, personKey: number): Promise<void> {
  // Takes the lock of the row, so that two owners cannot demote each other at the same time.
  await db
    .updateTable("organisation")
    .set((eb) => ({ created_at: eb.ref("created_at") }))
    .where("id", "=", orgId)
    .execute();
  const other = await db
    .selectFrom("membership as m")
    .innerJoin("person as p", "p.id", "m.person_id")
    .select("p.id")
    .where("m.org_id", "=", orgId)
    .where("m.app_id", "is", null)
    .where("m.role", "=", "owner")
    .where("p.disabled_at", "is", null)
    .where("p.id", "!=", personKey)
    .executeTakeFirst();
  if (other !== undefined) return;
  throw new PosthornError(
    "conflict",
    "This user is the only owner of the organisation. Make another user an owner first.",
  );
}
