/** Whether a store can write, by how its last commit ended: a full or damaged disk refuses everything that is published. */
import type { Kysely } from "kysely";
import type { StoreError } from "./errors.ts";
import type { Database } from "./schema.ts";

/** Least time between two test writes; until then the result of the last one holds. */
const TEST_EVERY_MS = 1000;
/** Bytes of a test write: more than what fits into pages that are there already. */
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

  /** Why the store refuses writes; `null`: the last commit worked, or failed for a reason of its own. */
  get refusal(): StoreError | null {
    return this.#refusal;
  }

  /** A commit worked. */
  committed(): void {
    this.#refusal = null;
  }

  /** A commit failed. */
  failed(error: StoreError): void {
    if (error.refusesWrites) this.#refusal = error;
  }

  /**
   * Writes and deletes a row if the last commit was refused, at most once a second: when callers stay away because the node is not
   * ready, nothing else would show that the disk has room again. Never rejects.
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
      // Deleted by a transaction of its own: a row that comes and goes in one need not reach the disk.
      await transaction(({ db }) => db.insertInto("idempotency").values(row).execute());
      await transaction(({ db }) => deleteRow(db));
      this.committed();
    } catch {
      // Still refused; the store has noted why.
    }
  }
}

function deleteRow(db: Kysely<Database>): Promise<unknown> {
  const { bucket, hash } = TEST_ROW;
  return db.deleteFrom("idempotency").where("bucket", "=", bucket).where("hash", "=", hash).execute();
}
