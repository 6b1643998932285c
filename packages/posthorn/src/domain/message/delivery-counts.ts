/** Counts of deliveries by state, for lists of messages. */
import { DELIVERY_STATE } from "../../store/schema.ts";
import { type OutsideContext, reader } from "../context.ts";
import { holdsOf, isHeld } from "../delivery/held.ts";

export interface DeliveryCounts {
  readonly succeeded: number;
  readonly failed: number;
  /** Failed so far, and scheduled for a retry. */
  readonly retrying: number;
  /** Without an attempt so far. */
  readonly pending: number;
  /** Deliveries on hold, which the two counts above do not include: the endpoint is disabled, its circuit is open, or they wait in an order. */
  readonly held: number;
  readonly canceled: number;
}

export const NO_DELIVERIES: DeliveryCounts = { succeeded: 0, failed: 0, retrying: 0, pending: 0, held: 0, canceled: 0 };

export async function deliveryCounts(
  ctx: OutsideContext,
  keys: readonly number[],
): Promise<ReadonlyMap<number, DeliveryCounts>> {
  if (keys.length === 0) return new Map();
  const deliveries = reader(ctx).selectFrom("delivery").where("message_id", "in", keys);
  const withDelivery = await deliveries.select("endpoint_id").distinct().where("due", "is not", null).execute();
  const holds = await holdsOf(
    ctx,
    withDelivery.map((row) => row.endpoint_id),
  );
  const rows = await deliveries
    .select((eb) => ["message_id", "state", eb("attempts", ">", 0).as("tried"), eb.fn.countAll<number>().as("count")])
    .select(isHeld(holds).as("held"))
    .groupBy(["message_id", "state", "tried", "held"])
    .execute();
  const counts = new Map<number, DeliveryCounts>();
  for (const { message_id, state, tried, held, count } of rows) {
    const name = held ? "held" : nameOf(state, Boolean(tried));
    const before = counts.get(message_id) ?? NO_DELIVERIES;
    counts.set(message_id, { ...before, [name]: before[name] + count });
  }
  return counts;
}

function nameOf(state: number, tried: boolean): keyof DeliveryCounts {
  if (state === DELIVERY_STATE.succeeded) return "succeeded";
  if (state === DELIVERY_STATE.failed) return "failed";
  if (state === DELIVERY_STATE.canceled) return "canceled";
  return tried ? "retrying" : "pending";
}
