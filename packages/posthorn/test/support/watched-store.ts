import type { KyselyPlugin, RootOperationNode } from "kysely";
import type { Store } from "../../src/store/store.ts";

export interface WatchedStore<S extends Store> {
  /** The same store, whose queries outside of transactions are recorded. */
  readonly store: S;
  /** The queries in their order. */
  readonly queries: RootOperationNode[];
}

/** Records the queries of a store, so that a test can count them and read their plans. */
export function watchQueries<S extends Store>(store: S): WatchedStore<S> {
  const queries: RootOperationNode[] = [];
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => {
      queries.push(node);
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  return { store: Object.create(store, { db: { value: store.db.withPlugin(plugin) } }) as S, queries };
}
