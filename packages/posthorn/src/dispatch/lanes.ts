/**
 * Registry of the lanes in memory, and of the rate control of each endpoint, which is kept longer than its lane. Keeps each lane on the
 * current policy of its endpoint, and starts nothing before that policy is known.
 */
import { deleteOldest } from "./delete-oldest.ts";
import type { Engine } from "./engine.ts";
import { KeptBatches } from "./kept-batches.ts";
import { Lane } from "./lane.ts";
import type { LanePolicies, LanePolicy } from "./policy.ts";
import { RateControl } from "./rate-control.ts";
import { FIRST_PAUSE_MS } from "./outcome.ts";

/** Endpoints without a lane whose rate control is kept; the least recently used are dropped first. */
const MAX_CONTROLS = 10_000;
/** Endpoints that were failing before a restart are probed spread over this time, not all at once. */
const SPREAD_MS = 5000;

/** Policy of a deleted endpoint: a delivery that just failed gets one more attempt, which cancels it. */
const DELETED: LanePolicy = {
  tenant: -1,
  host: "",
  concurrency: 16,
  rate: null,
  pausedUntil: null,
  newestFirst: false,
  retry: {
    backoff: { kind: "exponential", firstMs: 0, factor: 1, maxMs: 0, attempts: Number.POSITIVE_INFINITY },
    maxAgeMs: null,
    stopCodes: [],
    retryCodes: null,
  },
  breaker: null,
  order: null,
  batch: null,
};

/** Memory and load of a dispatcher. */
export interface DispatcherLoad {
  /** Attempts in flight. */
  readonly inFlight: number;
  readonly lanes: number;
  /** Bytes of the jobs that are queued in lanes. */
  readonly queuedBytes: number;
  /** Due time of the oldest job that could start, in Unix milliseconds; `null`: none could start. */
  readonly oldestDue: number | null;
}

export class Lanes {
  readonly #policies: LanePolicies;
  readonly #random: () => number;
  readonly #engine: Engine;
  readonly #lanes = new Map<number, Lane>();
  /** For endpoints that currently have no lane; the most recently used at the end. */
  readonly #controls = new Map<number, RateControl>();
  /** For endpoints with batches that are resent as a whole; the most recently used at the end. */
  readonly #kept = new Map<number, KeptBatches>();
  #ownSince: number | null = null;

  constructor(policies: LanePolicies, random: () => number, engine: Engine) {
    this.#policies = policies;
    this.#random = random;
    this.#engine = engine;
  }

  get size(): number {
    return this.#lanes.size;
  }

  /** Notes that an earlier run, or another node, owned lanes that are created here from now on. */
  takenOver(now: number): void {
    this.#ownSince = now;
  }

  get(endpointId: number): Lane | undefined {
    return this.#lanes.get(endpointId);
  }

  /** Removes and returns the lanes of these endpoints, and forgets their rate control. */
  remove(isGone: (endpointId: number) => boolean): readonly Lane[] {
    for (const endpointId of this.#controls.keys()) if (isGone(endpointId)) this.#controls.delete(endpointId);
    for (const endpointId of this.#kept.keys()) if (isGone(endpointId)) this.#kept.delete(endpointId);
    const removed = [...this.#lanes.values()].filter(({ endpointId }) => isGone(endpointId));
    for (const { endpointId } of removed) this.#lanes.delete(endpointId);
    return removed;
  }

  /** When the oldest job that could start was due, Unix milliseconds. Jobs that are on hold, paused or behind an open circuit do not count. */
  oldestReady(now: number): number | null {
    let oldest = Infinity;
    for (const lane of this.#lanes.values()) {
      const { nextReady } = lane.jobs;
      if (nextReady === null || lane.isHeld || lane.isPaused(now) || lane.isSuspended(now)) continue;
      oldest = Math.min(oldest, nextReady.due);
    }
    return oldest === Infinity ? null : oldest;
  }

  all(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  getOrMake(endpointId: number): Lane {
    let lane = this.#lanes.get(endpointId);
    if (lane === undefined) {
      lane = new Lane(endpointId);
      this.#lanes.set(endpointId, lane);
    }
    return lane;
  }

  /** Returns whether the lane was still in use. */
  drop(lane: Lane): boolean {
    const { endpointId } = lane;
    if (this.#lanes.get(endpointId) !== lane) return false;
    this.#lanes.delete(endpointId);
    if (!lane.hasPolicy) return true;
    this.#controls.set(endpointId, lane.control);
    if (this.#controls.size > MAX_CONTROLS) deleteOldest(this.#controls, MAX_CONTROLS);
    return true;
  }

  /** Rate control of an endpoint, if it is in memory. */
  controlOf(endpointId: number): RateControl | null {
    const lane = this.#lanes.get(endpointId);
    return lane?.hasPolicy === true ? lane.control : (this.#controls.get(endpointId) ?? null);
  }

  /**
   * Whether the policy of the lane is known. If it must be read first, the lane continues once it has been. A known
   * policy applies until a newer one has been read, unless the lane was woken since.
   */
  isReady(lane: Lane): boolean {
    if (!lane.isPolicyRequested) {
      const policy = this.#policies.policy(lane.endpointId);
      if (!(policy instanceof Promise)) {
        this.#adopt(lane, policy);
        lane.policyArrived(lane.wakes);
        this.#applyOrder(lane);
        return this.#hasBatches(lane);
      }
      lane.policyRequested();
      void this.#await(lane, policy, lane.wakes);
    }
    return lane.hasPolicy && !lane.isPolicyStale && this.#hasBatches(lane);
  }

  /**
   * @param ms By how much the clock was set back.
   * @param now Its new time.
   */
  clockSetBack(ms: number, now: number): void {
    for (const control of this.#controls.values()) control.clockSetBack(ms);
    for (const lane of this.#lanes.values()) lane.clockSetBack(ms, now);
  }

  clear(): void {
    this.#lanes.clear();
    this.#controls.clear();
    this.#kept.clear();
  }

  /**
   * Whether the batches to resend are loaded, if the policy has such batches. If not, the lane continues once they are.
   */
  #hasBatches(lane: Lane): boolean {
    const { batch } = lane.control.policy;
    if (batch === null || !batch.isKept) {
      lane.kept = null;
      return true;
    }
    const { endpointId } = lane;
    lane.kept ??= this.#kept.get(endpointId) ?? new KeptBatches(this.#engine.store.batches, endpointId);
    if (lane.kept.isLoaded) return true;
    void this.#loadBatches(lane, lane.kept);
    return false;
  }

  async #loadBatches(lane: Lane, kept: KeptBatches): Promise<void> {
    const engine = this.#engine;
    if (kept.isLoading) return;
    lane.batchesRequested();
    try {
      await kept.load();
      lane.batchesArrived();
      this.#kept.set(lane.endpointId, kept);
      for (const endpointId of this.#kept.keys()) {
        if (this.#kept.size <= MAX_CONTROLS) break;
        if (!this.#lanes.has(endpointId)) this.#kept.delete(endpointId);
      }
      engine.checkStore(lane);
    } catch (error) {
      lane.batchesArrived();
      engine.readFailed(error);
      lane.noteMoreInStore();
      engine.timers.pause(lane, FIRST_PAUSE_MS);
    }
  }

  async #await(lane: Lane, requested: Promise<LanePolicy | null>, wakes: number): Promise<void> {
    const engine = this.#engine;
    try {
      const policy = await requested;
      const before = lane.hasPolicy ? lane.control.policy : undefined;
      const wasStale = lane.isPolicyStale;
      this.#adopt(lane, policy);
      lane.policyArrived(wakes);
      this.#applyOrder(lane);
      // A new policy may allow more than the previous one.
      if (before !== lane.control.policy || lane.isPolicyStale) engine.checkStore(lane);
      // Nothing waited for a policy that was not stale. Loading a page reads it again, which would not end while the lane has no room.
      else if (lane.hasMoreInStore && wasStale) engine.loadPage(lane);
      else engine.dropIfIdle(lane);
    } catch (error) {
      lane.policyFailed();
      engine.readFailed(error);
      lane.noteMoreInStore();
      engine.timers.pause(lane, FIRST_PAUSE_MS);
    }
  }

  /** @param found `null`: the endpoint does not exist. */
  #adopt(lane: Lane, found: LanePolicy | null): void {
    const { endpointId } = lane;
    const policy = found ?? DELETED;
    const now = this.#engine.clock.now();
    if (!lane.hasPolicy) {
      lane.useControl(this.#controls.get(endpointId) ?? this.#newControl(endpointId, policy, now));
      this.#controls.delete(endpointId);
    }
    lane.control.adopt(policy, now);
  }

  /** Adopts a policy that starts, ends or reverses ordered delivery. Jobs in memory are loaded from the store again. */
  #applyOrder(lane: Lane): void {
    const { policy } = lane.control;
    if (lane.isOrderedAs(policy)) return;
    if (lane.jobs.size > 0) lane.noteMoreInStore();
    this.#engine.buffer.spill(lane);
    lane.orderAs(policy);
  }

  #newControl(endpointId: number, policy: LanePolicy, now: number): RateControl {
    const control = new RateControl(policy, now, this.#ownSince);
    const failing = this.#policies.failing?.(endpointId) ?? null;
    const { breaker } = policy;
    if (failing === null || breaker === null) return control;
    if (failing.failures >= breaker.failures && now - failing.since >= breaker.windowMs) {
      control.suspect(now, failing, this.#random() * SPREAD_MS);
    }
    return control;
  }
}
