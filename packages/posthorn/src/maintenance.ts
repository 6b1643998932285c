/** What a node does from time to time: payloads, idempotency keys and tokens whose time is over. */
import type { Services } from "./domain/context.ts";
import { dropOldKeys } from "./domain/idempotency.ts";
import { dropOldPacing, expireDeliveries } from "./domain/message/expire-deliveries.ts";
import { expirePayloads } from "./domain/message/expire.ts";

export interface MaintenanceOptions {
  readonly services: Services;
  readonly payloadRetentionMs: number;
  readonly onFailure: (error: unknown) => void;
}

const INTERVAL_MS = 60_000;

export class Maintenance implements AsyncDisposable {
  readonly #options: MaintenanceOptions;
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();
  #expiredUpTo = 0;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void (this.#running = this.#running.then(() => this.#run())), INTERVAL_MS);
    this.#timer.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { services, payloadRetentionMs, onFailure } = this.#options;
    try {
      const now = services.now();
      this.#expiredUpTo = await expirePayloads(services, {
        retentionMs: payloadRetentionMs,
        from: this.#expiredUpTo,
        signal: this.#abort.signal,
      });
      await expireDeliveries(services, this.#abort.signal);
      await dropOldPacing(services, this.#abort.signal);
      await dropOldKeys(services.store, now, this.#abort.signal);
      await services.store.transaction(async ({ db }) => {
        await db.deleteFrom("revoked_token").where("expires_at", "<", now).execute();
      });
      await services.store.reclaim();
    } catch (error) {
      onFailure(error);
    }
  }
}
