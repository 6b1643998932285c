import { EXPUNGED } from "../../store/hot-columns.ts";
import type { Store } from "../../store/store.ts";
import { type Call, write } from "../context.ts";
import { HOLDS_CHANGE, withoutSentBody } from "./detail.ts";
import { getAttempt } from "./list.ts";
import type { Tx } from "../../store/tx.ts";

/** Deletes the response and the details of one attempt. */
export async function expungeAttemptContent({
  ctx,
  input,
}: Call<{ readonly app: string; readonly message: string; readonly attempt: string }>): Promise<void> {
  const { key } = await getAttempt({ ctx, input });
  await write(ctx, ({ db }) =>
    db.updateTable("attempt").set({ response: EXPUNGED, detail_json: null }).where("id", "=", key).execute(),
  );
}

/** Attempts whose details contain a body that was sent in place of the message. They are deleted together with the payloads. Most messages have none. */
export function attemptsWithSentBodies({ db }: Pick<Store, "db">, messageKeys: readonly number[]) {
  return db
    .selectFrom("attempt")
    .select(["id", "message_id", "detail_json"])
    .where("message_id", "in", messageKeys)
    .where("detail_json", "like", HOLDS_CHANGE)
    .execute();
}

export async function forgetSentBodies(
  { db }: Pick<Tx, "db">,
  attempts: Awaited<ReturnType<typeof attemptsWithSentBodies>>,
): Promise<void> {
  for (const { id, detail_json: json } of attempts) {
    await db
      .updateTable("attempt")
      .set({ detail_json: withoutSentBody(json!) })
      .where("id", "=", id)
      .execute();
  }
}
