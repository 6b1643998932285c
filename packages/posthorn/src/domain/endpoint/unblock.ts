import { type Call, write } from "../context.ts";
import { keyOfId } from "../../lib/id.ts";
import { DELIVERY_STATE } from "../../store/schema.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

export interface UnblockEndpoint extends EndpointRef {
  /** Only deliveries with this ordering key; `null`: all keys. */
  readonly orderingKey: string | null;
  /** Only deliveries of this message; `null`: all messages. */
  readonly messageId: string | null;
}

/** Unblocks ordered delivery: later deliveries no longer wait for failed ones, which are still retried on schedule. */
export async function unblockEndpoint({ ctx, input }: Call<UnblockEndpoint>): Promise<void> {
  const { endpoint } = await getEndpoint(ctx, input);
  const now = ctx.services.now();
  await write(ctx, async ({ db, signal }) => {
    let change = db
      .updateTable("delivery")
      .set({ pass_at: now })
      .where("endpoint_id", "=", endpoint.key)
      .where("order_key", "is not", null)
      .where("due", "is not", null)
      .where("state", "=", DELIVERY_STATE.pending)
      .where("attempts", ">", 0)
      .where((eb) => eb.or([eb("pass_at", "is", null), eb("pass_at", ">", now)]));
    if (input.orderingKey !== null) change = change.where("order_key", "=", input.orderingKey);
    if (input.messageId !== null) change = change.where("message_id", "=", keyOfId("msg_", input.messageId) ?? -1);
    await change.execute();
    signal({ kind: "wake", endpointId: endpoint.key });
  });
}
