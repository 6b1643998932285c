import { notFound } from "../../errors.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { keyOfId } from "../../id.ts";
import { type Context, reader } from "../context.ts";
import { type Application, toApplication } from "./application.ts";

/**
 * The application with this id or uid, if the actor may see it. A token of another application gets the same answer as for one
 * that does not exist.
 */
export async function findApplication(ctx: Context, ref: string): Promise<Application | null> {
  let query = reader(ctx)
    .selectFrom("application")
    .selectAll()
    .where("org_id", "=", ctx.actor.orgId)
    .where("kind", "=", ctx.applicationKind ?? APPLICATION_KIND.customer)
    .where("deleted_at", "is", null);
  const key = keyOfId("app_", ref);
  query = key === null ? query.where("uid", "=", ref) : query.where("id", "=", key).where("public_id", "=", ref);

  const row = await query.executeTakeFirst();
  if (row === undefined) return null;
  if (ctx.actor.kind === "application" && ctx.actor.appId !== row.id) return null;
  return toApplication(row);
}

/** As {@link findApplication}, but an application that is not there is a `not_found` error. */
export async function getApplication(ctx: Context, ref: string): Promise<Application> {
  const application = await findApplication(ctx, ref);
  if (application === null) throw notFound("application");
  return application;
}
