/**
 * First attempts that nothing delayed are due at once, whatever a clock says.
 *
 * Their `due` is the time in the key of their message. Keys never go back, also when the clock does, so a later message of an endpoint is
 * never due before an earlier one. When the clock is set back, or is behind that of another node, such a `due` lies in the future; the
 * statements that page in deliveries take it for past. They look for it up to the newest key alone: normally nothing lies between that and
 * now, and a page reads no row more than it would otherwise.
 */
import { KEY_TIME, timeOfKey } from "../lib/id.ts";
import { DELIVERY_STATE } from "./schema.ts";

/** Databases of earlier versions have the time of the publish as `due`, which can be some milliseconds before or after that in the key. */
const TOLERANCE_MS = 8;

/** Whether a delivery that is due then is one that nothing delayed. */
export function isImmediate(messageId: number, due: number): boolean {
  return Math.abs(due - timeOfKey(messageId)) <= TOLERANCE_MS;
}

/** SQL: whether a live delivery of this name is due at `now`. Its `due` must be compared with the newest key as well, for the index. */
export function isDueSql(delivery: string, now: string): string {
  return `(${delivery}.due <= ${now} OR ${isImmediateSql(delivery)})`;
}

/** SQL: whether a delivery of this name was requested manually, or waits for a first attempt that nothing delayed. */
export function isImmediateSql(delivery: string): string {
  const { perSecond, epoch } = KEY_TIME;
  const key = `${delivery}.message_id`;
  const time = `((${key} / ${perSecond} + ${epoch}) * 1000 + ${key} % ${perSecond} / ${KEY_TIME.perTick} * ${KEY_TIME.tickMs})`;
  return `(${delivery}.manual <> 0 OR (${delivery}.state = ${DELIVERY_STATE.pending} AND ${delivery}.attempts = 0
    AND abs(${delivery}.due - ${time}) <= ${TOLERANCE_MS}))`;
}

/** The newest message key that a store knows of. */
export class NewestKey {
  #key = 0;

  note(key: number): void {
    if (key > this.#key) this.#key = key;
  }

  /** No delivery that nothing delayed is due later, Unix milliseconds. */
  get due(): number {
    return this.#key === 0 ? 0 : timeOfKey(this.#key) + TOLERANCE_MS;
  }
}
