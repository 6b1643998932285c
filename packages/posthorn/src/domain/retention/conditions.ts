/** Conditions that keep a message or an attempt after its retention period. */
import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from "kysely";
import { DELIVERY_STATE, type Database } from "../../store/schema.ts";

type Condition = ExpressionWrapper<Database, "message", SqlBool>;

/** The message has a pending delivery. */
export function hasPendingDeliveries(eb: ExpressionBuilder<Database, "message">): Condition {
  return eb.exists(
    eb
      .selectFrom("delivery")
      .select("delivery.endpoint_id")
      .whereRef("delivery.message_id", "=", "message.id")
      .where("delivery.due", "is not", null),
  );
}

/** The message has a failed delivery. */
export function hasFailed(eb: ExpressionBuilder<Database, "message">): Condition {
  return eb.exists(
    eb
      .selectFrom("delivery")
      .select("delivery.endpoint_id")
      .whereRef("delivery.message_id", "=", "message.id")
      .where("delivery.state", "=", DELIVERY_STATE.failed),
  );
}

/** The message has an attempt from this key on, for example a manual one. */
export function wasAttemptedSince(eb: ExpressionBuilder<Database, "message">, key: number): Condition {
  return eb.exists(
    eb
      .selectFrom("attempt")
      .select("attempt.id")
      .whereRef("attempt.message_id", "=", "message.id")
      .where("attempt.id", ">=", key),
  );
}

/** The message has its own payload retention, which has not ended. */
export function keepsPayload(eb: ExpressionBuilder<Database, "message">, now: number): Condition {
  // Must never be NULL, because it is negated.
  return eb.and([eb("message.payload", "is not", null), eb(eb.fn.coalesce("message.expires_at", eb.lit(0)), ">", now)]);
}
