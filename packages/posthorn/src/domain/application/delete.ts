import { type Call, write } from "../context.ts";
import { deleteListenTokens } from "../relay/delete-tokens.ts";
import { removeWatchesOf } from "../watch/remove.ts";
import { getApplication, ofCustomers } from "./find.ts";

/** Deletes an application: cancels its queued deliveries, revokes its tokens and frees its uid. */
export async function deleteApplication({ ctx, input }: Call<{ readonly ref: string }>): Promise<void> {
  const { key } = await getApplication(ofCustomers(ctx), input.ref);
  await write(ctx, async (tx) => {
    const { db, signal } = tx;
    await removeWatchesOf(tx, key);
    await deleteListenTokens(tx, { appKey: key });
    await db.updateTable("application").set({ deleted_at: ctx.services.now() }).where("id", "=", key).execute();
    const endpoints = await db
      .selectFrom("endpoint")
      .select("id")
      .where("app_id", "=", key)
      .where("deleted_at", "is", null)
      .execute();
    signal({ kind: "application", key });
    signal({ kind: "tokens" });
    for (const { id } of endpoints) signal({ kind: "wake", endpointId: id });
  });
}
