/** A real store on a folder of its own, and rows to put into it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteStore, type SqliteStoreOptions } from "../../src/store/sqlite/sqlite-store.ts";
import type { AcceptEntry, AttemptEntry, RecordEntry } from "../../src/store/store.ts";

/** A folder that is deleted at the end. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "posthorn-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TestStore extends AsyncDisposable {
  readonly store: SqliteStore;
  readonly path: string;
  /** Closes the store and opens the same file again. */
  reopen(options?: Partial<SqliteStoreOptions>): Promise<SqliteStore>;
}

export async function openStore(options: Partial<SqliteStoreOptions> = {}): Promise<TestStore> {
  const folder = temporaryFolder();
  const path = join(folder.path, "posthorn.db");
  let store = await SqliteStore.open({ path, readers: 1, ...options });
  return {
    get store() {
      return store;
    },
    path,
    reopen: async (changed = {}) => {
      await store[Symbol.asyncDispose]();
      store = await SqliteStore.open({ path, readers: 1, ...options, ...changed });
      return store;
    },
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** A message that is owed to endpoint 1 since time 0. */
export function acceptEntry(id: number, changes: Partial<AcceptEntry> = {}): AcceptEntry {
  return {
    id,
    publicId: `msg_${id}`,
    appId: 1,
    eventType: "test.event",
    eventId: null,
    channelsJson: null,
    tagsJson: null,
    orderingKey: null,
    unmatchedJson: null,
    requestJson: null,
    payload: Buffer.from(`{"id":${id}}`),
    contentType: "application/json",
    expiresAt: null,
    deliverAt: null,
    due: 0,
    endpointIds: [1],
    idempotency: null,
    ...changes,
  };
}

export function attemptEntry(id: number, changes: Partial<AttemptEntry> = {}): AttemptEntry {
  return {
    id,
    publicId: `atmpt_${id}`,
    url: "https://example.com/",
    status: 0,
    responseCode: 200,
    response: "",
    durationMs: 1,
    errorCode: null,
    detailJson: null,
    ...changes,
  };
}

/** The outcome of a scheduled attempt that succeeded. */
export function recordEntry(messageId: number, changes: Partial<RecordEntry> = {}): RecordEntry {
  return {
    messageId,
    endpointId: 1,
    generation: 0,
    trigger: 0,
    state: 1,
    due: null,
    attempts: 1,
    attempt: null,
    ...changes,
  };
}

/** The row of a delivery. */
export function deliveryOf(store: SqliteStore, messageId: number, endpointId = 1) {
  return store.db
    .selectFrom("delivery")
    .selectAll()
    .where("message_id", "=", messageId)
    .where("endpoint_id", "=", endpointId)
    .executeTakeFirst();
}
