/**
 * First attempts without a delay are due immediately, independent of the clock.
 *
 * Their `due` is the time in the key of their message. Keys never decrease, even when the clock is set back, so a later message of an
 * endpoint is never due before an earlier one. When the clock is set back, or is behind the clock of another node, such a `due` lies in
 * the future, and the statements that page in deliveries treat it as past. They search only up to the newest key: normally no row lies
 * between now and that key, so a page reads no extra rows.
 */
import { KEY_TIME, timeOfKey } from "../lib/id.ts";
import { DELIVERY_STATE } from "./schema.ts";

/** Earlier versions stored the time of the publish as `due`, which can differ from the time in the key by a few milliseconds. */
const TOLERANCE_MS = 8;

/** Whether a delivery with this due time was stored without a delay. */
export function isImmediate(messageId: number, due: number): boolean {
  return Math.abs(due - timeOfKey(messageId)) <= TOLERANCE_MS;
}

/**
 * SQL condition: the delivery with this alias, which has a due time, is due at `now`. The statement must also limit `due` by the newest
 * key, so that it can use the index.
 */
export function isDueSql(delivery: string, now: string): string {
  return `(${delivery}.due <= ${now} OR ${isImmediateSql(delivery)})`;
}

/** SQL condition: the delivery with this alias was requested manually, or is pending its first attempt without a delay. */
export function isImmediateSql(delivery: string): string {
  const { perSecond, epoch } = KEY_TIME;
  const key = `${delivery}.message_id`;
  const time = `((${key} / ${perSecond} + ${epoch}) * 1000 + ${key} % ${perSecond} / ${KEY_TIME.perTick} * ${KEY_TIME.tickMs})`;
  return `(${delivery}.manual <> 0 OR (${delivery}.state = ${DELIVERY_STATE.pending} AND ${delivery}.attempts = 0
    AND abs(${delivery}.due - ${time}) <= ${TOLERANCE_MS}))`;
}

/** Tracks the newest message key that a store has seen. */
export class NewestKey {
  #key = 0;

  note(key: number): void {
    if (key > this.#key) this.#key = key;
  }

  /** 0: there is no message. */
  get key(): number {
    return this.#key;
  }

  /** Upper bound for the due time of deliveries without a delay, Unix milliseconds; 0: there is no message. */
  get due(): number {
    const { key } = this;
    return key === 0 ? 0 : timeOfKey(key) + TOLERANCE_MS;
  }
}
