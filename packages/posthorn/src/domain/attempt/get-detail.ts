import { DELIVERY_STATE } from "../../store/schema.ts";
import { type Call, type Context, reader } from "../context.ts";
import type { Attempt } from "./attempt.ts";
import { type AttemptFacts, decodeDetail } from "./detail.ts";
import { getAttempt } from "./list.ts";

export interface AttemptWithDetail {
  readonly attempt: Attempt;
  /** `null`: they were deleted with the content of the attempt, or never written. */
  readonly facts: AttemptFacts | null;
  /** When the next attempt of its delivery is due, if this is the last one so far. Unix milliseconds. */
  readonly nextAttempt: number | null;
}

/** One attempt with all details that are kept. */
export async function getAttemptDetail(
  call: Call<{ readonly app: string; readonly message: string; readonly attempt: string }>,
): Promise<AttemptWithDetail> {
  const attempt = await getAttempt(call);
  const row = await reader(call.ctx)
    .selectFrom("attempt")
    .select(["detail_json", "message_id", "endpoint_id"])
    .where("id", "=", attempt.key)
    .executeTakeFirstOrThrow();
  const facts = row.detail_json === null ? null : decodeDetail(row.detail_json);
  return { attempt, facts, nextAttempt: await nextAttempt(call.ctx, attempt.key, row.message_id, row.endpoint_id) };
}

async function nextAttempt(
  ctx: Context,
  attemptKey: number,
  messageKey: number,
  endpointKey: number,
): Promise<number | null> {
  const later = await reader(ctx)
    .selectFrom("attempt")
    .select("id")
    .where("message_id", "=", messageKey)
    .where("endpoint_id", "=", endpointKey)
    .where("id", ">", attemptKey)
    .limit(1)
    .executeTakeFirst();
  if (later !== undefined) return null;
  const delivery = await reader(ctx)
    .selectFrom("delivery")
    .select("due")
    .where("message_id", "=", messageKey)
    .where("endpoint_id", "=", endpointKey)
    .where("state", "=", DELIVERY_STATE.pending)
    .executeTakeFirst();
  return delivery?.due ?? null;
}
