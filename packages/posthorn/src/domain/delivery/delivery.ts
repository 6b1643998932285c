import { type RawBuilder, type SqlBool, sql } from "kysely";
import { type CancelReason, DELIVERY_STATE } from "../../store/schema.ts";

/** Status of a delivery, in the numbers of the HTTP API. */
export const STATUS = { success: 0, pending: 1, fail: 2, sending: 3, canceled: 4 } as const;
export type StatusWord = keyof typeof STATUS;
export type Status = (typeof STATUS)[StatusWord];

export interface DeliveryStatus {
  readonly status: Status;
  /** When the next attempt is due, while a retry is scheduled. Unix milliseconds. */
  readonly nextAttempt: number | null;
  /** Why and when it was canceled; `null`: it was not, or that was not recorded. */
  readonly canceled?: Cancellation | null;
}

export interface Cancellation {
  readonly reason: CancelReason;
  /** Unix milliseconds. */
  readonly at: number;
  /** ID of the newer message that replaced it. */
  readonly by: string | null;
}

export interface DeliveryRow {
  state: number;
  due: number | null;
  attempts: number;
  cancel_reason?: string | null;
  canceled_at?: number | null;
  canceled_by?: string | null;
}

/** Columns of `cancellation` and, as `newer`, of the message that replaced the canceled one. */
export const CANCELLATION_COLUMNS = [
  "cancellation.reason as cancel_reason",
  "cancellation.at as canceled_at",
  "newer.public_id as canceled_by",
] as const;

/** `pending`: no attempt yet. `sending`: attempted, and waiting for a retry. */
export function statusOf(row: DeliveryRow): DeliveryStatus {
  const { state, due, attempts } = row;
  switch (state) {
    case DELIVERY_STATE.succeeded:
      return { status: STATUS.success, nextAttempt: null };
    case DELIVERY_STATE.failed:
      return { status: STATUS.fail, nextAttempt: null };
    case DELIVERY_STATE.canceled:
      return { status: STATUS.canceled, nextAttempt: null, canceled: cancellationOf(row) };
    default:
      return attempts === 0
        ? { status: STATUS.pending, nextAttempt: null }
        : { status: STATUS.sending, nextAttempt: due };
  }
}

/** The word of the HTTP API for the status of a row. */
export function statusWordOf(row: DeliveryRow): StatusWord {
  return STATUS_WORDS[statusOf(row).status];
}

const STATUS_WORDS: Readonly<Record<Status, StatusWord>> = {
  [STATUS.success]: "success",
  [STATUS.pending]: "pending",
  [STATUS.fail]: "fail",
  [STATUS.sending]: "sending",
  [STATUS.canceled]: "canceled",
};

function cancellationOf({ cancel_reason, canceled_at, canceled_by }: DeliveryRow): Cancellation | null {
  if (typeof cancel_reason !== "string") return null;
  return { reason: cancel_reason as CancelReason, at: canceled_at ?? 0, by: canceled_by ?? null };
}

const STATE_OF = {
  [STATUS.success]: DELIVERY_STATE.succeeded,
  [STATUS.fail]: DELIVERY_STATE.failed,
  [STATUS.canceled]: DELIVERY_STATE.canceled,
  [STATUS.pending]: DELIVERY_STATE.pending,
  [STATUS.sending]: DELIVERY_STATE.pending,
} as const;

/** SQL condition: a row of `delivery` has this status. */
export function hasStatus(status: Status): RawBuilder<SqlBool> {
  const state = sql<SqlBool>`${sql.ref("delivery.state")} = ${STATE_OF[status]}`;
  const attempts = sql.ref("delivery.attempts");
  if (status === STATUS.pending) return sql<SqlBool>`(${state} AND ${attempts} = 0)`;
  if (status === STATUS.sending) return sql<SqlBool>`(${state} AND ${attempts} > 0)`;
  return state;
}
