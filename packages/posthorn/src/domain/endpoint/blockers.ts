import { type Context, reader } from "../context.ts";
import { DELIVERY_STATE } from "../../store/schema.ts";

/** A failed delivery that blocks later deliveries with its ordering key. Times are Unix milliseconds. */
export interface Blocker {
  readonly messageId: string;
  /** `null`: the whole endpoint is ordered. */
  readonly orderingKey: string | null;
  readonly attempts: number;
  /** Time of the next attempt. */
  readonly due: number;
  /** Time from which it no longer blocks; `null`: it blocks until it succeeds or has failed. */
  readonly passAt: number | null;
  /** Number of blocked deliveries, up to `MAX_COUNTED`. */
  readonly waiting: number;
}

const MAX_SHOWN = 20;
const MAX_COUNTED = 1000;

/** Deliveries that block others of an endpoint with ordered delivery, by time of the next attempt. */
export async function blockersOf(ctx: Context, endpointKey: number): Promise<readonly Blocker[]> {
  const rows = await failedInOrder(ctx, endpointKey)
    .select(["delivery.message_id", "message.public_id", "message.ordering_key"])
    .select(["delivery.order_key", "delivery.attempts", "delivery.due", "delivery.pass_at"])
    .where("delivery.order_key", "is not", null)
    .orderBy("delivery.due")
    .limit(MAX_SHOWN)
    .execute();
  const blockers: Blocker[] = [];
  for (const row of rows) {
    const waiting = await countBehind(ctx, endpointKey, row.order_key!, row.message_id);
    const { public_id: messageId, attempts, pass_at: passAt } = row;
    const orderingKey = row.order_key === "" ? null : row.ordering_key;
    blockers.push({ messageId, orderingKey, attempts, due: row.due!, passAt, waiting });
  }
  return blockers;
}

export interface InOrder {
  readonly endpointKey: number;
  readonly orderKey: string;
  readonly messageKey: number;
}

/** Id of the message whose delivery blocks this one; `null` if none does. */
export async function blockerOf(ctx: Context, { endpointKey, orderKey, messageKey }: InOrder): Promise<string | null> {
  const row = await failedInOrder(ctx, endpointKey)
    .select("message.public_id")
    .where("delivery.order_key", "=", orderKey)
    .where("delivery.message_id", "<", messageKey)
    .orderBy("delivery.message_id")
    .limit(1)
    .executeTakeFirst();
  return row?.public_id ?? null;
}

/** Deliveries that failed, will be retried, and still block. */
function failedInOrder(ctx: Context, endpointKey: number) {
  const now = ctx.services.now();
  return reader(ctx)
    .selectFrom("delivery")
    .innerJoin("message", "message.id", "delivery.message_id")
    .where("delivery.endpoint_id", "=", endpointKey)
    .where("delivery.due", "is not", null)
    .where("delivery.state", "=", DELIVERY_STATE.pending)
    .where("delivery.attempts", ">", 0)
    .where((eb) => eb.or([eb("delivery.pass_at", "is", null), eb("delivery.pass_at", ">", now)]));
}

async function countBehind(ctx: Context, endpointKey: number, orderKey: string, messageKey: number): Promise<number> {
  const behind = reader(ctx)
    .selectFrom("delivery")
    .select("message_id")
    .where("endpoint_id", "=", endpointKey)
    .where("order_key", "=", orderKey)
    .where("message_id", ">", messageKey)
    .where("due", "is not", null)
    .limit(MAX_COUNTED)
    .as("behind");
  const { rows } = await reader(ctx)
    .selectFrom(behind)
    .select((eb) => eb.fn.countAll<number>().as("rows"))
    .executeTakeFirstOrThrow();
  return rows;
}
