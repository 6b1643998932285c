import { notFound } from "../../lib/errors.ts";
import { keyOfId } from "../../lib/id.ts";
import { seesApplication } from "../access.ts";
import { type Context, reader } from "../context.ts";
import { applicationIdOf, type Source, toSource } from "./source.ts";

/** The source with this id or uid, if the actor may see it. */
export async function findSource(ctx: Context, ref: string): Promise<Source | null> {
  const query = reader(ctx)
    .selectFrom("source")
    .selectAll()
    .where("org_id", "=", ctx.actor.orgId)
    .where("deleted_at", "is", null);
  const key = keyOfId("src_", ref);
  const row = await (
    key === null ? query.where("uid", "=", ref) : query.where("id", "=", key).where("public_id", "=", ref)
  ).executeTakeFirst();
  if (row === undefined) return null;
  if (!seesApplication(ctx.actor, row.id)) return null;
  ctx.audit?.found(ref, row.public_id, row.name);
  ctx.audit?.in({ key: row.id, id: applicationIdOf(row.public_id) });
  return toSource(row, ctx.services.secretBox);
}

/** Like {@link findSource}, but throws `not_found`. */
export async function getSource(ctx: Context, ref: string): Promise<Source> {
  const source = await findSource(ctx, ref);
  if (source === null) throw notFound("source");
  return source;
}
