/**
 * A store that is opened before there is a node to use it. The threads of SQLite start and create the schema while the main thread loads the code
 * of the node, which takes as long.
 */
import { openStore, type StoreListeners, type StoreLocation } from "./open.ts";
import type { Siblings } from "./siblings.ts";
import type { SqliteStore, SqliteStoreOptions } from "./sqlite/sqlite-store.ts";
import type { Store } from "./store.ts";

type OpenOptions = Pick<SqliteStoreOptions, "onFailure" | "onWalLoss">;
type OpenedStore = Store & Pick<SqliteStore, "listen">;

export class EarlyStore implements AsyncDisposable {
  readonly #opening: Promise<OpenedStore>;
  readonly #again: (listeners: StoreListeners) => Promise<Store>;
  /** Resolved with the listeners of the node, which get what happened before. */
  readonly #listeners = Promise.withResolvers<StoreListeners>();
  #isTaken = false;

  /** Begins to open the store. `null`: it is on PostgreSQL, which the node waits for. */
  static async begin(location: StoreLocation, siblings: Siblings | null): Promise<EarlyStore | null> {
    if (location.kind !== "sqlite") return null;
    const { SqliteStore: Sqlite } = await import("./sqlite/sqlite-store.ts");
    const again = (listeners: StoreListeners): Promise<Store> => openStore(location, listeners, siblings);
    return new EarlyStore((options) => Sqlite.open({ ...options, path: location.path, siblings }), again);
  }

  /** @param again Opens the store if this one could not be opened and the node tries it again. */
  constructor(
    open: (options: OpenOptions) => Promise<OpenedStore>,
    again: (listeners: StoreListeners) => Promise<Store>,
  ) {
    this.#again = again;
    this.#opening = open({
      onFailure: (error) => void this.#tell(({ onFailure }) => onFailure(error)),
      onWalLoss: (loss) => void this.#tell(({ onWalLoss }) => onWalLoss?.(loss)),
    });
    // The node gets the error when it takes the store.
    this.#opening.catch(() => undefined);
  }

  async #tell(report: (listeners: StoreListeners) => void): Promise<void> {
    report(await this.#listeners.promise);
  }

  /** Hands the store over to the node, which closes it. */
  async take(listeners: StoreListeners): Promise<Store> {
    if (this.#isTaken) return await this.#again(listeners);
    this.#isTaken = true;
    this.#listeners.resolve(listeners);
    const store = await this.#opening;
    store.listen(listeners.listener);
    return store;
  }

  /** Closes the store, unless a node has taken it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isTaken) return;
    const store = await this.#opening.catch(() => null);
    await store?.[Symbol.asyncDispose]();
  }
}
