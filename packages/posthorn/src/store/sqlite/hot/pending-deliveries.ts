/**
 * Deliveries whose message is in the open transaction, and whose own row is not inserted yet. Most outcomes arrive before the transaction is
 * committed. Such a delivery is inserted with its outcome: one statement less, and no entry in the index of due deliveries that is deleted again.
 *
 * The journal has the insert of the pending delivery and the update with its outcome, each in the entry of the batch that it was confirmed with.
 */
import { DELIVERY_STATE, TRIGGER } from "../../schema.ts";
import type { Deferred } from "../journal/commits.ts";
import type { Statements } from "../journal/statements.ts";
import type { RecordRow } from "../protocol.ts";

/** Stores a delivery that is due at a time. */
const INSERT_PENDING = `
  INSERT INTO delivery (message_id, endpoint_id, state, due, attempts, generation, manual)
  VALUES (?, ?, ${DELIVERY_STATE.pending}, ?, 0, 0, 0)`;

type DeliveryKey = Pick<RecordRow, "messageId" | "endpointId">;

interface Pending {
  readonly due: number;
  /** The endpoint of the only delivery, or those of several that are not inserted. */
  readonly endpoints: number | Set<number>;
}

export class PendingDeliveries implements Deferred {
  readonly #db: Statements;
  readonly #messages = new Map<number, Pending>();
  readonly #insertPending;
  readonly #insertSucceeded;
  readonly #insertScheduled;

  constructor(db: Statements) {
    const insertAs = (state: string, due: string): string =>
      `INSERT INTO delivery (message_id, endpoint_id, state, due, attempts, generation, manual) VALUES (?, ?, ${state}, ${due}, ?, 0, 0)`;
    this.#db = db;
    this.#insertPending = db.prepare(INSERT_PENDING);
    this.#insertSucceeded = db.prepare(insertAs(String(DELIVERY_STATE.succeeded), "NULL"));
    this.#insertScheduled = db.prepare(insertAs("?", "?"));
  }

  /** Whether deliveries of the message are not inserted yet. */
  has(messageId: number): boolean {
    return this.#messages.has(messageId);
  }

  /** Stores the deliveries of a message that was inserted by the same batch. If the batch goes to the journal, they are inserted later. */
  add(messageId: number, endpointIds: readonly number[], due: number): void {
    if (!this.#db.isLogging || !mayBeLater(endpointIds, due)) {
      for (const endpointId of endpointIds) this.#insertPending.execute(messageId, endpointId, due);
      return;
    }
    for (const endpointId of endpointIds) this.#insertPending.note(messageId, endpointId, due);
    if (endpointIds.length === 0) return;
    const endpoints = endpointIds.length === 1 ? endpointIds[0]! : new Set(endpointIds);
    this.#messages.set(messageId, { due, endpoints });
  }

  /** Inserts the delivery of an outcome, if that was not done yet. Returns whether the row has the outcome already. */
  insertWith(record: RecordRow): boolean {
    const { messageId, endpointId, state, due, attempts, generation, trigger } = record;
    if (generation !== 0 || trigger === TRIGGER.manual) {
      this.insert(record);
      return false;
    }
    if (this.#take(record) === null) return false;
    if (state === DELIVERY_STATE.succeeded && due === null)
      this.#insertSucceeded.executeUnlogged(messageId, endpointId, attempts);
    else this.#insertScheduled.executeUnlogged(messageId, endpointId, state, due, attempts);
    return true;
  }

  /** Inserts a delivery as it is before its outcome, if that was not done yet. */
  insert(delivery: DeliveryKey): void {
    const due = this.#take(delivery);
    if (due !== null) this.#insertPending.executeUnlogged(delivery.messageId, delivery.endpointId, due);
  }

  /** Returns when a delivery that is not inserted yet is due, and removes it; `null`: it is in the table. */
  #take({ messageId, endpointId }: DeliveryKey): number | null {
    const message = this.#messages.get(messageId);
    if (message === undefined) return null;
    const { endpoints, due } = message;
    if (typeof endpoints === "number" ? endpoints !== endpointId : !endpoints.delete(endpointId)) return null;
    if (typeof endpoints === "number" || endpoints.size === 0) this.#messages.delete(messageId);
    return due;
  }

  applyAll(): void {
    for (const [messageId, { endpoints, due }] of this.#messages)
      for (const endpointId of typeof endpoints === "number" ? [endpoints] : endpoints)
        this.#insertPending.executeUnlogged(messageId, endpointId, due);
    this.#messages.clear();
  }

  clear(): void {
    this.#messages.clear();
  }
}

/** Whether the inserts of new deliveries cannot fail: their batch is confirmed before them. */
function mayBeLater(endpointIds: readonly number[], due: number): boolean {
  if (!Number.isSafeInteger(due) || !endpointIds.every(Number.isSafeInteger)) return false;
  return endpointIds.length < 2 || new Set(endpointIds).size === endpointIds.length;
}
