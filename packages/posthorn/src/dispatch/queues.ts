/** Queues of the dispatcher: first in, first out, and fair between tenants. */

/** First-in, first-out queue with constant cost at any length (`Array.shift` moves every remaining element). */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    // The array may keep its place for long.
    this.#items[this.#head] = undefined;
    this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Removes and returns all items. */
  drain(): readonly T[] {
    const items = this.#items.slice(this.#head) as T[];
    this.#items = [];
    this.#head = 0;
    return items;
  }
}

/** Position of a lane in the queues of the concurrency limiter. Only the fair queue and the semaphores write to it. */
export interface QueuePlace {
  /** The lane is in the fair queue. */
  isQueued: boolean;
  /** The semaphore that the lane waits for; `null`: none. */
  waitsFor: object | null;
}

export interface QueueItem {
  readonly tenant: number;
  readonly place: QueuePlace;
}

interface TenantQueue<Item> {
  readonly key: number;
  readonly items: Fifo<Item>;
  inFlight: number;
  /** The tenant is in the queue of tenants. */
  isQueued: boolean;
}

/**
 * Fair queue: round robin over tenants, and over the items of each tenant. A tenant with ten thousand endpoints is served as often as a tenant with one,
 * and has at most `tenantCap` attempts in flight.
 */
export class FairQueue<Item extends QueueItem> {
  #tenantCap: number;
  readonly #tenants = new Map<number, TenantQueue<Item>>();
  readonly #queue = new Fifo<TenantQueue<Item>>();

  constructor(tenantCap: number) {
    this.#tenantCap = tenantCap;
  }

  limitTenants(cap: number): void {
    this.#tenantCap = cap;
    // Some may have been at the earlier cap.
    for (const tenant of this.#tenants.values()) this.#enqueue(tenant);
  }

  /** Does nothing if the item is already queued. */
  push(item: Item): void {
    const { place } = item;
    if (place.isQueued) return;
    place.isQueued = true;
    place.waitsFor = null;
    const tenant = this.#tenant(item.tenant);
    tenant.items.push(item);
    this.#enqueue(tenant);
  }

  /** Removes and returns the next item; `undefined` when there is none, or every tenant with items is at its cap. */
  shift(): Item | undefined {
    for (;;) {
      const tenant = this.#queue.shift();
      if (tenant === undefined) return undefined;
      tenant.isQueued = false;
      if (tenant.inFlight >= this.#tenantCap) continue;
      const item = tenant.items.shift();
      if (item === undefined) {
        this.#dropIfUnused(tenant);
        continue;
      }
      item.place.isQueued = false;
      this.#enqueue(tenant);
      return item;
    }
  }

  /** An attempt of this tenant started. */
  started(tenant: number): void {
    this.#tenant(tenant).inFlight++;
  }

  /** An attempt of this tenant ended. */
  ended(key: number): void {
    const tenant = this.#tenant(key);
    tenant.inFlight--;
    this.#enqueue(tenant);
    this.#dropIfUnused(tenant);
  }

  clear(): void {
    this.#queue.drain();
    this.#tenants.clear();
  }

  #tenant(key: number): TenantQueue<Item> {
    let tenant = this.#tenants.get(key);
    if (tenant === undefined) {
      tenant = { key, items: new Fifo(), inFlight: 0, isQueued: false };
      this.#tenants.set(key, tenant);
    }
    return tenant;
  }

  #enqueue(tenant: TenantQueue<Item>): void {
    if (tenant.isQueued || tenant.items.length === 0) return;
    tenant.isQueued = true;
    this.#queue.push(tenant);
  }

  #dropIfUnused(tenant: TenantQueue<Item>): void {
    if (tenant.inFlight === 0 && tenant.items.length === 0 && !tenant.isQueued) this.#tenants.delete(tenant.key);
  }
}
