/**
 * Collects the reports of the connector thread, and posts those of one turn together, which costs a tenth of single
 * posts.
 */
import type { Cell } from "./message-cells.ts";
import type { FromThread, ThreadResult } from "./protocol.ts";

export class ThreadOutbox {
  readonly #post: (items: readonly FromThread[], transferred: readonly ArrayBuffer[]) => void;
  #transferred: ArrayBuffer[] = [];
  #items: FromThread[] = [];
  /** Of the item `stored` among the items; `null`: there is none yet. */
  #stored: Cell[] | null = null;
  #isScheduled = false;

  constructor(post: (items: readonly FromThread[], transferred: readonly ArrayBuffer[]) => void) {
    this.#post = post;
  }

  /** @param transfer Memory that is handed over with the item. */
  add(item: FromThread, transfer: ArrayBuffer | null = null): void {
    this.#items.push(item);
    if (transfer !== null) this.#transferred.push(transfer);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  /** The usual result is a few values in a list instead of objects, because each object costs time on both sides. */
  done(id: number, result: ThreadResult): void {
    if (result.kind !== "items") return this.add({ op: "done", id, result });
    const { results, facts } = result;
    for (const one of results) {
      if (one.kind !== "ok" || one.isDuplicate === true || one.afterMs !== undefined)
        return this.add({ op: "done", id, result });
    }
    const cells = this.#storedCells();
    cells.push(id, facts.connectMs, facts.peer, results.length);
    for (const one of results) cells.push(one.kind === "ok" ? one.reference : null);
  }

  #storedCells(): Cell[] {
    if (this.#stored !== null) return this.#stored;
    const cells: Cell[] = [];
    this.#stored = cells;
    this.add({ op: "stored", cells });
    return cells;
  }

  #flush(): void {
    const [items, transferred] = [this.#items, this.#transferred];
    this.#items = [];
    this.#transferred = [];
    this.#stored = null;
    this.#isScheduled = false;
    this.#post(items, transferred);
  }
}
