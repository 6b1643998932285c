/** Looks up the messages that a replay names. */
import { invalid } from "../../lib/errors.ts";
import { keyOfId } from "../../lib/id.ts";
import { visibleApplications } from "../access.ts";
import { type Context, reader } from "../context.ts";
import type { MessageKey } from "./replay.ts";

/** @param appKey Application that the messages must belong to; `null`: any that the caller sees. */
export async function messageKeysOf(
  ctx: Context,
  refs: readonly string[] | null,
  appKey: number | null,
): Promise<readonly MessageKey[] | null> {
  if (refs === null) return null;
  const visible = appKey === null ? visibleApplications(ctx.actor) : [appKey];
  const rows = await reader(ctx)
    .selectFrom("message as m")
    .innerJoin("application as a", "a.id", "m.app_id")
    .select(["m.id as key", "m.public_id as id"])
    .where(
      "m.id",
      "in",
      refs.map((ref) => keyOfId("msg_", ref) ?? -1),
    )
    .where("a.org_id", "=", ctx.actor.orgId)
    .where("a.deleted_at", "is", null)
    .$if(visible !== null, (query) => query.where("a.id", "in", visible!))
    .execute();
  const found = new Map(rows.map((row) => [row.id, row]));
  return [...new Set(refs)].map((ref, index) => {
    const message = found.get(ref);
    if (message === undefined) {
      throw invalid(["body", "messages", `[${index}]`], `There is no message "${ref}".`);
    }
    return message;
  });
}
