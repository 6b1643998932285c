/** Goes along the deliveries of an endpoint with an order and says whose turn it is; the same for every database. */
import type { LinePage, PageWish, Position } from "./store.ts";

/** Deliveries that are looked at for one page, so that a key with a million that wait does not hold up commits. */
export const MAX_SCANNED = 2000;

/** Deliveries of a key that is asked for by name: a lane keeps no more of it in memory. One more is looked at, to know whether there is one. */
export const KEY_ROWS = 16;

/** Payloads above this many bytes are not paged in with their delivery but fetched when it is sent. */
export const INLINE_PAYLOAD_BYTES = 16_384;

export interface Scanned {
  readonly messageId: number;
  readonly due: number;
  readonly orderKey: string | null;
  /** The delivery just before it in its key that is neither done nor in memory; `null`: none. */
  readonly ahead: number | null;
  /** 1: sent by hand, whatever is before it. */
  readonly resent: number;
}

export class LineWalk {
  /** Message keys of those whose turn it is. */
  readonly taken: number[] = [];
  readonly #limit: number;
  readonly #known: ReadonlySet<number>;
  /** Those of this page that others may follow. */
  readonly #there = new Set<number>();
  readonly #waiting = new Set<number>();
  readonly #left = new Map<string, Position>();
  readonly #unread: string[] = [];
  #scannedTo: Position;
  #scanned = 0;
  #passAt: number | null = null;

  constructor({ after, known }: Extract<PageWish, { kind: "line" }>, limit: number) {
    this.#limit = limit;
    this.#known = new Set(known);
    this.#scannedTo = after;
  }

  get isFull(): boolean {
    return this.taken.length === this.#limit;
  }

  /** Looks at the next one. Returns whether it waits for one that no other in this page waits for, which may be passed at some time. */
  see({ messageId, due, orderKey, ahead, resent }: Scanned): boolean {
    this.#scanned++;
    this.#scannedTo = { due, messageId };
    // In memory: it has its place in the line already, whatever has come before it since.
    if (ahead === null || this.#there.has(ahead) || this.#known.has(messageId)) {
      // What waits for one sent by hand waits until that is done: it may have passed others.
      if (resent === 0) this.#there.add(messageId);
      this.taken.push(messageId);
      return false;
    }
    this.#waiting.add(messageId);
    if (orderKey !== null && !this.#left.has(orderKey)) this.#left.set(orderKey, { due, messageId: messageId - 1 });
    return !this.#waiting.has(ahead);
  }

  /** Looks at what is due of a key that was asked for, lowest messages first. @param waits Told of one as `see` says. */
  seeKey<Row extends Scanned>(key: string, rows: readonly Row[], waits: (row: Row) => void): void {
    if (this.isFull) {
      this.#unread.push(key);
      return;
    }
    for (const [index, row] of rows.entries()) {
      if (this.isFull || index === KEY_ROWS) {
        if (!this.#left.has(key)) this.#left.set(key, { due: row.due, messageId: row.messageId - 1 });
        return;
      }
      if (this.see(row)) waits(row);
    }
  }

  /** @param passAt When one that others wait for is passed; `null`: at no known time. */
  notePassAt(passAt: number | null): void {
    if (passAt !== null) this.#passAt = this.#passAt === null ? passAt : Math.min(this.#passAt, passAt);
  }

  get page(): LinePage {
    return {
      scannedTo: this.#scannedTo,
      done: !this.isFull && this.#scanned < MAX_SCANNED,
      left: [...this.#left].map(([key, at]) => ({ key, at })),
      passAt: this.#passAt,
      unread: this.#unread,
    };
  }
}
