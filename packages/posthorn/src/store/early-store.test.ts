import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { acceptEntry, temporaryFolder } from "../../test/support/store.ts";
import { EarlyStore } from "./early-store.ts";
import { StoreError } from "./errors.ts";
import { openStore, type StoreListeners, type StoreLocation } from "./open.ts";
import { SqliteStore, type SqliteStoreOptions } from "./sqlite/sqlite-store.ts";
import type { Store } from "./store.ts";

/** Listeners of a node, and the signals that they received. */
function node(): { readonly listeners: StoreListeners; readonly told: unknown[] } {
  const told: unknown[] = [];
  const listeners: StoreListeners = {
    onFailure: (error) => told.push(error),
    onOutage: () => undefined,
    onWalLoss: (loss) => told.push(loss),
    listener: { wanted: true, committed: (accepts) => told.push(accepts.length) },
  };
  return { listeners, told };
}

/** A file in a new folder. */
class File implements Disposable {
  readonly #folder = temporaryFolder();
  readonly path = join(this.#folder.path, "posthorn.db");
  readonly location: StoreLocation = { kind: "sqlite", path: this.path };

  open(): Promise<Store> {
    return openStore(this.location, node().listeners);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

describe("a store that is opened before there is a node", () => {
  it("notifies the node of its commits once the node has taken it over, and is closed by the node", async () => {
    using file = new File();
    const { listeners, told } = node();
    const early = (await EarlyStore.begin(file.location, null))!;
    await using store = await early.take(listeners);
    await early[Symbol.asyncDispose]();
    await store.accept(acceptEntry(1));
    expect(told).toEqual([1]);
  });

  it("is closed if no node takes it over, so that the folder is free", async () => {
    using file = new File();
    const early = (await EarlyStore.begin(file.location, null))!;
    await expect(file.open()).rejects.toThrow("Another");
    await early[Symbol.asyncDispose]();
    await using again = await file.open();
    expect(await again.lastKey()).toBe(0);
  });

  it("notifies the node that takes it over of earlier signals", async () => {
    let options: Pick<SqliteStoreOptions, "onFailure" | "onWalLoss"> = {};
    using file = new File();
    const opened = await SqliteStore.open({ path: file.path });
    await using early = new EarlyStore(
      (given) => {
        options = given;
        return Promise.resolve(opened);
      },
      () => Promise.reject(new Error("opened again")),
    );
    const loss = { kind: "journal", path: "posthorn.db.journal", frames: 1, expectedFrames: null } as const;
    const failure = new Error("the database thread ended");
    options.onWalLoss!(loss);
    options.onFailure!(failure);
    const { listeners, told } = node();
    await using store = await early.take(listeners);
    expect(store).toBe(opened);
    expect(told).toEqual([loss, failure]);
  });

  it("rejects when the node takes it over if it could not be opened, and is opened again for the next attempt", async () => {
    using file = new File();
    await using other = await file.open();
    const { listeners } = node();
    await using early = (await EarlyStore.begin(file.location, null))!;
    await expect(early.take(listeners)).rejects.toThrow(StoreError);
    await other[Symbol.asyncDispose]();
    await using store = await early.take(listeners);
    expect(store).toBeInstanceOf(SqliteStore);
  });

  it("is not opened early on PostgreSQL, for which a node waits", async () => {
    const location = { kind: "postgres", url: "postgres://127.0.0.1/none", directUrl: null, connections: 2 } as const;
    expect(await EarlyStore.begin(location, null)).toBeNull();
  });
});
