/** Input of the statement that stores messages: its array parameters, and how their elements follow from the messages. */
import { MESSAGE } from "../../hot-columns.ts";
import { DELIVERY_STATE } from "../../schema.ts";
import type { AcceptEntry, Dues } from "../../store.ts";
import type { Column } from "./bind-message.ts";

/** A message, and the place of its bytes among those of the whole batch, counted from 1. */
export interface PlacedMessage {
  readonly message: AcceptEntry;
  readonly from: number;
  readonly bytes: number;
}

export function placed(
  messages: readonly AcceptEntry[],
  bytesOf: (message: AcceptEntry) => Uint8Array,
): readonly PlacedMessage[] {
  let next = 1;
  return messages.map((message) => {
    const [from, bytes] = [next, bytesOf(message).byteLength];
    next += bytes;
    return { message, from, bytes };
  });
}

/** Columns of the table, and which part of the payloads is that of the message. */
export const MESSAGE_COLUMNS: readonly Column<PlacedMessage>[] = [
  ...MESSAGE.columns.map(({ column, type, of }) => ({ column, type, of: ({ message }: PlacedMessage) => of(message) })),
  { column: "payload_from", type: "int", of: ({ from }) => from },
  { column: "payload_bytes", type: "int", of: ({ bytes }) => bytes },
];

/** The same with the values by which duplicates are found. */
export const MESSAGE_COLUMNS_WITH_KEYS: readonly Column<PlacedMessage>[] = [
  ...MESSAGE_COLUMNS,
  { column: "hash", type: "text", of: ({ message: { idempotency } }) => idempotency?.hash ?? null },
  { column: "bucket", type: "bigint", of: ({ message: { idempotency } }) => idempotency?.buckets[0] ?? null },
  {
    column: "buckets",
    type: "text",
    of: ({ message: { idempotency } }) => (idempotency === null ? null : `{${idempotency.buckets.join(",")}}`),
  },
];

/** For messages with an exact body that is stored. `from` and `bytes` are its place among the sealed bodies. */
export const EXACT_COLUMNS: readonly Column<PlacedMessage & { readonly isPending: boolean }>[] = [
  { column: "message_id", type: "bigint", of: ({ message }) => message.id },
  { column: "exact_from", type: "int", of: ({ from }) => from },
  { column: "exact_bytes", type: "int", of: ({ bytes }) => bytes },
  { column: "keep_ms", type: "bigint", of: ({ message }) => message.exact!.keepMs },
  { column: "pending", type: "int", of: ({ isPending }) => (isPending ? 1 : 0) },
];

export interface NewDelivery {
  readonly messageId: number;
  readonly endpointId: number;
  readonly state: number;
  readonly due: number | null;
  readonly orderKey: string | null;
}

export const DELIVERY_COLUMNS: readonly Column<NewDelivery>[] = [
  { column: "message_id", type: "bigint", of: ({ messageId }) => messageId },
  { column: "endpoint_id", type: "bigint", of: ({ endpointId }) => endpointId },
  { column: "state", type: "int", of: ({ state }) => state },
  { column: "due", type: "bigint", of: ({ due }) => due },
  { column: "order_key", type: "text", of: ({ orderKey }) => orderKey },
];

/** @param dues Due times under flow control; `null`: there is none. */
export function newDeliveries(message: AcceptEntry, dues: Dues | null): readonly NewDelivery[] {
  const { id: messageId, endpointIds, orderKeys, pulled } = message;
  return endpointIds.map((endpointId, index) => {
    if (pulled?.includes(endpointId) === true) {
      return { messageId, endpointId, state: DELIVERY_STATE.succeeded, due: null, orderKey: null };
    }
    const due = dues === null ? message.due : dues[index]!;
    const state = due === null ? DELIVERY_STATE.canceled : DELIVERY_STATE.pending;
    return { messageId, endpointId, state, due, orderKey: orderKeys?.[index] ?? null };
  });
}
