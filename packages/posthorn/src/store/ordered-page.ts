/** Chooses the deliveries of an endpoint with ordered delivery that may be sent now. Shared by both databases. */
import type { OrderedPage, PageSelection, Position } from "./delivery.ts";

/** Deliveries examined for one page, so that a key with a million queued deliveries does not hold up commits. */
export const MAX_SCANNED = 2000;

/** Deliveries read per requested key, unless the lane asks for more. One extra row is read to learn whether there are more. */
export const KEY_ROWS = 16;

/** Payloads larger than this, in bytes, are read when the attempt begins instead of with the page. */
export const INLINE_PAYLOAD_BYTES = 16_384;

export interface Scanned {
  readonly messageId: number;
  readonly due: number;
  readonly orderKey: string | null;
  /** Closest earlier delivery of the key that is neither finished nor in memory; `null`: none. */
  readonly ahead: number | null;
  /** 1: a manual resend, which does not wait for earlier deliveries. */
  readonly resent: number;
}

export class OrderedPageBuilder {
  /** Message keys of the chosen deliveries. */
  readonly taken: number[] = [];
  readonly #limit: number;
  readonly #perKey: number;
  readonly #known: ReadonlySet<number>;
  /** Chosen deliveries that others may follow in the same page. */
  readonly #there = new Set<number>();
  readonly #waiting = new Set<number>();
  readonly #left = new Map<string, Position>();
  readonly #unread: string[] = [];
  #scannedTo: Position;
  #scanned = 0;
  #passAt: number | null = null;

  constructor({ after, known, perKey = KEY_ROWS }: Extract<PageSelection, { kind: "ordered" }>, limit: number) {
    this.#limit = limit;
    this.#perKey = perKey;
    this.#known = new Set(known);
    this.#scannedTo = after;
  }

  get isFull(): boolean {
    return this.taken.length === this.#limit;
  }

  /** Examines the next delivery. Returns true when it must wait for an earlier one that no other delivery of this page waits for. */
  see({ messageId, due, orderKey, ahead, resent }: Scanned): boolean {
    this.#scanned++;
    this.#scannedTo = { due, messageId };
    // A delivery in memory already has its place in the queue, even if an earlier one has arrived since.
    if (ahead === null || this.#there.has(ahead) || this.#known.has(messageId)) {
      // A delivery behind a manual resend waits until the resend is done, which may itself have passed others.
      if (resent === 0) this.#there.add(messageId);
      this.taken.push(messageId);
      return false;
    }
    this.#waiting.add(messageId);
    if (orderKey !== null && !this.#left.has(orderKey)) this.#left.set(orderKey, { due, messageId: messageId - 1 });
    return !this.#waiting.has(ahead);
  }

  /** Examines the due deliveries of one key, lowest messages first. @param waits Called for those of which `see` returns true. */
  seeKey<Row extends Scanned>(key: string, rows: readonly Row[], waits: (row: Row) => void): void {
    if (this.isFull) {
      this.#unread.push(key);
      return;
    }
    for (const [index, row] of rows.entries()) {
      if (this.isFull || index === this.#perKey) {
        if (!this.#left.has(key)) this.#left.set(key, { due: row.due, messageId: row.messageId - 1 });
        return;
      }
      if (this.see(row)) waits(row);
    }
  }

  /** @param passAt When deliveries stop waiting for this one; `null`: not known. */
  notePassAt(passAt: number | null): void {
    if (passAt !== null) this.#passAt = this.#passAt === null ? passAt : Math.min(this.#passAt, passAt);
  }

  get page(): OrderedPage {
    return {
      scannedTo: this.#scannedTo,
      done: !this.isFull && this.#scanned < MAX_SCANNED,
      left: [...this.#left].map(([key, at]) => ({ key, at })),
      passAt: this.#passAt,
      unread: this.#unread,
    };
  }
}
