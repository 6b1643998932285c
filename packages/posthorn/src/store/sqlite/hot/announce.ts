import type { DatabaseSync } from "node:sqlite";
import { timeOfKey } from "../../../id.ts";
import { APPLICATION_KIND, DELIVERY_STATE, TRIGGER } from "../../schema.ts";
import type { RecordEntry } from "../../store.ts";

/** A message is failing from this attempt on. */
const FAILING_ATTEMPTS = 4;
const WINDOW_MS = 60_000;
/** Announcements of one type about one endpoint that stand alone in a window; more of them become one with a count. */
const ALONE_OF_ENDPOINT = 10;
/** The same over all endpoints. */
const ALONE_IN_ALL = 600;
/** Windows kept in memory; more and they begin anew. */
const MAX_WINDOWS = 10_000;

type Announced = "message.attempt.exhausted" | "message.attempt.failing" | "message.attempt.recovered";

interface Before {
  readonly state: number;
  readonly attempts: number;
  readonly generation: number;
  readonly resumeDue: number | null;
}

export interface AnnouncingRecord {
  readonly record: (entry: RecordEntry) => void;
  /** What is known of who listens may have changed: asked anew. */
  readonly forget: () => void;
  /** Whether anything was written since the last call. */
  readonly announced: () => boolean;
}

/**
 * Writes, in the transaction of an outcome, what operational webhooks are told of it.
 *
 * Ordinary outcomes cost one comparison. The rare ones ask whether anybody listens; the answer holds until the next transaction of
 * resources, which come through the same thread. Deliveries of operational webhooks themselves are never announced.
 */
export function prepareAnnouncing(db: DatabaseSync, record: (entry: RecordEntry) => void): AnnouncingRecord {
  const listener = db.prepare(`
    SELECT 1 FROM application o JOIN endpoint l ON l.app_id = o.id AND l.deleted_at IS NULL
    WHERE o.kind = ${APPLICATION_KIND.operational} AND o.deleted_at IS NULL LIMIT 1`);
  const delivery = db.prepare(
    'SELECT state, attempts, generation, resume_due AS "resumeDue" FROM delivery WHERE message_id = ? AND endpoint_id = ?',
  );
  const insert = db.prepare(`
    INSERT INTO operational_event (org_id, type, at, due, merge_key, count, endpoint_id, message_id, attempt_id)
    SELECT a.org_id, ?1, ?2, ?3, ?4, 1, e.id, ?6, ?7
    FROM endpoint e JOIN application a ON a.id = e.app_id
    WHERE e.id = ?5 AND a.kind = ${APPLICATION_KIND.customer} AND EXISTS (
      SELECT 1 FROM application o JOIN endpoint l ON l.app_id = o.id AND l.deleted_at IS NULL
      WHERE o.org_id = a.org_id AND o.kind = ${APPLICATION_KIND.operational} AND o.deleted_at IS NULL
        AND (l.event_types_json IS NULL OR instr(l.event_types_json, '"' || ?1 || '"') > 0))
    ON CONFLICT (merge_key) WHERE merge_key IS NOT NULL DO UPDATE SET
      count = count + 1, at = excluded.at, message_id = excluded.message_id, attempt_id = excluded.attempt_id`);
  const windows = new Windows();
  let listening: boolean | null = null;
  let announced = false;

  const announce = (entry: RecordEntry, type: Announced): void => {
    const { endpointId, messageId } = entry;
    const attemptId = entry.attempt!.id;
    const at = timeOfKey(attemptId);
    const window = Math.floor(at / WINDOW_MS);
    const alone = windows.alone(`${endpointId}/${type}`, window);
    const due = alone ? at : (window + 1) * WINDOW_MS;
    const mergeKey = alone ? null : `${endpointId}/${type}/${window}`;
    const { changes } = insert.run(type, at, due, mergeKey, endpointId, messageId, attemptId);
    if (changes !== 0) announced = true;
  };

  return {
    record: (entry) => {
      if (!isRare(entry)) {
        record(entry);
        return;
      }
      listening ??= listener.get() !== undefined;
      const before = listening ? (delivery.get(entry.messageId, entry.endpointId) as unknown as Before) : undefined;
      record(entry);
      const type = before === undefined ? null : typeOf(entry, before);
      if (type !== null) announce(entry, type);
    },
    forget: () => {
      listening = null;
    },
    announced: () => {
      const was = announced;
      announced = false;
      return was;
    },
  };
}

/** Whether an outcome may be one to announce, from what it holds itself. */
function isRare({ attempt, state, trigger, attempts }: RecordEntry): boolean {
  if (attempt === null) return false;
  if (state === DELIVERY_STATE.succeeded) return trigger === TRIGGER.manual || attempts > FAILING_ATTEMPTS;
  return state === DELIVERY_STATE.failed || attempts === FAILING_ATTEMPTS;
}

function typeOf(entry: RecordEntry, before: Before): Announced | null {
  const { state, trigger, attempts, generation } = entry;
  if (state === DELIVERY_STATE.succeeded) {
    const wasFailing = before.state === DELIVERY_STATE.failed || before.attempts >= FAILING_ATTEMPTS;
    return before.state !== DELIVERY_STATE.succeeded && wasFailing ? "message.attempt.recovered" : null;
  }
  if (before.state !== DELIVERY_STATE.pending || before.generation !== generation) return null;
  if (state === DELIVERY_STATE.failed) {
    const goesOn = trigger === TRIGGER.manual && before.resumeDue !== null;
    return goesOn ? null : "message.attempt.exhausted";
  }
  return trigger === TRIGGER.scheduled && attempts > before.attempts ? "message.attempt.failing" : null;
}

/** Counts what was announced in the minute, so that a mass failure ends in a few messages. In memory only: a restart counts anew. */
class Windows {
  readonly #counts = new Map<string, { window: number; count: number }>();
  readonly #all = { window: 0, count: 0 };

  /** Whether one more stands alone. */
  alone(key: string, window: number): boolean {
    let own = this.#counts.get(key);
    if (own === undefined) {
      if (this.#counts.size >= MAX_WINDOWS) this.#counts.clear();
      own = { window, count: 0 };
      this.#counts.set(key, own);
    }
    return count(own, window) <= ALONE_OF_ENDPOINT && count(this.#all, window) <= ALONE_IN_ALL;
  }
}

function count(counter: { window: number; count: number }, window: number): number {
  if (counter.window !== window) {
    counter.window = window;
    counter.count = 0;
  }
  return ++counter.count;
}
