/**
 * Opens the store of one thread of a simulated process: the product's store, on the writer thread of the process and on its own readers.
 */
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import type { SqliteSeat } from "../../../src/store/sqlite/threads/seat.ts";
import type { Signal } from "../../../src/store/signal.ts";
import type { Siblings } from "../../../src/store/siblings.ts";
import type { Client } from "../commits.ts";
import type { SimulatedDatabase } from "../database.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { SimulatedWriterThread } from "./writer-thread.ts";

export interface ThreadStoreWorld {
  readonly time: VirtualTime;
  readonly database: SimulatedDatabase;
  readonly writer: SimulatedWriterThread;
}

export function openThreadStore(
  { time, database, writer }: ThreadStoreWorld,
  client: Client,
  { seat, siblings }: { readonly seat: SqliteSeat; readonly siblings: Siblings },
): SqliteStore {
  return SqliteStore.join(seat, {
    siblings: new WatchedSiblings(siblings, async (tell) => {
      const commits = writer.takeUntold(client.run);
      await tell;
      for (const commit of commits) commit.toldAt = time.elapsed;
    }),
    openReader: () => database.thread("reader", client),
    gather: (underLoad) => time.delay(client.life, underLoad ? 2 : 0),
    setTimer: (ms, callback) => time.after(client.life, ms, callback),
  });
}

/** Records when all threads have applied the commits of one. */
class WatchedSiblings implements Siblings {
  readonly #siblings: Siblings;
  readonly #watch: (told: Promise<void>) => Promise<void>;

  /** @param watch Called when a commit is announced. Resolves when all threads have confirmed it. */
  constructor(siblings: Siblings, watch: (told: Promise<void>) => Promise<void>) {
    this.#siblings = siblings;
    this.#watch = watch;
  }

  get process(): string {
    return this.#siblings.process;
  }

  get count(): number {
    return this.#siblings.count;
  }

  get isAlone(): boolean {
    return this.#siblings.isAlone;
  }

  tell(signals: readonly Signal[]): Promise<void> {
    return this.#watch(this.#siblings.tell(signals));
  }

  send(signals: readonly Signal[]): void {
    this.#siblings.send(signals);
  }

  catchUp(): Promise<void> {
    return this.#siblings.catchUp();
  }

  onSignals(listener: (signals: readonly Signal[]) => void): void {
    this.#siblings.onSignals(listener);
  }

  onCatchUp(pending: () => Promise<void>): void {
    this.#siblings.onCatchUp(pending);
  }

  onLost(listener: () => void): void {
    this.#siblings.onLost(listener);
  }
}
