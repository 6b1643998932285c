import { sql } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import { REQUESTED_BY, DELIVERY_STATE } from "../../store/schema.ts";
import { type Call, reader, write } from "../context.ts";
import { getEndpoint } from "../endpoint/find.ts";
import { getMessage, type MessageRef } from "../message/find.ts";
import type { Tx } from "../../store/tx.ts";

/**
 * Sends a message to an endpoint again, or for the first time, regardless of the filters of the endpoint. Makes one attempt; if it fails, a
 * retry that was scheduled before stays scheduled.
 */
export async function resendMessage({ ctx, input }: Call<MessageRef & { readonly endpoint: string }>): Promise<void> {
  const { endpoint } = await getEndpoint(ctx, input);
  const { message } = await getMessage({ ctx, input: { ...input, withContent: false } });
  if (endpoint.disabled) {
    throw new PosthornError("endpoint_disabled", "The endpoint is disabled. Enable it, then resend.");
  }
  const { deliverUntil } = message;
  if (deliverUntil !== null && deliverUntil <= ctx.services.now()) {
    throw new PosthornError("message_expired", "The message has expired. Publish it again if it is still needed.");
  }
  const { present, isRedacted } = await reader(ctx)
    .selectFrom("message")
    .select((eb) => [eb("payload", "is not", null).as("present"), eb("exact_bytes", "is not", null).as("isRedacted")])
    .where("id", "=", message.key)
    .executeTakeFirstOrThrow();
  if (!present) {
    throw new PosthornError(
      "missing_payload",
      "The payload of this message was deleted or has expired, so it cannot be sent.",
    );
  }
  await write(ctx, async (tx) => {
    if (isRedacted) await checkExactBody(tx, message.key);
    await makeDueManually(
      tx,
      { messageKey: message.key, endpointKey: endpoint.key, isRedacted: Boolean(isRedacted) },
      ctx.services.now(),
    );
    tx.signal({ kind: "wake", endpointId: endpoint.key });
  });
}

async function checkExactBody({ db }: Tx, messageKey: number): Promise<void> {
  const exact = await db
    .selectFrom("exact_body")
    .select("message_id")
    .where("message_id", "=", messageKey)
    .executeTakeFirst();
  if (exact !== undefined) return;
  throw new PosthornError(
    "message_body_destroyed",
    "The exact body of this message was destroyed after its last delivery, because redaction rules apply to it. " +
      "Publish it again. To be able to resend messages for a while, let the redaction rules keep exact bodies.",
  );
}

interface ManualDelivery {
  readonly messageKey: number;
  readonly endpointKey: number;
  readonly isRedacted: boolean;
}

/** Makes one manual attempt due now, independent of the schedule. Creates the delivery if there is none. */
async function makeDueManually(
  tx: Tx,
  { messageKey, endpointKey, isRedacted }: ManualDelivery,
  now: number,
): Promise<void> {
  await tx.db
    .insertInto("delivery")
    .values({
      message_id: messageKey,
      endpoint_id: endpointKey,
      state: DELIVERY_STATE.pending,
      due: now,
      attempts: 0,
      generation: 0,
      manual: REQUESTED_BY.resend,
      resume_due: null,
      has_exact: isRedacted ? 1 : null,
    })
    .onConflict((conflict) =>
      conflict.columns(["message_id", "endpoint_id"]).doUpdateSet(dueManually(now, REQUESTED_BY.resend)),
    )
    .execute();
}

/** Columns that make a manual attempt of an existing delivery due now, and keep its scheduled retry for later. */
export function dueManually(now: number, by: typeof REQUESTED_BY.resend | typeof REQUESTED_BY.recovery) {
  return {
    resume_due: sql<number | null>`CASE WHEN delivery.manual = 0 THEN delivery.due ELSE delivery.resume_due END`,
    due: now,
    manual: by,
    generation: sql<number>`delivery.generation + 1`,
  };
}
