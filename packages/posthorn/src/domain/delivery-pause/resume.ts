import { PosthornError } from "../../lib/errors.ts";
import { readDeliveryPause } from "../../store/delivery-pause.ts";
import { type Call, write } from "../context.ts";
import { requireOperator } from "../organisation/operator.ts";

/** Ends the pause after a restore on all nodes. Throws `conflict` if deliveries are not paused. */
export async function resumeDeliveries({ ctx }: Call<null>): Promise<void> {
  await requireOperator(
    ctx,
    "Deliveries were paused on the whole server. Only its first organisation may resume them.",
  );
  await write(ctx, async (tx) => {
    const paused = await readDeliveryPause(tx.db);
    if (paused === null) throw new PosthornError("conflict", "Deliveries are not paused.");
    await tx.db.deleteFrom("delivery_pause").execute();
    ctx.audit?.fact("backupAt", new Date(paused.backupAt).toISOString());
    tx.signal({ kind: "resumed" });
  });
}
