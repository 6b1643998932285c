/** The caller as the dashboard needs it: who is signed in, and what they may do. */
import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";
import { type Context, reader } from "../context.ts";
import type { Grant, Permission } from "../grant.ts";
import { rolesOf, toUser, type User } from "../user/user.ts";

export interface ApplicationPermissions {
  readonly id: string;
  readonly uid: string | null;
  readonly permissions: readonly Permission[];
}

export interface CurrentSession {
  readonly kind: "user" | "key" | "token";
  readonly organisation: string;
  /** Name of the installation; `null`: it has none. */
  readonly environment: string | null;
  readonly permissions: readonly Permission[];
  /** The caller has access to some applications only. */
  readonly limited: boolean;
  /** Applications in which the caller has other permissions than in the organisation. */
  readonly applications: readonly ApplicationPermissions[];
  /** The person has to set up a second factor before anything else. */
  readonly secondFactorRequired: boolean;
  /** `null`: a token or an API key. */
  readonly user: User | null;
}

export async function currentSession(ctx: Context): Promise<CurrentSession> {
  const { actor } = ctx;
  if (actor.kind !== "organisation") throw new Error("The route is for callers of the organisation.");
  const { caller, grant, orgPublicId } = actor;
  const db = reader(ctx);
  const fields = {
    organisation: orgPublicId,
    environment: ctx.services.rules.environment || null,
    permissions: [...grant.permissions],
    limited: grant.applications !== null,
    applications: await permissionsInApplications(db, grant),
    secondFactorRequired: caller.kind === "user" && caller.lacksSecondFactor === true,
  };
  if (caller.kind !== "user") return { kind: caller.kind === "key" ? "key" : "token", ...fields, user: null };
  const row = await db.selectFrom("person").selectAll().where("id", "=", caller.key).executeTakeFirstOrThrow();
  return { kind: "user", ...fields, user: toUser(row, await rolesOf(db, actor.orgId, [row.id])) };
}

async function permissionsInApplications(
  db: Kysely<Database>,
  { inApplication }: Grant,
): Promise<readonly ApplicationPermissions[]> {
  if (inApplication === undefined || inApplication.size === 0) return [];
  const rows = await db
    .selectFrom("application")
    .select(["id", "public_id", "uid"])
    .where("id", "in", [...inApplication.keys()])
    .orderBy("id")
    .execute();
  return rows.map(({ id, public_id, uid }) => ({ id: public_id, uid, permissions: [...inApplication.get(id)!] }));
}
