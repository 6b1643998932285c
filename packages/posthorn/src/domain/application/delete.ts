import { type Call, write } from "../context.ts";
import { getApplication, ofCustomers } from "./find.ts";

/** Deletes an application. Its uid is free again; what is still owed to its endpoints is canceled. */
export async function deleteApplication({ ctx, input }: Call<{ readonly ref: string }>): Promise<void> {
  const { key } = await getApplication(ofCustomers(ctx), input.ref);
  await write(ctx, async ({ db, afterCommit }) => {
    await db.updateTable("application").set({ deleted_at: ctx.services.now() }).where("id", "=", key).execute();
    const endpoints = await db
      .selectFrom("endpoint")
      .select("id")
      .where("app_id", "=", key)
      .where("deleted_at", "is", null)
      .execute();
    afterCommit(() => {
      ctx.services.directory.invalidate(key);
      for (const { id } of endpoints) ctx.services.dispatch.wake(id);
    });
  });
}
