import { type Context, reader } from "../context.ts";
import { DELIVERY_STATE } from "../../store/schema.ts";

/** A delivery that failed and that others of its key wait for. Times are Unix milliseconds. */
export interface Blocker {
  readonly messageId: string;
  /** `null`: the order is that of the whole endpoint. */
  readonly orderingKey: string | null;
  readonly attempts: number;
  /** When it is tried again. */
  readonly due: number;
  /** When the others pass it; `null`: not before it succeeds or ends. */
  readonly passAt: number | null;
  /** How many wait for it, up to `MAX_COUNTED`. */
  readonly waiting: number;
}

const MAX_SHOWN = 20;
const MAX_COUNTED = 1000;

/** The deliveries that hold up others of an endpoint with an order, the next to be tried first. */
export async function blockersOf(ctx: Context, endpointKey: number): Promise<readonly Blocker[]> {
  const now = ctx.services.now();
  const rows = await reader(ctx)
    .selectFrom("delivery")
    .innerJoin("message", "message.id", "delivery.message_id")
    .select(["delivery.message_id", "message.public_id", "message.ordering_key"])
    .select(["delivery.order_key", "delivery.attempts", "delivery.due", "delivery.pass_at"])
    .where("delivery.endpoint_id", "=", endpointKey)
    .where("delivery.order_key", "is not", null)
    .where("delivery.due", "is not", null)
    .where("delivery.state", "=", DELIVERY_STATE.pending)
    .where("delivery.attempts", ">", 0)
    .where((eb) => eb.or([eb("delivery.pass_at", "is", null), eb("delivery.pass_at", ">", now)]))
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
