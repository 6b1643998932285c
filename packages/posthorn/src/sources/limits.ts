/** Limits on concurrent reads, across all sources of a node. */

export interface LimitKeys {
  readonly orgId: number;
  /** Host that is read; `null`: none. */
  readonly host: string | null;
}

export interface ReadLimits {
  /** Maximum number of concurrent polls. */
  readonly total: number;
  /** For one organisation. */
  readonly perOrganisation: number;
  /** For one host, over all organisations. */
  readonly perHost: number;
}

export const READ_LIMITS: ReadLimits = { total: 64, perOrganisation: 8, perHost: 2 };

interface Waiting {
  readonly keys: LimitKeys;
  readonly start: () => void;
}

/** Starts waiting polls in the order of arrival, skipping those that exceed their own limit. */
export class ReadLimiter {
  readonly #limits: ReadLimits;
  readonly #organisations = new Map<number, number>();
  readonly #hosts = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();
  #running = 0;

  constructor(limits: ReadLimits = READ_LIMITS) {
    this.#limits = limits;
  }

  /** Rejects with the reason of the signal if it is aborted before the turn comes. */
  async run<T>(keys: LimitKeys, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#turn(keys, signal);
    try {
      return await work();
    } finally {
      this.#count(keys, -1);
      this.#startNext();
    }
  }

  #turn(keys: LimitKeys, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isFree(keys)) {
      this.#count(keys, 1);
      return Promise.resolve();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => {
      this.#waiting.delete(waiting);
      reject(signal.reason as Error);
    };
    const waiting: Waiting = {
      keys,
      start: () => {
        signal.removeEventListener("abort", abort);
        resolve();
      },
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.add(waiting);
    return promise;
  }

  #startNext(): void {
    for (const waiting of this.#waiting) {
      if (this.#running >= this.#limits.total) return;
      if (!this.#isFree(waiting.keys)) continue;
      this.#waiting.delete(waiting);
      this.#count(waiting.keys, 1);
      waiting.start();
    }
  }

  #isFree({ orgId, host }: LimitKeys): boolean {
    const { total, perOrganisation, perHost } = this.#limits;
    if (this.#running >= total || (this.#organisations.get(orgId) ?? 0) >= perOrganisation) return false;
    return host === null || (this.#hosts.get(host) ?? 0) < perHost;
  }

  #count({ orgId, host }: LimitKeys, by: number): void {
    this.#running += by;
    countIn(this.#organisations, orgId, by);
    if (host !== null) countIn(this.#hosts, host, by);
  }
}

function countIn<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
