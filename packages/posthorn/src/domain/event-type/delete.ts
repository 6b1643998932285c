import { type Call, write } from "../context.ts";
import { getEventType } from "./find.ts";

/** Archives an event type: existing subscriptions remain, new ones are not allowed. With `expunge` it is deleted. */
export async function deleteEventType({
  ctx,
  input,
}: Call<{ readonly name: string; readonly expunge: boolean }>): Promise<void> {
  await getEventType(ctx, input.name);
  await write(ctx, async ({ db }) => {
    if (input.expunge) {
      await db.deleteFrom("event_type").where("org_id", "=", ctx.actor.orgId).where("name", "=", input.name).execute();
      return;
    }
    await db
      .updateTable("event_type")
      .set({ archived: 1, updated_at: ctx.services.now() })
      .where("org_id", "=", ctx.actor.orgId)
      .where("name", "=", input.name)
      .execute();
  });
}
