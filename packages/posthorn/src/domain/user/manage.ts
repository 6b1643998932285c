/** The people of an organisation: list, roles, disabling, removal. */
import type { Kysely } from "kysely";
import { invalid, PosthornError } from "../../lib/errors.ts";
import type { Database } from "../../store/schema.ts";
import { containsText } from "../../store/portable-sql.ts";
import type { Tx } from "../../store/tx.ts";
import { getApplication } from "../application/find.ts";
import { atomically, type Call, type Context, reader, type TransactionContext } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import type { Role } from "../role.ts";
import { forgetViewOwner } from "../saved-view/save.ts";
import { endSessions } from "../session/session.ts";
import { insertMembership } from "./account.ts";
import { getUser, requireOtherOwner, requireRoleManagement, rolesOf, toUser, type User } from "./user.ts";

export interface ListUsers extends PageRequest {
  /** A part of the name or the address, in any case; `null`: any. */
  readonly search: string | null;
  /** `null`: both. */
  readonly isDisabled: boolean | null;
  /** By time of creation. */
  readonly order: "ascending" | "descending";
}

export async function listUsers({ ctx, input }: Call<ListUsers>): Promise<Page<User>> {
  const db = reader(ctx);
  const order = input.order === "ascending" ? "asc" : "desc";
  return await readPage(input, { order, keyOf: idIterator("usr_") }, async (slice) => {
    let query = db
      .selectFrom("person")
      .selectAll()
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom("membership")
            .select("membership.id")
            .whereRef("membership.person_id", "=", "person.id")
            .where("membership.org_id", "=", ctx.actor.orgId),
        ),
      )
      .orderBy("id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    if (input.search !== null) query = query.where(containsText(["name", "email"], input.search));
    if (input.isDisabled !== null) query = query.where("disabled_at", input.isDisabled ? "is not" : "is", null);
    const rows = await query.execute();
    if (rows.length === 0) return [];
    const roles = await rolesOf(
      db,
      ctx.actor.orgId,
      rows.map(({ id }) => id),
    );
    return rows.map((row) => toUser(row, roles));
  });
}

export async function findUser(ctx: Context, id: string): Promise<User> {
  return (await getUser(ctx, reader(ctx), id)).user;
}

export interface UserChange {
  readonly user: string;
  /** Role in the whole organisation; `null`: none; absent: unchanged. */
  readonly role?: Role | null | undefined;
  /** Roles in single applications, all of them; absent: unchanged. */
  readonly applicationRoles?: readonly { readonly app: string; readonly role: Role }[] | undefined;
  readonly isDisabled?: boolean | undefined;
}

/** Changes roles, or disables a person. Their sessions follow at once, on all nodes. */
export function changeUser(call: Call<UserChange>): Promise<User> {
  return atomically(call, async ({ ctx, input }) => {
    const { tx, actor } = ctx;
    const { row, user } = await getUser(ctx, tx.db, input.user);
    const given = [input.role ?? null, ...(input.applicationRoles ?? []).map(({ role }) => role)];
    await requireRoleManagement(ctx, tx.db, [user.role, ...given]);
    const isOwner = user.role === "owner" && !user.isDisabled;
    const losesRole = input.role !== undefined && input.role !== "owner";
    if (isOwner && (losesRole || input.isDisabled === true)) await requireOtherOwner(tx, actor.orgId, row.id);
    if (input.role !== undefined) await setRole(ctx, row.id, input.role);
    if (input.applicationRoles !== undefined) await setApplicationRoles(ctx, row.id, input.applicationRoles);
    if (input.isDisabled !== undefined && input.isDisabled !== user.isDisabled) {
      await requireSoleOrganisation(ctx, tx.db, row.id);
      await setDisabled(ctx, row.id, input.isDisabled);
    }
    const roles = await rolesOf(tx.db, actor.orgId, [row.id]);
    if (roles.length === 0) {
      throw invalid("role", "A user needs at least one role. To take the last one away, remove the user.");
    }
    tx.signal({ kind: "tokens" });
    return (await getUser(ctx, tx.db, input.user)).user;
  });
}

async function setRole(
  { services, tx, actor }: TransactionContext,
  personKey: number,
  role: Role | null,
): Promise<void> {
  await tx.db
    .deleteFrom("membership")
    .where("person_id", "=", personKey)
    .where("org_id", "=", actor.orgId)
    .where("app_id", "is", null)
    .execute();
  if (role !== null) await insertMembership(services, tx, { personKey, orgId: actor.orgId, appKey: null, role });
}

async function setApplicationRoles(
  ctx: TransactionContext,
  personKey: number,
  wanted: readonly { readonly app: string; readonly role: Role }[],
): Promise<void> {
  const { services, tx, actor } = ctx;
  const roles = new Map<number, Role>();
  for (const { app, role } of wanted) {
    if (role === "owner")
      throw invalid("applicationRoles", "The owner role applies to the whole organisation, not to one application.");
    roles.set((await getApplication(ctx, app)).key, role);
  }
  await tx.db
    .deleteFrom("membership")
    .where("person_id", "=", personKey)
    .where("org_id", "=", actor.orgId)
    .where("app_id", "is not", null)
    .execute();
  for (const [appKey, role] of roles) {
    await insertMembership(services, tx, { personKey, orgId: actor.orgId, appKey, role });
  }
}

async function setDisabled(
  { services, tx }: TransactionContext,
  personKey: number,
  isDisabled: boolean,
): Promise<void> {
  await tx.db
    .updateTable("person")
    .set({ disabled_at: isDisabled ? services.now() : null })
    .where("id", "=", personKey)
    .execute();
  if (isDisabled) await endAccess(tx, personKey);
}

/** Ends sessions, and links that would start new ones. */
async function endAccess(tx: Tx, personKey: number): Promise<void> {
  await endSessions(tx, personKey, null);
  await tx.db.deleteFrom("person_token").where("person_id", "=", personKey).execute();
}

/** Removes a person from the organisation. An account without any other organisation is deleted. */
export function removeUser(call: Call<{ readonly user: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { tx, actor } = ctx;
    const { row, user } = await getUser(ctx, tx.db, input.user);
    await requireRoleManagement(ctx, tx.db, [user.role]);
    if (user.role === "owner" && !user.isDisabled) await requireOtherOwner(tx, actor.orgId, row.id);
    await tx.db.deleteFrom("membership").where("person_id", "=", row.id).where("org_id", "=", actor.orgId).execute();
    await forgetViewOwner(tx, actor.orgId, { kind: "user", id: row.public_id });
    await tx.db
      .deleteFrom("person_session")
      .where("person_id", "=", row.id)
      .where("org_id", "=", actor.orgId)
      .execute();
    const other = await tx.db
      .selectFrom("membership")
      .select("id")
      .where("person_id", "=", row.id)
      .limit(1)
      .executeTakeFirst();
    if (other === undefined) {
      await endAccess(tx, row.id);
      await tx.db.deleteFrom("person").where("id", "=", row.id).execute();
    }
    tx.signal({ kind: "tokens" });
  });
}

/** Turns off the second factor of a person who lost their device and their recovery codes. */
export function removeSecondFactor(call: Call<{ readonly user: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { tx } = ctx;
    const { row, user } = await getUser(ctx, tx.db, input.user);
    await requireRoleManagement(ctx, tx.db, [user.role]);
    await requireSoleOrganisation(ctx, tx.db, row.id);
    await tx.db
      .updateTable("person")
      .set({ totp_sealed: null, totp_pending_sealed: null, totp_step: null, recovery_codes_json: null })
      .where("id", "=", row.id)
      .execute();
    await endSessions(tx, row.id, null);
  });
}

/** Ends all sessions of a person. */
export function endUserSessions(call: Call<{ readonly user: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { row, user } = await getUser(ctx, ctx.tx.db, input.user);
    await requireRoleManagement(ctx, ctx.tx.db, [user.role]);
    await endSessions(ctx.tx, row.id, null);
  });
}

/** Throws if the account also belongs to another organisation, because the change would affect it too. */
export async function requireSoleOrganisation(ctx: Context, db: Kysely<Database>, personKey: number): Promise<void> {
  const other = await db
    .selectFrom("membership")
    .select("id")
    .where("person_id", "=", personKey)
    .where("org_id", "!=", ctx.actor.orgId)
    .limit(1)
    .executeTakeFirst();
  if (other === undefined) return;
  throw new PosthornError(
    "conflict",
    "This account also belongs to another organisation, so it cannot be changed from here. You can change its roles, or remove it from this organisation.",
  );
}
