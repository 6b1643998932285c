/** Whether a store can write, according to its last commit. With a full or damaged disk, every publish fails. */
import type { Kysely } from "kysely";
import type { StoreError } from "./errors.ts";
import type { Database } from "./schema.ts";

/** Shortest time between two test writes. Until then the result of the last one is used. */
const TEST_EVERY_MS = 1000;
/** Size of a test write in bytes: more than fits into pages that are already allocated. */
const TEST_BYTES = 64 * 1024;
const TEST_ROW = { bucket: 0, hash: "write test" } as const;

export interface WriteHealthOptions {
  /** Runs a write transaction of the store. */
  readonly transaction: (work: (tx: { readonly db: Kysely<Database> }) => Promise<unknown>) => Promise<unknown>;
  readonly now?: () => number;
}

export class WriteHealth {
  readonly #options: WriteHealthOptions;
  #refusal: StoreError | null = null;
  #testing = false;
  #nextTest = 0;

  constructor(options: WriteHealthOptions) {
    this.#options = options;
  }

  /** Why the store refuses writes; `null`: the last commit succeeded, or failed for a reason that does not affect other writes. */
  get refusal(): StoreError | null {
    return this.#refusal;
  }

  /** Notes that a commit succeeded. */
  committed(): void {
    this.#refusal = null;
  }

  /** Notes that a commit failed. */
  failed(error: StoreError): void {
    if (error.refusesWrites) this.#refusal = error;
  }

  /**
   * Writes and deletes a row if the last commit was refused, at most once a second. While the node is not ready, callers send no writes,
   * so nothing else would show that the disk has space again. Never rejects.
   */
  test(): void {
    const { now = Date.now } = this.#options;
    if (this.#refusal === null || this.#testing || now() < this.#nextTest) return;
    this.#testing = true;
    this.#nextTest = now() + TEST_EVERY_MS;
    void this.#write().finally(() => (this.#testing = false));
  }

  async #write(): Promise<void> {
    const { transaction } = this.#options;
    const row = {
      ...TEST_ROW,
      message_id: null,
      status: 204,
      body_sealed: crypto.getRandomValues(new Uint8Array(TEST_BYTES)),
    };
    try {
      await transaction(({ db }) => deleteRow(db));
      // The delete has its own transaction: a row inserted and deleted in the same one might never reach the disk.
      await transaction(({ db }) => db.insertInto("idempotency").values(row).execute());
      await transaction(({ db }) => deleteRow(db));
      this.committed();
    } catch {
      // Still refused. The store has noted the reason.
    }
  }
}

function deleteRow(db: Kysely<Database>): Promise<unknown> {
  const { bucket, hash } = TEST_ROW;
  return db.deleteFrom("idempotency").where("bucket", "=", bucket).where("hash", "=", hash).execute();
}
