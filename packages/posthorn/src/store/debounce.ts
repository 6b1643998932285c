/**
 * Debounce and throttle: decides whether and when an endpoint gets a message. It runs in the transaction that accepts the message, so that
 * the state of a key and its deliveries agree after any crash.
 *
 * A generator yields the queries that the decision needs, so that the synchronous and the asynchronous store share it.
 */
import { isImmediate } from "./immediate.ts";
import type { DebounceRule, EndpointFlowControl, ThrottleRule } from "./store.ts";

/** State of a key: see `FlowStateTable`. */
export interface FlowRow {
  readonly message_id: number | null;
  readonly since: number;
  readonly used: number;
}

export type FlowQuery =
  /** Reads the row of a key. The result is a `FlowRow` or `undefined`. */
  | { readonly kind: "find"; readonly endpointId: number; readonly key: string }
  | {
      readonly kind: "keep";
      readonly endpointId: number;
      readonly key: string;
      readonly row: FlowRow;
      readonly until: number;
    }
  /** Cancels a delivery without an attempt that is not due yet; any other may be in flight. The result is whether it was canceled. */
  | { readonly kind: "replace"; readonly messageId: number; readonly endpointId: number; readonly now: number }
  /** Stores why a delivery was canceled. */
  | {
      readonly kind: "note";
      readonly messageId: number;
      readonly endpointId: number;
      readonly reason: "debounced" | "throttled";
      readonly byMessageId: number | null;
      readonly now: number;
    };

export type FlowDecision<T> = Generator<FlowQuery, T, unknown>;

export interface DueMessage {
  readonly id: number;
  readonly due: number;
}

/** Returns when the delivery of a message to one endpoint is due, or `null` when it is canceled. */
export function* decideFlow(
  message: DueMessage,
  now: number,
  { endpointId, ...option }: EndpointFlowControl,
): FlowDecision<number | null> {
  const waits = option.debounce === null ? null : yield* debounce(message, endpointId, now, option.debounce);
  let due: number | null = waits === null ? message.due : waits.due;
  // A message that replaces another one takes over its place in the window.
  if (option.throttle !== null && waits?.replaced !== true) due = yield* throttle(endpointId, due, option.throttle);
  if (due === null) {
    yield { kind: "note", messageId: message.id, endpointId, reason: "throttled", byMessageId: null, now };
  } else if (waits !== null) {
    yield {
      kind: "keep",
      endpointId,
      key: waits.key,
      row: { message_id: message.id, since: waits.since, used: 0 },
      until: due,
    };
  }
  return due;
}

interface Waits {
  readonly key: string;
  readonly replaced: boolean;
  readonly since: number;
  readonly due: number;
}

/** Replaces the pending message of the key, if there is one. */
function* debounce(message: DueMessage, endpointId: number, now: number, option: DebounceRule): FlowDecision<Waits> {
  const key = debounceKey(option);
  const known = yield* find(endpointId, key);
  const messageId = known?.message_id ?? null;
  const replaced = messageId !== null && (yield { kind: "replace", messageId, endpointId, now }) === true;
  if (replaced) yield { kind: "note", messageId, endpointId, reason: "debounced", byMessageId: message.id, now };
  const since = replaced ? known!.since : now;
  const earliest = isImmediate(message.id, message.due) ? now : message.due;
  const due = Math.max(earliest, Math.min(now + option.waitMs, since + option.maxWaitMs));
  return { key, replaced, since, due };
}

/** Returns the start of the first window with room; `null` when that is later than the longest delay allowed. */
function* throttle(endpointId: number, due: number, option: ThrottleRule): FlowDecision<number | null> {
  const key = throttleKey(option);
  const known = yield* find(endpointId, key);
  const { limit, windowMs, maxDelayMs } = option;
  let since = known?.since ?? due;
  let used = known?.used ?? 0;
  if (due >= since + windowMs) {
    since = due;
    used = 0;
  } else if (used >= limit) {
    since += windowMs;
    used = 0;
  }
  if (since > due + maxDelayMs) return null;
  yield { kind: "keep", endpointId, key, row: { message_id: null, since, used: used + 1 }, until: since + windowMs };
  return Math.max(due, since);
}

function* find(endpointId: number, key: string): FlowDecision<FlowRow | undefined> {
  return (yield { kind: "find", endpointId, key }) as FlowRow | undefined;
}

function debounceKey({ key }: DebounceRule): string {
  return `d${key}`;
}

function throttleKey({ key }: ThrottleRule): string {
  return `t${key}`;
}

/** Keys that an endpoint with these options uses. */
export function flowKeys({ debounce: wait, throttle: limit }: EndpointFlowControl): readonly string[] {
  return [...(wait === null ? [] : [debounceKey(wait)]), ...(limit === null ? [] : [throttleKey(limit)])];
}
