import { type RawBuilder, type SqlBool, sql } from "kysely";
import { DELIVERY_STATE } from "../../store/schema.ts";

/** Where a delivery stands, in the numbers of the HTTP API. */
export const STATUS = { success: 0, pending: 1, fail: 2, sending: 3, canceled: 4 } as const;
export type Status = (typeof STATUS)[keyof typeof STATUS];

export interface DeliveryStatus {
  readonly status: Status;
  /** When the next attempt is due, while a retry is scheduled. Unix milliseconds. */
  readonly nextAttempt: number | null;
}

export interface DeliveryRow {
  state: number;
  due: number | null;
  attempts: number;
}

/** `pending` was never tried; `sending` was, and waits for a retry. */
export function statusOf({ state, due, attempts }: DeliveryRow): DeliveryStatus {
  switch (state) {
    case DELIVERY_STATE.succeeded:
      return { status: STATUS.success, nextAttempt: null };
    case DELIVERY_STATE.failed:
      return { status: STATUS.fail, nextAttempt: null };
    case DELIVERY_STATE.canceled:
      return { status: STATUS.canceled, nextAttempt: null };
    default:
      return attempts === 0
        ? { status: STATUS.pending, nextAttempt: null }
        : { status: STATUS.sending, nextAttempt: due };
  }
}

const STATE_OF = {
  [STATUS.success]: DELIVERY_STATE.succeeded,
  [STATUS.fail]: DELIVERY_STATE.failed,
  [STATUS.canceled]: DELIVERY_STATE.canceled,
  [STATUS.pending]: DELIVERY_STATE.pending,
  [STATUS.sending]: DELIVERY_STATE.pending,
} as const;

/** The condition that a row of `delivery` has a status. */
export function hasStatus(status: Status): RawBuilder<SqlBool> {
  const state = sql<SqlBool>`${sql.ref("delivery.state")} = ${STATE_OF[status]}`;
  const attempts = sql.ref("delivery.attempts");
  if (status === STATUS.pending) return sql<SqlBool>`(${state} AND ${attempts} = 0)`;
  if (status === STATUS.sending) return sql<SqlBool>`(${state} AND ${attempts} > 0)`;
  return state;
}
