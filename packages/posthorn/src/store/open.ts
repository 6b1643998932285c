/** Opens the store that a node is told to use. */
import { SqliteStore } from "./sqlite/sqlite-store.ts";
import { PostgresStore } from "./postgres/postgres-store.ts";
import type { WalLoss } from "./sqlite/wal-loss.ts";
import type { CommitListener, Store } from "./store.ts";
import type { StoreTrouble } from "./errors.ts";

/** Which database: see `DatabaseConfig`. */
export type StoreLocation =
  | { readonly kind: "sqlite"; readonly path: string }
  | {
      readonly kind: "postgres";
      readonly url: string;
      readonly directUrl: string | null;
      readonly connections: number;
      /** How long it may take to answer. */
      readonly timeoutMs?: number;
    };

export interface StoreListeners {
  /** Called when the store is of no use any more and must be opened anew. */
  readonly onFailure: (error: Error) => void;
  /** Told when the database cannot be worked with any more, and when it can again (`null`). */
  readonly onTrouble: (trouble: StoreTrouble | null) => void;
  /** Called during the opening when SQLite's write-ahead log has lost commits since the last one. */
  readonly onWalLoss?: ((loss: WalLoss) => void) | undefined;
  /** Told what each commit has stored. */
  readonly listener: CommitListener;
}

export function openStore(location: StoreLocation, listeners: StoreListeners): Promise<Store> {
  const { onFailure, onWalLoss, listener } = listeners;
  if (location.kind === "sqlite") return SqliteStore.open({ path: location.path, onFailure, onWalLoss, listener });
  const { kind: _kind, ...options } = location;
  return PostgresStore.open({ ...options, ...listeners });
}
