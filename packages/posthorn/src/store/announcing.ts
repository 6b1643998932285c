/** Chooses the outcomes that trigger operational webhooks, and merges them when there are many. Shared by both databases. */
import { DELIVERY_STATE, TRIGGER } from "./schema.ts";
import type { AttemptRecord, Outcome } from "./delivery.ts";
import { timeOfKey } from "../lib/id.ts";

/** A message counts as failing from this attempt on. */
const FAILING_ATTEMPTS = 4;
const WINDOW_MS = 60_000;
/** Announcements of one type about one endpoint that are sent individually per window. Further ones are merged into one with a count. */
const MAX_SINGLE_PER_ENDPOINT = 10;
/** The same across all endpoints. */
const MAX_SINGLE = 600;
/** Counters kept in memory. When there would be more, all are cleared. */
const MAX_WINDOWS = 10_000;

export type AnnouncedType = "message.attempt.exhausted" | "message.attempt.failing" | "message.attempt.recovered";

/** The part of an outcome that these decisions need. */
export type OutcomeFacts = Pick<
  Outcome,
  "messageId" | "endpointId" | "generation" | "trigger" | "state" | "attempts"
> & { readonly attempt: Pick<AttemptRecord, "id"> | null };

/** The delivery as it was before the outcome. */
export interface DeliveryBefore {
  readonly state: number;
  readonly attempts: number;
  readonly generation: number;
  readonly resumeDue: number | null;
}

/** A row of `operational_event`, without the columns that follow from the endpoint. */
export interface Announcement {
  readonly type: AnnouncedType;
  readonly at: number;
  readonly due: number;
  readonly mergeKey: string | null;
  readonly endpointId: number;
  readonly messageId: number;
  readonly attemptId: number;
}

/** Whether an outcome may need an announcement, decided without reading its delivery. */
export function isRare({ attempt, state, trigger, attempts }: OutcomeFacts): boolean {
  if (attempt === null) return false;
  if (state === DELIVERY_STATE.succeeded) return trigger === TRIGGER.manual || attempts > FAILING_ATTEMPTS;
  return state === DELIVERY_STATE.failed || attempts === FAILING_ATTEMPTS;
}

function typeOf(entry: OutcomeFacts, before: DeliveryBefore): AnnouncedType | null {
  const { state, trigger, attempts, generation } = entry;
  if (state === DELIVERY_STATE.succeeded) {
    const wasFailing = before.state === DELIVERY_STATE.failed || before.attempts >= FAILING_ATTEMPTS;
    return before.state !== DELIVERY_STATE.succeeded && wasFailing ? "message.attempt.recovered" : null;
  }
  if (before.state !== DELIVERY_STATE.pending || before.generation !== generation) return null;
  if (state === DELIVERY_STATE.failed) {
    const hasScheduledRetry = trigger === TRIGGER.manual && before.resumeDue !== null;
    return hasScheduledRetry ? null : "message.attempt.exhausted";
  }
  return trigger === TRIGGER.scheduled && attempts > before.attempts ? "message.attempt.failing" : null;
}

/** Counts announcements per minute, so that a mass failure results in a few messages. The counts are in memory and reset on restart. */
export class Announcements {
  readonly #counts = new Map<string, { window: number; count: number }>();
  readonly #all = { window: 0, count: 0 };

  /** Returns the announcement for an outcome that passed `isRare`; `null`: none. */
  of(entry: OutcomeFacts, before: DeliveryBefore): Announcement | null {
    const type = typeOf(entry, before);
    if (type === null) return null;
    const { endpointId, messageId } = entry;
    const attemptId = entry.attempt!.id;
    const at = timeOfKey(attemptId);
    const window = Math.floor(at / WINDOW_MS);
    const alone = this.#alone(`${endpointId}/${type}`, window);
    const due = alone ? at : (window + 1) * WINDOW_MS;
    const mergeKey = alone ? null : `${endpointId}/${type}/${window}`;
    return { type, at, due, mergeKey, endpointId, messageId, attemptId };
  }

  /** Counts one more announcement. Returns whether it is sent individually. */
  #alone(key: string, window: number): boolean {
    let own = this.#counts.get(key);
    if (own === undefined) {
      if (this.#counts.size >= MAX_WINDOWS) this.#counts.clear();
      own = { window, count: 0 };
      this.#counts.set(key, own);
    }
    return count(own, window) <= MAX_SINGLE_PER_ENDPOINT && count(this.#all, window) <= MAX_SINGLE;
  }
}

function count(counter: { window: number; count: number }, window: number): number {
  if (counter.window !== window) {
    counter.window = window;
    counter.count = 0;
  }
  return ++counter.count;
}
