/** Status of the deliveries of a message: state, attempts, and the reason for waiting. */
import { timeOfKey } from "../../lib/id.ts";
import { ATTEMPT_STATUS, DELIVERY_STATE } from "../../store/schema.ts";
import { type Context, type OutsideCall, reader } from "../context.ts";
import { HOLDS_CHANGE } from "../attempt/detail.ts";
import { getMessage, type MessageRef } from "../message/find.ts";
import { blockerOf } from "../endpoint/blockers.ts";
import { ENDPOINT_HOLD_REASONS, type EndpointHold, holdsAmong, holdCutoff } from "../endpoint/hold.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { CANCELLATION_COLUMNS, type DeliveryRow, type DeliveryStatus, statusOf } from "./delivery.ts";

export interface MessageDelivery {
  readonly endpointId: string;
  readonly endpointUid: string | null;
  readonly url: string;
  /** State of the delivery. */
  readonly state: "pending" | "retrying" | "held" | "succeeded" | "failed" | "canceled";
  readonly status: DeliveryStatus;
  /** Attempts made, scheduled and manual. */
  readonly attempts: number;
  readonly lastAttempt: LastAttempt | null;
  /** Why a due delivery is not sent; `null`: it is not on hold. */
  readonly heldReason: HeldReason | null;
  /** When the hold ends, or the next probe is due. Unix milliseconds; `null`: when a person acts, or unknown. */
  readonly heldUntil: number | null;
  /** In ordered delivery: ID of the message whose delivery it waits for. */
  readonly heldBy: string | null;
  /** When the next attempt is due, unless it is on hold. Unix milliseconds. */
  readonly nextAttempt: number | null;
}

/** `order`: an earlier delivery of its ordering key failed, and is retried first. */
export const HELD_REASONS = [...ENDPOINT_HOLD_REASONS, "order"] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

export interface LastAttempt {
  readonly id: string;
  /** 0 success, 2 failure. */
  readonly status: number;
  /** 0 when there was no response. */
  readonly responseCode: number;
  readonly errorCode: string | null;
  /** Unix milliseconds. */
  readonly timestamp: number;
  /** A transformation or a format changed the message before it was sent. */
  readonly changed: boolean;
}

/** In the order of the endpoint IDs, including deleted endpoints. */
export async function listMessageDeliveries({
  ctx,
  input,
}: OutsideCall<MessageRef & PageRequest>): Promise<Page<MessageDelivery>> {
  const { message } = await getMessage({ ctx, input: { ...input, withContent: false } });
  const page = await readPage(input, { order: "asc", keyOf: idIterator("ep_") }, (slice) => {
    let query = reader(ctx)
      .selectFrom("delivery")
      .innerJoin("endpoint", "endpoint.id", "delivery.endpoint_id")
      .select(["endpoint.id", "endpoint.public_id", "endpoint.uid", "endpoint.url"])
      .leftJoin("cancellation", (join) =>
        join
          .onRef("cancellation.message_id", "=", "delivery.message_id")
          .onRef("cancellation.endpoint_id", "=", "delivery.endpoint_id"),
      )
      .leftJoin("message as newer", "newer.id", "cancellation.by_message_id")
      .select(["delivery.state", "delivery.due", "delivery.attempts", "delivery.order_key"])
      .select(CANCELLATION_COLUMNS)
      .where("delivery.message_id", "=", message.key)
      .orderBy("delivery.endpoint_id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("delivery.endpoint_id", comparison(slice.order), slice.from);
    return query.execute();
  });
  const keys = page.rows.map((row) => row.id);
  const tried = await attemptsOf(ctx, message.key, keys);
  const now = ctx.services.now();
  const unfinished = page.rows.filter(({ due }) => due !== null).map(({ id }) => id);
  const holds = await holdsAmong(ctx.services, unfinished, now);
  const rows: MessageDelivery[] = [];
  for (const row of page.rows) {
    const held = await holdDetails(ctx, { messageKey: message.key, row, hold: holds.get(row.id) ?? null, now });
    rows.push(toDelivery(row, tried.get(row.id) ?? NOT_TRIED, held));
  }
  return { ...page, rows };
}

interface Row extends DeliveryRow {
  readonly id: number;
  readonly public_id: string;
  readonly uid: string | null;
  readonly url: string;
  readonly order_key: string | null;
}

interface Tried {
  readonly attempts: number;
  readonly lastAttempt: LastAttempt | null;
}

const NOT_TRIED: Tried = { attempts: 0, lastAttempt: null };

interface Held {
  readonly reason: HeldReason;
  readonly until: number | null;
  readonly by: string | null;
}

function toDelivery(row: Row, tried: Tried, held: Held | null): MessageDelivery {
  const { public_id: endpointId, uid: endpointUid, url, due } = row;
  return {
    endpointId,
    endpointUid,
    url,
    state: held === null ? stateOf(row, tried) : "held",
    status: statusOf(row),
    ...tried,
    heldReason: held?.reason ?? null,
    heldUntil: held?.until ?? null,
    heldBy: held?.by ?? null,
    nextAttempt: held === null ? due : null,
  };
}

interface Holding {
  readonly messageKey: number;
  readonly row: Row;
  /** Of its endpoint. */
  readonly hold: EndpointHold | null;
  readonly now: number;
}

/** The reason why a delivery waits, besides its due time. A retry that is due after the hold has ended waits only for that due time. */
async function holdDetails(ctx: Context, { messageKey, row, hold, now }: Holding): Promise<Held | null> {
  const { id, due, order_key } = row;
  if (due === null) return null;
  if (hold !== null) {
    const dueBy = holdCutoff(hold, now);
    if (dueBy === null || due <= dueBy) return { ...hold, by: null };
  }
  if (order_key === null || due > now) return null;
  const blocker = await blockerOf(ctx, { endpointKey: id, orderKey: order_key, messageKey });
  return blocker === null ? null : { reason: "order", until: null, by: blocker };
}

function stateOf({ state, due }: Row, { attempts }: Tried): MessageDelivery["state"] {
  if (due !== null) return attempts === 0 ? "pending" : "retrying";
  if (state === DELIVERY_STATE.succeeded) return "succeeded";
  return state === DELIVERY_STATE.canceled ? "canceled" : "failed";
}

async function attemptsOf(
  ctx: Context,
  messageKey: number,
  endpointKeys: readonly number[],
): Promise<ReadonlyMap<number, Tried>> {
  if (endpointKeys.length === 0) return new Map();
  const counts = await reader(ctx)
    .selectFrom("attempt")
    .select((eb) => ["endpoint_id", eb.fn.countAll<number>().as("attempts"), eb.fn.max("id").as("last")])
    .where("message_id", "=", messageKey)
    .where("endpoint_id", "in", endpointKeys)
    .groupBy("endpoint_id")
    .execute();
  if (counts.length === 0) return new Map();
  const last = await reader(ctx)
    .selectFrom("attempt")
    .select(["id", "public_id", "status", "response_code", "error_code"])
    .select((eb) => eb("detail_json", "like", HOLDS_CHANGE).as("changed"))
    .where(
      "id",
      "in",
      counts.map((row) => row.last),
    )
    .execute();
  const byKey = new Map(last.map((row) => [row.id, row]));
  return new Map(
    counts.map(({ endpoint_id, attempts, last: key }) => {
      const row = byKey.get(key)!;
      const { public_id: id, response_code: responseCode, error_code: errorCode } = row;
      const status = row.status === ATTEMPT_STATUS.success ? ATTEMPT_STATUS.success : ATTEMPT_STATUS.fail;
      return [
        endpoint_id,
        {
          attempts,
          lastAttempt: {
            id,
            status,
            responseCode,
            errorCode,
            timestamp: timeOfKey(key),
            changed: Boolean(row.changed),
          },
        },
      ];
    }),
  );
}
