/** Collects the items that arrive while a request is in flight, and sends them with the next one. Nothing waits for more items. */

export interface CoalescerLimits {
  readonly items: number;
  readonly bytes: number;
  /** Requests in flight at once. */
  readonly requests: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly bytes: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class Coalescer<Item, Result> {
  readonly #limits: CoalescerLimits;
  readonly #send: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #waiting: Waiting<Item, Result>[] = [];
  #requests = 0;
  #isScheduled = false;

  /** @param send Sends items together. Returns one result per item, or rejects for all of them. */
  constructor(limits: CoalescerLimits, send: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#limits = limits;
    this.#send = send;
  }

  add(item: Item, bytes: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, bytes, resolve, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      // Items of the same turn arrive one after the other.
      queueMicrotask(() => {
        this.#isScheduled = false;
        this.#pump();
      });
    });
  }

  #pump(): void {
    const { items, bytes, requests } = this.#limits;
    while (this.#requests < requests && this.#waiting.length > 0) {
      let count = 0;
      for (let sum = 0; count < this.#waiting.length && count < items; count++) {
        sum += this.#waiting[count]!.bytes;
        if (sum > bytes && count > 0) break;
      }
      this.#requests++;
      void this.#request(this.#waiting.splice(0, count));
    }
  }

  async #request(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#send(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#requests--;
      this.#pump();
    }
  }
}
