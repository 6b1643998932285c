import { sql } from "kysely";
import type { CancelReason } from "../../store/schema.ts";
import { DELIVERY_STATE } from "../../store/schema.ts";
import { type Call, type Context, write } from "../context.ts";
import { getEndpoint } from "../endpoint/find.ts";
import { getMessage, type MessageRef } from "../message/find.ts";
import type { Tx } from "../../store/tx.ts";

export interface CancelMessage extends MessageRef {
  /** ID or UID of one endpoint; `null`: all of them. */
  readonly endpoint: string | null;
}

/**
 * Cancels the unfinished deliveries of a message: scheduled, queued, waiting for a retry, or on hold. An attempt in flight is not
 * interrupted; if it succeeds, the delivery has succeeded. Returns how many were canceled.
 */
export async function cancelMessage({ ctx, input }: Call<CancelMessage>): Promise<number> {
  const { message } = await getMessage({ ctx, input: { ...input, withContent: false } });
  const endpoint =
    input.endpoint === null
      ? null
      : (await getEndpoint(ctx, { app: input.app, endpoint: input.endpoint })).endpoint.key;
  return write(ctx, (tx) => cancelDeliveries(ctx, tx, { messages: [message.key], endpoint, reason: "requested" }));
}

interface Canceled {
  readonly messages: readonly number[];
  /** `null`: at every endpoint. */
  readonly endpoint: number | null;
  readonly reason: CancelReason;
}

/** Cancels the unfinished deliveries of these messages in a transaction. Their queued jobs are dropped after the commit. */
export async function cancelDeliveries(
  ctx: Pick<Context, "services">,
  tx: Tx,
  { messages, endpoint, reason }: Canceled,
): Promise<number> {
  const { now } = ctx.services;
  let live = tx.db
    .selectFrom("delivery")
    .select(["message_id", "endpoint_id"])
    .where("message_id", "in", messages)
    .where("due", "is not", null);
  if (endpoint !== null) live = live.where("endpoint_id", "=", endpoint);
  const rows = await live.execute();
  if (rows.length === 0) return 0;
  const at = now();
  let change = tx.db
    .updateTable("delivery")
    .set({
      // A delivery that succeeded and was resent stays succeeded.
      state: sql<number>`CASE WHEN state = ${DELIVERY_STATE.succeeded} THEN state ELSE ${DELIVERY_STATE.canceled} END`,
      due: null,
      manual: 0,
      resume_due: null,
      generation: sql<number>`generation + 1`,
    })
    .where("message_id", "in", messages)
    .where("due", "is not", null);
  if (endpoint !== null) change = change.where("endpoint_id", "=", endpoint);
  await change.execute();
  for (let from = 0; from < rows.length; from += STEP) {
    const values = rows
      .slice(from, from + STEP)
      .map(({ message_id, endpoint_id }) => ({ message_id, endpoint_id, reason, by_message_id: null, at }));
    await tx.db
      .insertInto("cancellation")
      .values(values)
      .onConflict((conflict) =>
        conflict.columns(["message_id", "endpoint_id"]).doUpdateSet({ reason, by_message_id: null, at }),
      )
      .execute();
  }
  const deliveries = rows.map((row) => ({ messageId: row.message_id, endpointId: row.endpoint_id }));
  tx.signal({ kind: "revoke", deliveries });
  return rows.length;
}

/** Rows of one insert. */
const STEP = 500;
