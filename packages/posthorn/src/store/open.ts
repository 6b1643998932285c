/** Opens the store that a node is told to use. */
import { SqliteStore } from "./sqlite/sqlite-store.ts";
import { PostgresStore } from "./postgres/postgres-store.ts";
import type { CommitListener, Store } from "./store.ts";

/** Which database: see `DatabaseConfig`. */
export type StoreLocation =
  | { readonly kind: "sqlite"; readonly path: string }
  | {
      readonly kind: "postgres";
      readonly url: string;
      readonly directUrl: string | null;
      readonly connections: number;
    };

export interface StoreListeners {
  /** Called when the store is of no use any more and must be opened anew. */
  readonly onFailure: (error: Error) => void;
  /** Told what each commit has stored. */
  readonly listener: CommitListener;
}

export function openStore(location: StoreLocation, listeners: StoreListeners): Promise<Store> {
  if (location.kind === "sqlite") return SqliteStore.open({ path: location.path, ...listeners });
  const { url, directUrl, connections } = location;
  return PostgresStore.open({ url, directUrl, connections, ...listeners });
}
