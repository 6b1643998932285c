/** Concurrency limits that lanes share: overall, per tenant, per host, for slow endpoints and for retries. */
import type { Lane } from "./lane.ts";
import { FairQueue, Fifo } from "./queues.ts";
import type { DispatchLimits } from "./types.ts";

/** The limits that one attempt counts against. */
export interface Permit {
  readonly tenant: number;
  readonly host: string;
  readonly semaphores: readonly Semaphore[];
}

/** Limit on attempts in flight, with a queue of the lanes that wait for it. */
class Semaphore {
  inFlight = 0;
  limit: number;
  readonly #waiting = new Fifo<Lane>();
  #permit: Permit | null = null;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** A permit that counts against this limit alone. The attempts of a tenant share one. */
  permitOf(tenant: number, host: string): Permit {
    if (this.#permit?.tenant !== tenant) this.#permit = { tenant, host, semaphores: [this] };
    return this.#permit;
  }

  get isAvailable(): boolean {
    return this.inFlight < this.limit;
  }

  get isUnused(): boolean {
    return this.inFlight === 0 && this.#waiting.length === 0;
  }

  enqueue(lane: Lane): void {
    if (lane.place.waitsFor === this) return;
    lane.place.waitsFor = this;
    this.#waiting.push(lane);
  }

  /**
   * Removes and returns the next lane if the semaphore is available. Skips lanes that have since been queued elsewhere.
   */
  dequeue(): Lane | undefined {
    while (this.isAvailable) {
      const lane = this.#waiting.shift();
      if (lane === undefined) return undefined;
      if (lane.place.waitsFor !== this) continue;
      lane.place.waitsFor = null;
      return lane;
    }
    return undefined;
  }
}

/** Decides which lane may start an attempt next. */
export class ConcurrencyLimiter {
  #limits: DispatchLimits;
  readonly #onAvailable: (lane: Lane) => void;
  readonly #queue: FairQueue<Lane>;
  readonly #slow: Semaphore;
  readonly #retries: Semaphore;
  readonly #hosts = new Map<string, Semaphore>();
  #inFlight = 0;

  /** @param onAvailable Called with a lane that waited for a limit and may try again. */
  constructor(limits: DispatchLimits, onAvailable: (lane: Lane) => void) {
    this.#limits = limits;
    this.#onAvailable = onAvailable;
    this.#queue = new FairQueue(limits.tenantConcurrency);
    this.#slow = new Semaphore(limits.slowConcurrency);
    this.#retries = new Semaphore(limits.retryConcurrency);
  }

  /** Applies to attempts that start from now on. */
  limit(limits: DispatchLimits): void {
    this.#limits = limits;
    this.#queue.limitTenants(limits.tenantConcurrency);
    this.#limit(this.#slow, limits.slowConcurrency);
    this.#limit(this.#retries, limits.retryConcurrency);
    for (const host of this.#hosts.values()) this.#limit(host, limits.hostConcurrency);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get isAvailable(): boolean {
    return this.#inFlight < this.#limits.concurrency;
  }

  get allowsRetries(): boolean {
    return this.#retries.isAvailable;
  }

  /** Queues a lane that may have a job to start. */
  enqueue(lane: Lane): void {
    this.#queue.push(lane);
  }

  /** Removes and returns the next lane in fair order. */
  dequeue(): Lane | undefined {
    return this.#queue.shift();
  }

  /** Permit for a first attempt of the lane; `null` when a limit is reached: the lane is queued again once the limit allows it. */
  permitFor(lane: Lane, now: number): Permit | null {
    const { tenant, host } = lane.control.policy;
    const ofHost = this.#host(host);
    const slow = lane.isSlow(now) ? this.#slow : null;
    const exhausted = !ofHost.isAvailable ? ofHost : slow?.isAvailable === false ? slow : null;
    if (exhausted === null)
      return slow === null ? ofHost.permitOf(tenant, host) : { tenant, host, semaphores: [ofHost, slow] };
    exhausted.enqueue(lane);
    return null;
  }

  /** Queues a lane that has only retries until another retry may start. */
  waitForRetries(lane: Lane): void {
    this.#retries.enqueue(lane);
  }

  /** Counts an attempt that starts. Returns the permit to release when it ends. */
  acquire(first: Permit, isRetry: boolean): Permit {
    const permit = isRetry ? { ...first, semaphores: [...first.semaphores, this.#retries] } : first;
    for (const semaphore of permit.semaphores) semaphore.inFlight++;
    this.#queue.started(permit.tenant);
    this.#inFlight++;
    return permit;
  }

  release({ tenant, host, semaphores }: Permit): void {
    this.#inFlight--;
    for (const semaphore of semaphores) {
      semaphore.inFlight--;
      this.#wakeNext(semaphore);
    }
    this.#queue.ended(tenant);
    if (this.#hosts.get(host)?.isUnused === true) this.#hosts.delete(host);
  }

  /** Wakes the next lane that waits for one of the limits of a lane that was dequeued but did not start. */
  passOn(lane: Lane): void {
    if (lane.place.waitsFor !== null) return;
    this.#wakeNext(this.#slow);
    this.#wakeNext(this.#retries);
    const host = this.#hosts.get(lane.control.policy.host);
    if (host !== undefined) this.#wakeNext(host);
  }

  clear(): void {
    this.#queue.clear();
  }

  #limit(semaphore: Semaphore, limit: number): void {
    semaphore.limit = limit;
    for (let free = limit - semaphore.inFlight; free > 0; free--) this.#wakeNext(semaphore);
  }

  #wakeNext(semaphore: Semaphore): void {
    const lane = semaphore.dequeue();
    if (lane !== undefined) this.#onAvailable(lane);
  }

  #host(name: string): Semaphore {
    let semaphore = this.#hosts.get(name);
    if (semaphore === undefined) {
      semaphore = new Semaphore(this.#limits.hostConcurrency);
      this.#hosts.set(name, semaphore);
    }
    return semaphore;
  }
}
