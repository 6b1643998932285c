import { sql } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import { keyAfterTime, keyAtTime, timeOfKey } from "../../lib/id.ts";
import { ATTEMPT_STATUS, DELIVERY_STATE } from "../../store/schema.ts";
import { wasSent } from "../attempt/sent.ts";
import { type Call, type Context, reader } from "../context.ts";
import { type EndpointRef, getEndpoint } from "../endpoint/find.ts";
import { getMessage, type MessageRef } from "../message/find.ts";
import { HOUR_MS, rolledUpTo } from "../stats/roll-up.ts";
import type { Place } from "../stats/tally.ts";
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

/** Attempts of an endpoint that sent a request, by result, and its unfinished deliveries, over up to 28 days. */
export async function endpointStats({
  ctx,
  input,
}: Call<EndpointRef & { readonly since: number | null; readonly until: number | null }>): Promise<Stats> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  const now = ctx.services.now();
  const until = input.until ?? now;
  const since = input.since ?? until - MAX_RANGE;
  if (until > now + 1000 || until - since > MAX_RANGE || since > until) {
    throw new PosthornError("invalid_range", "Statistics can cover up to 28 days, and cannot cover the future.");
  }
  const from = keyAtTime(since);
  const to = keyAfterTime(until);
  const place = { orgId: ctx.actor.orgId, appId: application.key, endpointId: endpoint.key };
  // An index covers each count.
  const deliveries = reader(ctx)
    .selectFrom("delivery")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("endpoint_id", "=", endpoint.key)
    .where("message_id", ">=", from)
    .where("message_id", "<", to);
  const live = deliveries.where("state", "=", DELIVERY_STATE.pending).where("due", "is not", null);
  return {
    ...(await attemptsOf(ctx, place, { since, until })),
    pending: await countOf(live.where("attempts", "=", 0)),
    sending: await countOf(live.where("attempts", ">", 0)),
    canceled: await countOf(deliveries.where("state", "=", sql.lit(DELIVERY_STATE.canceled))),
  };
}

type Ended = Pick<Stats, "success" | "fail">;

/** Whole hours come from the roll-up, since there can be many attempts; the parts before and after are counted one by one. */
async function attemptsOf(
  ctx: Context,
  place: Place,
  { since, until }: { readonly since: number; readonly until: number },
): Promise<Ended> {
  const countedUpTo = timeOfKey(await rolledUpTo(ctx.services, "attempt"));
  const first = Math.ceil(since / HOUR_MS);
  const end = Math.floor(Math.min(until, countedUpTo) / HOUR_MS);
  const [from, to] = [keyAtTime(since), keyAfterTime(until)];
  if (first >= end) return attemptsBetween(ctx, place, from, to);
  const parts = [
    await attemptsBetween(ctx, place, from, keyAtTime(first * HOUR_MS)),
    await attemptsInHours(ctx, place, first, end),
    await attemptsBetween(ctx, place, keyAtTime(end * HOUR_MS), to),
  ];
  return parts.reduce((sum, { success, fail }) => ({ success: sum.success + success, fail: sum.fail + fail }));
}

async function attemptsInHours(
  ctx: Context,
  { orgId, appId, endpointId }: Place,
  first: number,
  end: number,
): Promise<Ended> {
  const { success, fail } = await reader(ctx)
    .selectFrom("rollup")
    .select((eb) => [
      eb.fn.sum<number | null>("attempts_ok").as("success"),
      eb.fn.sum<number | null>("attempts_failed").as("fail"),
    ])
    .where("org_id", "=", orgId)
    .where("app_id", "=", appId)
    .where("endpoint_id", "=", endpointId)
    .where("hour", ">=", first)
    .where("hour", "<", end)
    .executeTakeFirstOrThrow();
  return { success: success ?? 0, fail: fail ?? 0 };
}

/** From a key up to another, exclusive. */
async function attemptsBetween(ctx: Context, { endpointId }: Place, from: number, to: number): Promise<Ended> {
  const attempts = reader(ctx)
    .selectFrom("attempt")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("endpoint_id", "=", endpointId)
    .where("id", ">=", from)
    .where("id", "<", to);
  return {
    success: await countOf(attempts.where("status", "=", ATTEMPT_STATUS.success)),
    fail: await countOf(attempts.where("status", "=", ATTEMPT_STATUS.fail).where(wasSent)),
  };
}

async function countOf(query: { executeTakeFirstOrThrow(): Promise<{ count: number }> }): Promise<number> {
  return (await query.executeTakeFirstOrThrow()).count;
}

/** Deliveries of a message by status. */
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
