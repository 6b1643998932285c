import { sql } from "kysely";
import { PosthornError } from "../../errors.ts";
import { keyAfterTime, keyAtTime } from "../../id.ts";
import { ATTEMPT_STATUS, DELIVERY_STATE } from "../../store/schema.ts";
import { wasSent } from "../attempt/sent.ts";
import { type Call, reader } from "../context.ts";
import { type EndpointRef, getEndpoint } from "../endpoint/find.ts";
import { getMessage, type MessageRef } from "../message/find.ts";
import { STATUS, statusOf } from "./delivery.ts";

export interface Stats {
  readonly success: number;
  readonly pending: number;
  readonly sending: number;
  readonly fail: number;
  readonly canceled: number;
}

const DAY = 86_400_000;
const MAX_RANGE = 28 * DAY;

/** Attempts of an endpoint for which something was sent, by how they ended, and its deliveries that wait, over up to 28 days. */
export async function endpointStats({
  ctx,
  input,
}: Call<EndpointRef & { readonly since: number | null; readonly until: number | null }>): Promise<Stats> {
  const { endpoint } = await getEndpoint(ctx, input);
  const now = ctx.services.now();
  const until = input.until ?? now;
  const since = input.since ?? until - MAX_RANGE;
  if (until > now + 1000 || until - since > MAX_RANGE || since > until) {
    throw new PosthornError("invalid_range", "Statistics cover up to 28 days, and none of the future.");
  }
  const from = keyAtTime(since);
  const to = keyAfterTime(until);
  // Each count has an index that holds all it asks for; those of successes are many.
  const attempts = reader(ctx)
    .selectFrom("attempt")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("endpoint_id", "=", endpoint.key)
    .where("id", ">=", from)
    .where("id", "<", to);
  const deliveries = reader(ctx)
    .selectFrom("delivery")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("endpoint_id", "=", endpoint.key)
    .where("message_id", ">=", from)
    .where("message_id", "<", to);
  const live = deliveries.where("state", "=", DELIVERY_STATE.pending).where("due", "is not", null);
  const counts = {
    success: attempts.where("status", "=", ATTEMPT_STATUS.success),
    fail: attempts.where("status", "=", ATTEMPT_STATUS.fail).where(wasSent),
    pending: live.where("attempts", "=", 0),
    sending: live.where("attempts", ">", 0),
    canceled: deliveries.where("state", "=", sql.lit(DELIVERY_STATE.canceled)),
  };
  const count = async (query: { executeTakeFirstOrThrow(): Promise<{ count: number }> }): Promise<number> =>
    (await query.executeTakeFirstOrThrow()).count;
  return {
    success: await count(counts.success),
    fail: await count(counts.fail),
    pending: await count(counts.pending),
    sending: await count(counts.sending),
    canceled: await count(counts.canceled),
  };
}

/** Deliveries of a message by where they stand. */
export async function messageStats({ ctx, input }: Call<MessageRef>): Promise<Stats> {
  const { message } = await getMessage({ ctx, input: { ...input, withContent: false } });
  const rows = await reader(ctx)
    .selectFrom("delivery")
    .select(["state", "due", "attempts"])
    .where("message_id", "=", message.key)
    .execute();
  const count = (status: number): number => rows.filter((row) => statusOf(row).status === status).length;
  return {
    success: count(STATUS.success),
    pending: count(STATUS.pending),
    sending: count(STATUS.sending),
    fail: count(STATUS.fail),
    canceled: count(STATUS.canceled),
  };
}
