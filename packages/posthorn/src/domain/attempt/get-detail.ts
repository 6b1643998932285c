import { DELIVERY_STATE } from "../../store/schema.ts";
import { type Call, type Context, reader } from "../context.ts";
import type { Attempt } from "./attempt.ts";
import { type AttemptFacts, decodeDetail } from "./detail.ts";
import { getAttempt } from "./list.ts";
import { type StoredBody, withPayload } from "./sent-body.ts";

export interface AttemptWithDetail {
  readonly attempt: Attempt;
  /** `null`: they were deleted with the content of the attempt, or never written. */
  readonly facts: AttemptFacts | null;
  /** When the next attempt of its delivery is due, if this is the last one so far. Unix milliseconds. */
  readonly nextAttempt: number | null;
  /** Trace context of the message; `null`: none. */
  readonly traceContext: string | null;
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
  const stored = row.detail_json === null ? null : decodeDetail(row.detail_json);
  const facts = stored === null ? null : await withSentBody(call.ctx, stored, row.message_id);
  const message = await reader(call.ctx)
    .selectFrom("message")
    .select("trace_context")
    .where("id", "=", row.message_id)
    .executeTakeFirst();
  return {
    attempt,
    facts,
    nextAttempt: await nextAttempt(call.ctx, attempt.key, row.message_id, row.endpoint_id),
    traceContext: message?.trace_context ?? null,
  };
}

/** Inserts the payload in the body that was sent, if it is stored without it. */
async function withSentBody(ctx: Context, facts: AttemptFacts, messageKey: number): Promise<AttemptFacts> {
  const change = facts.extra?.["change"] as { readonly body: StoredBody | null } | undefined;
  const body = change?.body ?? null;
  if (body?.payload === undefined) return facts;
  const message = await reader(ctx)
    .selectFrom("message")
    .select("payload")
    .where("id", "=", messageKey)
    .executeTakeFirst();
  return {
    ...facts,
    extra: { ...facts.extra, change: { ...change, body: withPayload(body, message?.payload ?? null) } },
  };
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
