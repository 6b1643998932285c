/**
 * Debounce and throttle: decides whether and when an endpoint gets a message. It runs in the transaction that accepts the message, so that
 * the state of a key and its deliveries agree after any crash.
 *
 * A generator yields the queries that the decision needs, so that the synchronous and the asynchronous store share it.
 */
import { isImmediate } from "./immediate.ts";
import type { DebouncePacing, EndpointPacing, ThrottlePacing } from "./store.ts";

/** State of a key: see `PacingTable`. */
export interface PacingRow {
  readonly message_id: number | null;
  readonly since: number;
  readonly used: number;
}

export type PacingQuery =
  /** Reads the row of a key. The result is a `PacingRow` or `undefined`. */
  | { readonly ask: "find"; readonly endpointId: number; readonly key: string }
  | {
      readonly ask: "keep";
      readonly endpointId: number;
      readonly key: string;
      readonly row: PacingRow;
      readonly until: number;
    }
  /** Cancels a delivery without an attempt that is not due yet; any other may be in flight. The result is whether it was canceled. */
  | { readonly ask: "replace"; readonly messageId: number; readonly endpointId: number; readonly now: number }
  /** Stores why a delivery was canceled. */
  | {
      readonly ask: "note";
      readonly messageId: number;
      readonly endpointId: number;
      readonly reason: "debounced" | "throttled";
      readonly byMessageId: number | null;
      readonly now: number;
    };

export type Pacer<T> = Generator<PacingQuery, T, unknown>;

export interface PacedMessage {
  readonly id: number;
  readonly due: number;
}

/** Returns when the delivery of a message to one endpoint is due, or `null` when it is canceled. */
export function* decidePacing(
  message: PacedMessage,
  now: number,
  { endpointId, ...option }: EndpointPacing,
): Pacer<number | null> {
  const waits = option.debounce === null ? null : yield* debounce(message, endpointId, now, option.debounce);
  let due: number | null = waits === null ? message.due : waits.due;
  // A message that replaces another one takes over its place in the window.
  if (option.throttle !== null && waits?.replaced !== true) due = yield* throttle(endpointId, due, option.throttle);
  if (due === null) {
    yield { ask: "note", messageId: message.id, endpointId, reason: "throttled", byMessageId: null, now };
  } else if (waits !== null) {
    yield {
      ask: "keep",
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
function* debounce(message: PacedMessage, endpointId: number, now: number, option: DebouncePacing): Pacer<Waits> {
  const key = debounceKey(option);
  const known = yield* find(endpointId, key);
  const messageId = known?.message_id ?? null;
  const replaced = messageId !== null && (yield { ask: "replace", messageId, endpointId, now }) === true;
  if (replaced) yield { ask: "note", messageId, endpointId, reason: "debounced", byMessageId: message.id, now };
  const since = replaced ? known!.since : now;
  const earliest = isImmediate(message.id, message.due) ? now : message.due;
  const due = Math.max(earliest, Math.min(now + option.waitMs, since + option.maxWaitMs));
  return { key, replaced, since, due };
}

/** Returns the start of the first window with room; `null` when that is later than the longest delay allowed. */
function* throttle(endpointId: number, due: number, option: ThrottlePacing): Pacer<number | null> {
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
  yield { ask: "keep", endpointId, key, row: { message_id: null, since, used: used + 1 }, until: since + windowMs };
  return Math.max(due, since);
}

function* find(endpointId: number, key: string): Pacer<PacingRow | undefined> {
  return (yield { ask: "find", endpointId, key }) as PacingRow | undefined;
}

function debounceKey({ key }: DebouncePacing): string {
  return `d${key}`;
}

function throttleKey({ key }: ThrottlePacing): string {
  return `t${key}`;
}

/** Keys that an endpoint with these options uses. */
export function pacingKeys({ debounce: wait, throttle: limit }: EndpointPacing): readonly string[] {
  return [...(wait === null ? [] : [debounceKey(wait)]), ...(limit === null ? [] : [throttleKey(limit)])];
}
