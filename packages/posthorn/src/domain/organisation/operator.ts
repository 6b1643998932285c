/** Settings of the whole server belong to its operator. */
import { PosthornError } from "../../lib/errors.ts";
import type { Context } from "../context.ts";
import { reader } from "../context.ts";

/** Throws unless the caller belongs to the first organisation of the server, which is the operator's. @param message What is refused. */
export async function requireOperator(ctx: Context, message: string): Promise<void> {
  const row = await reader(ctx).selectFrom("organisation").select("id").orderBy("id").limit(1).executeTakeFirst();
  if (row?.id !== ctx.actor.orgId) throw new PosthornError("insufficient access", message);
}
