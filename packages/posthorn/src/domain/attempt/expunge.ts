import { type Call, write } from "../context.ts";
import { getAttempt } from "./list.ts";

/** What stands in place of a response that was deleted. */
export const EXPUNGED = "EXPUNGED";

/** Deletes what the endpoint answered in one attempt, and what was sent and seen beside. */
export async function expungeAttemptContent({
  ctx,
  input,
}: Call<{ readonly app: string; readonly message: string; readonly attempt: string }>): Promise<void> {
  const { key } = await getAttempt({ ctx, input });
  await write(ctx, ({ db }) =>
    db.updateTable("attempt").set({ response: EXPUNGED, detail_json: null }).where("id", "=", key).execute(),
  );
}
