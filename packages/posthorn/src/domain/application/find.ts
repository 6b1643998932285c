import { notFound } from "../../lib/errors.ts";
import { APPLICATION_KIND, type ApplicationKind } from "../../store/schema.ts";
import { isId, keyOfId } from "../../lib/id.ts";
import { seesApplication } from "../access.ts";
import { type Context, reader } from "../context.ts";
import { applicationIdOf } from "../source/source.ts";
import { type Application, toApplication } from "./application.ts";

/**
 * Returns the application with this id or uid if the actor can access it. A token of another application gets the same result as for
 * an application that does not exist.
 */
export async function findApplication(ctx: Context, ref: string): Promise<Application | null> {
  const { kinds, id } = named(ctx, ref);
  let query = reader(ctx)
    .selectFrom("application")
    .selectAll()
    .where("org_id", "=", ctx.actor.orgId)
    .where("kind", "in", kinds)
    .where("deleted_at", "is", null);
  const key = keyOfId("app_", id);
  query = key === null ? query.where("uid", "=", id) : query.where("id", "=", key).where("public_id", "=", id);

  const row = await query.executeTakeFirst();
  if (row === undefined) return null;
  if (!seesApplication(ctx.actor, row.id)) return null;
  ctx.audit?.found(ref, row.public_id, row.name);
  ctx.audit?.in({ key: row.id, id: row.public_id });
  return toApplication(row);
}

const { customer, source } = APPLICATION_KIND;

/**
 * Kinds and id of the referenced application. The id of a source refers to its application, so that operations on messages and
 * endpoints of customers also work for sources.
 */
function named(ctx: Context, ref: string): { readonly kinds: readonly ApplicationKind[]; readonly id: string } {
  if (ctx.applicationKind !== undefined) return { kinds: [ctx.applicationKind], id: ref };
  if (isId("src_", ref)) return { kinds: [source], id: applicationIdOf(ref) };
  return { kinds: [customer, source], id: ref };
}

/** Context that only finds applications of customers. Sources themselves have their own operations. */
export function ofCustomers(ctx: Context): Context {
  return { ...ctx, applicationKind: ctx.applicationKind ?? customer };
}

/** Like {@link findApplication}, but throws `not_found` if there is no such application. */
export async function getApplication(ctx: Context, ref: string): Promise<Application> {
  const application = await findApplication(ctx, ref);
  if (application === null) throw notFound("application");
  return application;
}
