/** Records when API keys were last used: to the minute, and off the path of requests. */
import type { Store } from "../../store/store.ts";

/** When keys were last used, by key of the row. */
export type KeyUses = ReadonlyMap<number, number>;

export interface KeyUseOptions {
  readonly write: (uses: KeyUses) => Promise<void>;
  readonly setTimer: (ms: number, callback: () => void) => () => void;
}

/** A key is recorded again after this long. */
export const USE_STEP_MS = 60_000;
/** Uses within this time are written together. */
const COLLECT_MS = 1000;
/** Keys remembered with the time of their last record. When there are more, all are removed, and recorded once more. */
const MAX_KNOWN = 20_000;

export class KeyUse implements AsyncDisposable {
  readonly #options: KeyUseOptions;
  readonly #recorded = new Map<number, number>();
  #pending = new Map<number, number>();
  #cancel: (() => void) | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: KeyUseOptions) {
    this.#options = options;
  }

  /** Called at most once a minute for a key whose identity is cached. */
  note(key: number, at: number): void {
    if (at - (this.#recorded.get(key) ?? Number.NEGATIVE_INFINITY) < USE_STEP_MS) return;
    if (this.#recorded.size >= MAX_KNOWN) this.#recorded.clear();
    this.#recorded.set(key, at);
    this.#pending.set(key, at);
    this.#cancel ??= this.#options.setTimer(COLLECT_MS, () => {
      this.#cancel = null;
      this.#writing = this.#write();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel?.();
    await this.#writing;
    if (this.#pending.size > 0) await this.#write();
  }

  async #write(): Promise<void> {
    const pending = this.#pending;
    this.#pending = new Map();
    try {
      await this.#options.write(pending);
    } catch {
      // Not worth a retry: the next use of the key is recorded.
      for (const key of pending.keys()) this.#recorded.delete(key);
    }
  }
}

/** Stores the last use of keys. */
export async function writeKeyUses(store: Store, uses: KeyUses): Promise<void> {
  await store.transaction(async ({ db }) => {
    for (const [key, at] of uses) {
      await db
        .updateTable("api_key")
        .set({ last_used_at: at })
        .where("id", "=", key)
        .where((eb) => eb.or([eb("last_used_at", "is", null), eb("last_used_at", "<", at)]))
        .execute();
    }
  }, "key.use");
}
