import { sql } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import { ASKED, DELIVERY_STATE } from "../../store/schema.ts";
import { type Call, reader, write } from "../context.ts";
import { getEndpoint } from "../endpoint/find.ts";
import { getMessage, type MessageRef } from "../message/find.ts";
import type { Tx } from "../../store/tx.ts";

/**
 * Sends a message to an endpoint once more, or for the first time, whatever the endpoint filters. One attempt: when it fails, a
 * retry that was scheduled before stays scheduled.
 */
export async function resendMessage({ ctx, input }: Call<MessageRef & { readonly endpoint: string }>): Promise<void> {
  const { endpoint } = await getEndpoint(ctx, input);
  const { message } = await getMessage({ ctx, input: { ...input, withContent: false } });
  if (endpoint.disabled) {
    throw new PosthornError("endpoint_disabled", "The endpoint is disabled: enable it, then resend.");
  }
  const { deliverUntil } = message;
  if (deliverUntil !== null && deliverUntil <= ctx.services.now()) {
    throw new PosthornError("message_expired", "The message has expired: publish it anew if it is still wanted.");
  }
  const { present } = await reader(ctx)
    .selectFrom("message")
    .select((eb) => eb("payload", "is not", null).as("present"))
    .where("id", "=", message.key)
    .executeTakeFirstOrThrow();
  if (!present) {
    throw new PosthornError(
      "missing_payload",
      "The payload of this message was deleted or has expired: there is nothing to send.",
    );
  }
  await write(ctx, async (tx) => {
    await makeDueByHand(tx, message.key, endpoint.key, ctx.services.now());
    tx.signal({ kind: "wake", endpointId: endpoint.key });
  });
}

/** Makes one attempt of a delivery due now, beside its schedule. Creates the delivery when there was none. */
async function makeDueByHand(tx: Tx, messageKey: number, endpointKey: number, now: number): Promise<void> {
  await tx.db
    .insertInto("delivery")
    .values({
      message_id: messageKey,
      endpoint_id: endpointKey,
      state: DELIVERY_STATE.pending,
      due: now,
      attempts: 0,
      generation: 0,
      manual: ASKED.byResend,
      resume_due: null,
    })
    .onConflict((conflict) => conflict.columns(["message_id", "endpoint_id"]).doUpdateSet(byHand(now, ASKED.byResend)))
    .execute();
}

/** The change that makes an existing delivery due by hand and keeps its scheduled retry for later. */
export function byHand(now: number, asked: typeof ASKED.byResend | typeof ASKED.byRecovery) {
  return {
    resume_due: sql<number | null>`CASE WHEN delivery.manual = 0 THEN delivery.due ELSE delivery.resume_due END`,
    due: now,
    manual: asked,
    generation: sql<number>`delivery.generation + 1`,
  };
}
