/**
 * Records when the TLS certificates of endpoints expire. An endpoint with an unchanged certificate costs one map look-up per attempt and
 * no database access.
 */
import { boundedCache } from "../lib/bounded-cache.ts";
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import { type Certificate, saveCertificates } from "../domain/health/certificates.ts";
import type { Worker } from "./worker.ts";

export interface CertificateMonitorOptions {
  /** Called at each step, because the services do not exist yet when the worker is constructed. */
  readonly services: () => Services;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
}

/** The certificate that an endpoint presented in an attempt. */
export interface SeenCertificate {
  readonly endpointKey: number;
  /** URL of the attempt. */
  readonly url: string;
  /** ISO 8601. */
  readonly validTo: string;
}

/** Delay before new certificates are saved. */
const SAVE_MS = 2000;
/** Maximum rows per transaction. */
const SAVE_ROWS = 200;
/** Maximum certificates in memory; others are compared with the database. */
const MAX_KNOWN = 100_000;

export class CertificateMonitor implements Worker {
  readonly name = "certificates";
  readonly #options: CertificateMonitorOptions;
  readonly #known = boundedCache<number, { readonly origin: string; readonly validTo: string }>(MAX_KNOWN);
  readonly #unsaved = new Map<number, Certificate>();
  #saving: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #stopped = false;

  constructor(options: CertificateMonitorOptions) {
    this.#options = options;
  }

  seen({ endpointKey, url, validTo }: SeenCertificate): void {
    const known = this.#known.get(endpointKey);
    if (known?.validTo === validTo && url.startsWith(known.origin) && url[known.origin.length] === "/") return;
    const { origin } = new URL(url);
    this.#known.set(endpointKey, { origin, validTo });
    this.#unsaved.set(endpointKey, { origin, validTo: Date.parse(validTo) });
    this.#saveLater();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.#saving;
    await this.#save();
  }

  #saveLater(): void {
    if (this.#stopped || this.#cancelTimer !== null || this.#saving !== null) return;
    this.#cancelTimer = this.#options.clock.setTimer(SAVE_MS, () => {
      this.#cancelTimer = null;
      this.#saving = this.#save().finally(() => {
        this.#saving = null;
        if (this.#unsaved.size > 0) this.#saveLater();
      });
    });
  }

  async #save(): Promise<void> {
    const { services, onFailure } = this.#options;
    while (this.#unsaved.size > 0) {
      const rows = new Map([...this.#unsaved].slice(0, SAVE_ROWS));
      try {
        await saveCertificates(services(), rows);
      } catch (error) {
        onFailure(error);
        return;
      }
      for (const [key, certificate] of rows) {
        // Keep it if it has changed again in the meantime.
        if (this.#unsaved.get(key) === certificate) this.#unsaved.delete(key);
      }
    }
  }
}
