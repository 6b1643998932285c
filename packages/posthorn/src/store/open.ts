/** Opens the configured store. */
import type { SqliteSeat } from "./sqlite/threads/seat.ts";
import type { WalLoss } from "./sqlite/wal-loss.ts";
import type { CommitListener, Store } from "./store.ts";
import type { StoreOutage } from "./errors.ts";
import type { Siblings } from "./siblings.ts";

/** Where the database is: see `DatabaseConfig`. */
export type StoreLocation =
  | { readonly kind: "sqlite"; readonly path: string }
  | {
      readonly kind: "postgres";
      readonly url: string;
      readonly directUrl: string | null;
      readonly connections: number;
      /** Longest time that the database may take to respond. */
      readonly timeoutMs?: number;
    };

export interface StoreListeners {
  /** Called when the store has failed permanently and must be opened again. */
  readonly onFailure: (error: Error) => void;
  /** Called when the database becomes unusable, and with `null` when it is usable again. */
  readonly onOutage: (outage: StoreOutage | null) => void;
  /** Called during the opening when SQLite's write-ahead log has lost commits since the store was last open. */
  readonly onWalLoss?: ((loss: WalLoss) => void) | undefined;
  /** Called with the rows that each commit has stored. */
  readonly listener: CommitListener;
}

/**
 * Opens the store, and loads only the code of its database.
 *
 * @param siblings The other threads of this process that use the database; `null`: there are none.
 */
export async function openStore(
  location: StoreLocation,
  listeners: StoreListeners,
  siblings: Siblings | null = null,
): Promise<Store> {
  const { onFailure, onWalLoss, listener } = listeners;
  if (location.kind === "sqlite") {
    const { SqliteStore } = await import("./sqlite/sqlite-store.ts");
    return SqliteStore.open({ path: location.path, onFailure, onWalLoss, listener, siblings });
  }
  const { kind: _kind, ...options } = location;
  const { PostgresStore } = await import("./postgres/postgres-store.ts");
  return PostgresStore.open({ ...options, ...listeners, siblings });
}

/** Opens the store of a further thread on the database of the one that gave it the seat. */
export async function joinStore(
  seat: SqliteSeat,
  { onFailure, listener }: StoreListeners,
  siblings: Siblings,
): Promise<Store> {
  const { SqliteStore } = await import("./sqlite/sqlite-store.ts");
  return SqliteStore.join(seat, { onFailure, listener, siblings });
}
