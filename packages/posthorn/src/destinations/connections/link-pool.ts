/**
 * Open connections of the connector thread. There is one link for each target and set of credentials of an application. Links are limited
 * in total and per application; the one unused for the longest time is closed for another, and each after some time without a message.
 */
import type { DialContext } from "./guard.ts";
import type { Driver, Link } from "./driver.ts";
import type { LinkSpec } from "./protocol.ts";

export interface LinkPoolOptions {
  readonly maxLinks: number;
  readonly maxLinksPerTenant: number;
  readonly idleMs: number;
  readonly driver: (kind: string) => Promise<Driver>;
  readonly dialContext: (link: number) => DialContext;
  readonly now: () => number;
}

/** Every link of the pool is in use. */
export class NoFreeLink extends Error {
  readonly code = "no_connections";
}

export interface PooledLink {
  readonly link: Link;
  readonly driver: Driver;
  readonly context: DialContext;
  /** Whether it was open before this use. */
  readonly isReused: boolean;
  /** To be called after the use. @param isBroken Closes it once all its messages are done. */
  release(isBroken: boolean): void;
}

interface OpenLink {
  readonly link: Link;
  readonly driver: Driver;
}

interface Entry {
  readonly id: number;
  readonly kind: string;
  readonly tenant: number;
  readonly context: DialContext;
  readonly abort: AbortController;
  /** Settles when the driver has finished opening the link. */
  readonly opening: Promise<OpenLink>;
  /** As `opening`, but rejects as soon as the guard refuses a connection. */
  readonly opened: Promise<OpenLink>;
  /** `null` until it is open. */
  open: OpenLink | null;
  users: number;
  lastUsed: number;
  /** No longer given to new messages. */
  isRetired: boolean;
}

export class LinkPool {
  readonly #options: LinkPoolOptions;
  readonly #current = new Map<number, Entry>();
  /** Including those that are retired but still used. */
  readonly #all = new Set<Entry>();
  #changes = 0;

  constructor(options: LinkPoolOptions) {
    this.#options = options;
  }

  /** How often a link was added or removed: whether `counts` has changed. */
  get changes(): number {
    return this.#changes;
  }

  /** Number of links by kind. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { kind } of this.#all) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  /**
   * Returns a link that is open, or opens it. Throws `NoFreeLink`, and rejects when the connection fails; the next call tries again.
   */
  use(id: number, spec: LinkSpec): PooledLink | Promise<PooledLink> {
    const entry = this.#current.get(id) ?? this.#open(id, spec);
    const { context, open } = entry;
    entry.users++;
    entry.lastUsed = this.#options.now();
    let released = false;
    const release = (isBroken: boolean): void => {
      if (released) return;
      released = true;
      entry.users--;
      entry.lastUsed = this.#options.now();
      if (isBroken) this.#retire(entry);
      else if (entry.isRetired && entry.users === 0) this.#close(entry);
    };
    if (open !== null) return { ...open, context, isReused: true, release };
    return entry.opened.then(
      (opened) => ({ ...opened, context, isReused: false, release }),
      (error: unknown) => {
        release(true);
        throw error;
      },
    );
  }

  /** Gives up on a link whose target did not respond in time. */
  retire(id: number): void {
    const entry = this.#current.get(id);
    if (entry === undefined) return;
    this.#retire(entry);
    // Other messages that wait for it to open are sent again later.
    if (entry.open === null) this.#close(entry);
  }

  /** Closes links that have not been used for a while. */
  closeIdle(): void {
    const before = this.#options.now() - this.#options.idleMs;
    for (const entry of this.#all) if (entry.users === 0 && entry.lastUsed <= before) this.#close(entry);
  }

  #open(id: number, spec: LinkSpec): Entry {
    this.#makeRoom(spec.tenant);
    const context = this.#options.dialContext(id);
    const abort = new AbortController();
    const opening = context.run(async () => {
      const driver = await this.#options.driver(spec.kind);
      const onDown = (): void => this.#retire(entry);
      const link = await driver.open(spec.config, { signal: abort.signal, onDown });
      entry.open = { link, driver };
      if (abort.signal.aborted) await link.close();
      return entry.open;
    });
    const entry: Entry = {
      id,
      kind: spec.kind,
      tenant: spec.tenant,
      context,
      abort,
      opening,
      opened: context.unlessRefused(opening),
      open: null,
      users: 0,
      lastUsed: this.#options.now(),
      isRetired: false,
    };
    // `use` handles the error. Without a user at the time, it must not end the thread.
    entry.opened.catch(() => undefined);
    this.#current.set(id, entry);
    this.#all.add(entry);
    this.#changes++;
    return entry;
  }

  #makeRoom(tenant: number): void {
    const { maxLinks, maxLinksPerTenant } = this.#options;
    const own = [...this.#all].filter((entry) => entry.tenant === tenant);
    if (own.length >= maxLinksPerTenant) this.#closeOldest(own, `the application uses ${own.length} connections`);
    if (this.#all.size >= maxLinks) this.#closeOldest([...this.#all], `${this.#all.size} connections are in use`);
  }

  #closeOldest(entries: readonly Entry[], problem: string): void {
    let oldest: Entry | null = null;
    for (const entry of entries) {
      if (entry.users === 0 && (oldest === null || entry.lastUsed < oldest.lastUsed)) oldest = entry;
    }
    if (oldest === null) throw new NoFreeLink(problem);
    this.#close(oldest);
  }

  #retire(entry: Entry): void {
    entry.isRetired = true;
    if (this.#current.get(entry.id) === entry) this.#current.delete(entry.id);
    if (entry.users === 0) this.#close(entry);
  }

  #close(entry: Entry): void {
    if (!this.#all.delete(entry)) return;
    this.#changes++;
    entry.isRetired = true;
    if (this.#current.get(entry.id) === entry) this.#current.delete(entry.id);
    entry.abort.abort();
    const { context } = entry;
    // A client that waits for an unresponsive target may never end by itself.
    if (entry.open === null) context.end();
    entry.opening
      .then(({ link }) => context.run(() => link.close()))
      .catch(() => undefined)
      .finally(() => context.end());
  }
}
