/** A store whose reads can be held back after the database has answered, so that a test can change the rows in between. */
import type { Store } from "../../src/store/store.ts";

export interface HeldReads {
  readonly store: Store;
  /** Holds the next result of `hotDb`. */
  hold(): HeldRead;
}

interface HeldRead {
  /** Resolves once the database has answered. */
  readonly read: Promise<void>;
  readonly release: () => void;
}

export function heldReads(store: Store): HeldReads {
  let next: { readonly answered: () => void; readonly released: Promise<void> } | null = null;
  const hotDb = store.hotDb.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      const held = next;
      next = null;
      held?.answered();
      await held?.released;
      return result;
    },
  });
  return {
    store: new Proxy(store, {
      get: (target, name) => {
        if (name === "hotDb") return hotDb;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    }),
    hold: () => {
      const read = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      next = { answered: read.resolve, released: released.promise };
      return { read: read.promise, release: released.resolve };
    },
  };
}
