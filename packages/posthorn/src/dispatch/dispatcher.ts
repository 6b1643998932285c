/**
 * Dispatcher: hands jobs to the attempter, fairly and within limits, and keeps each one until its outcome is stored.
 *
 * The rows in the store are authoritative. Jobs in memory are copies that can be dropped at any time: a job that does not fit, or whose
 * endpoint is disabled or has an open circuit, is dropped here and loaded from the store later. This bounds the memory, and a crash loses
 * nothing.
 *
 *     running ──stop──→ stopping (no new attempts; attempts in flight end) ──→ stopped
 */
import { ConcurrencyLimiter } from "./concurrency-limiter.ts";
import { type Engine, EVERYWHERE, NOWHERE } from "./engine.ts";
import { JobBuffer } from "./job-buffer.ts";
import type { Lane, LaneView } from "./lane.ts";
import { type DispatcherLoad, Lanes } from "./lanes.ts";
import { PageLoader } from "./page-loader.ts";
import type { LanePolicies } from "./policy.ts";
import { STORE_GRACE_MS } from "./outcome.ts";
import { RunLoop } from "./run-loop.ts";
import { LaneTimers } from "./timers.ts";
import {
  type Attempter,
  type Clock,
  type DispatchLimits,
  type DispatchObserver,
  type JobStore,
  type LaneOwners,
  limitsOf,
  SOLE_OWNER,
} from "./types.ts";
import type { Job, Position } from "../store/delivery.ts";

export interface DispatcherOptions {
  readonly store: JobStore;
  readonly attempter: Attempter;
  readonly clock: Clock;
  readonly policies: LanePolicies;
  /** Returns a number from 0 to below 1, like `Math.random`. */
  readonly random: () => number;
  readonly limits?: Partial<DispatchLimits>;
  readonly observer?: DispatchObserver;
  /** Which lanes this node owns; absent: all of them. */
  readonly owners?: LaneOwners;
}

/** Delay between a write with an unknown outcome and the scan of the store, so that writes that fail together cause one scan. */
const RESCAN_MS = 2000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #owners: LaneOwners;
  readonly #engine: Engine;
  readonly #lanes: Lanes;
  readonly #limiter: ConcurrencyLimiter;
  readonly #buffer: JobBuffer;
  readonly #timers: LaneTimers;
  readonly #pages: PageLoader;
  readonly #loop: RunLoop;
  /** Cancels the scheduled scan of the store; `null`: none is scheduled. */
  #cancelRescan: (() => void) | null = null;
  /** Scans for unfinished jobs: the number of scans started, and the last one that is complete. */
  #scans = 0;
  #scanned = 0;

  constructor(options: DispatcherOptions) {
    const { clock, policies, random, attempter } = options;
    const limits = limitsOf(options.limits);
    this.#options = options;
    this.#owners = options.owners ?? SOLE_OWNER;
    this.#limiter = new ConcurrencyLimiter(limits, (lane) => this.#engine.enqueue(lane));
    this.#buffer = new JobBuffer(limits);
    this.#timers = new LaneTimers(
      clock,
      (endpointId) => this.#ring(endpointId),
      (ms) => this.#clockSetBack(ms),
    );
    const engine = this.#buildEngine();
    this.#engine = engine;
    this.#lanes = new Lanes(policies, random, engine);
    this.#pages = new PageLoader(engine);
    this.#loop = new RunLoop({ engine, limiter: this.#limiter, attempter, owners: this.#owners, random });
  }

  /** Changes the limits on attempts in flight. Missing ones follow from `concurrency`. */
  limit(limits: Partial<DispatchLimits>): void {
    this.#limiter.limit(limitsOf(limits));
    this.#loop.pump();
  }

  get load(): DispatcherLoad {
    const oldestDue = this.#lanes.oldestReady(this.#options.clock.now());
    const { inFlight } = this.#limiter;
    return { inFlight, lanes: this.#lanes.size, queuedBytes: this.#buffer.queuedBytes, oldestDue };
  }

  /** State of an endpoint; `null`: unknown, because it has had no deliveries recently. */
  inspect(endpointId: number): LaneView | null {
    const control = this.#lanes.controlOf(endpointId);
    if (control === null) return null;
    const lane = this.#lanes.get(endpointId);
    return { ...control.view(), inFlight: lane?.jobs.inFlight ?? 0, queued: lane?.queued ?? 0 };
  }

  /**
   * Finds the jobs that an earlier run, or the previous owner of a lane, left unfinished. Until that scan completes, the store may hold older
   * jobs of a new lane than those that are handed over to it. @param ready Awaited before the first of them can start.
   */
  async start(ready: Promise<unknown> = Promise.resolve()): Promise<void> {
    const scan = ++this.#scans;
    this.#lanes.takenOver(this.#options.clock.now());
    await ready;
    for (const { endpointId, due } of await this.#options.store.backlog()) {
      if (this.#owners.owns(endpointId)) this.#timers.noteDue(this.#lanes.getOrMake(endpointId), due);
    }
    this.#scanned = Math.max(this.#scanned, scan);
  }

  /**
   * Releases the lanes of endpoints that this node no longer owns: starts no more attempts and drops the queued jobs. `left`: the endpoints
   * that had jobs. `ended` resolves when none of them has an attempt in flight or an outcome waiting to be stored.
   */
  leave(isGone: (endpointId: number) => boolean): { readonly left: readonly number[]; readonly ended: Promise<void> } {
    const lanes = this.#lanes.remove(isGone);
    for (const lane of lanes) {
      lane.retire();
      this.#timers.forget(lane);
      this.#buffer.spill(lane);
    }
    const left = lanes.filter((lane) => lane.hasMoreInStore || lane.jobs.size > 0).map(({ endpointId }) => endpointId);
    return { left, ended: Promise.all(this.#loop.inFlightOf(isGone)).then(() => undefined) };
  }

  /** Number of attempts to these endpoints that are in flight or waiting to be stored. */
  inFlightOf(isOne: (endpointId: number) => boolean): number {
    return this.#loop.inFlightOf(isOne).length;
  }

  /** Continues after `owners` granted no lease for a while. */
  resume(): void {
    for (const lane of this.#lanes.all()) this.#engine.enqueue(lane);
    this.#loop.pump();
  }

  /** Wakes every lane, after notifications may have been missed. Queued jobs are dropped, since they may have been canceled. */
  wakeAll(): void {
    for (const lane of this.#lanes.all()) {
      this.#buffer.spill(lane);
      this.wake(lane.endpointId);
    }
  }

  /**
   * Scans the store again, as `start` does. For a write that failed with an unknown outcome: it may have stored jobs without a hand-off.
   * Repeats until the store responds.
   */
  rescan(): void {
    if (!this.#engine.isRunning) return;
    this.#cancelRescan ??= this.#options.clock.setTimer(RESCAN_MS, () => void this.#rescan());
  }

  /** Takes over jobs that were just stored, without reading them from the store. */
  push(jobs: readonly Job[]): void {
    const now = this.#options.clock.now();
    for (const job of jobs) {
      // A page already contained it: it is or was in memory, or was left in the store.
      if (this.#buffer.handOffs.take(job)) continue;
      const isKnown = this.#scanned === this.#scans || this.#lanes.get(job.endpointId) !== undefined;
      const lane = this.#lanes.getOrMake(job.endpointId);
      if (!isKnown) lane.noteMoreInStore();
      if (job.due > now && job.immediate !== true) {
        this.#timers.noteDue(lane, job.due);
      } else if (!this.#takeOver(lane, job)) {
        this.#checkStore(lane, { due: job.due, messageId: job.messageId - 1 });
      }
    }
    this.#loop.pump();
  }

  /**
   * Looks for jobs that another node stored.
   * @param from None of them is due before this time, in Unix milliseconds; `null`: unknown.
   */
  look(endpointIds: readonly number[], from: number | null): void {
    const place = from === null ? EVERYWHERE : { due: from - 1, messageId: Number.MAX_SAFE_INTEGER };
    const owned = endpointIds.filter((endpointId) => this.#owners.owns(endpointId));
    for (const endpointId of owned) this.#checkStore(this.#lanes.getOrMake(endpointId), place);
  }

  /** Looks for jobs of an endpoint, after deliveries were made due or the endpoint was enabled or changed. */
  wake(endpointId: number): void {
    if (!this.#owners.owns(endpointId)) return;
    const lane = this.#lanes.getOrMake(endpointId);
    lane.wake();
    this.#checkStore(lane);
  }

  /** Wakes an endpoint and makes the next attempt now, even if its circuit is open or it asked to wait. */
  tryNow(endpointId: number): void {
    this.#lanes.controlOf(endpointId)?.tryNow(this.#options.clock.now());
    this.wake(endpointId);
  }

  /** Drops queued jobs whose deliveries were canceled. Attempts in flight are not interrupted. */
  revoke(deliveries: readonly { readonly messageId: number; readonly endpointId: number }[]): void {
    for (const { messageId, endpointId } of deliveries) {
      const lane = this.#lanes.get(endpointId);
      lane?.revoke(messageId);
      // Other jobs may have waited for it.
      if (lane !== undefined && lane.order !== null) this.#checkStore(lane);
    }
  }

  /**
   * Starts no more attempts, gives those in flight up to `graceMs` to finish, then aborts them. An aborted attempt does
   * not count, and its delivery stays pending. A delivery whose outcome cannot be stored because the store is
   * unavailable also stays pending.
   */
  async stop(graceMs: number): Promise<void> {
    if (!this.#engine.isRunning) return;
    this.#engine.isRunning = false;
    this.#timers.stop();
    this.#pages.release();
    this.#cancelRescan?.();
    await this.#loop.settledWithin(graceMs);
    this.#loop.abort();
    await this.#loop.settledWithin(STORE_GRACE_MS);
    this.#lanes.clear();
    this.#limiter.clear();
  }

  async #rescan(): Promise<void> {
    this.#cancelRescan = null;
    try {
      await this.start();
    } catch (error) {
      this.#engine.readFailed(error);
      this.rescan();
    }
  }

  #buildEngine(): Engine {
    const { store, clock, observer } = this.#options;
    const engine: Engine = {
      store,
      clock,
      observer,
      buffer: this.#buffer,
      timers: this.#timers,
      isRunning: true,
      isReady: (lane) => this.#lanes.isReady(lane),
      checkStore: (lane, from) => this.#checkStore(lane, from),
      loadPage: (lane) => this.#pages.load(lane),
      suspend: (lane, until) => this.#suspend(lane, until),
      enqueue: (lane) => {
        if (lane.isRetired || lane.jobs.ready === 0) return;
        if (engine.isRunning && this.#lanes.isReady(lane)) this.#limiter.enqueue(lane);
      },
      pump: () => this.#loop.pump(),
      readFailed: (error) => {
        if (engine.isRunning) observer?.fault?.("page", error);
      },
      dropIfIdle: (lane) => {
        if (lane.isIdle && this.#lanes.drop(lane)) this.#timers.forget(lane);
      },
    };
    return engine;
  }

  /** Takes a job that was just stored into memory. Returns whether there was room for it. */
  #takeOver(lane: Lane, job: Job): boolean {
    if (!this.#lanes.isReady(lane) || !this.#buffer.hasRoom(lane, job)) return false;
    if ((lane.order !== null && this.#mayHaveEarlier(lane)) || !this.#buffer.put(lane, job)) return false;
    this.#engine.enqueue(lane);
    return true;
  }

  /** Whether the store may have a job that is due before the one that was just stored, but was not handed over. */
  #mayHaveEarlier({ nextDue }: Lane): boolean {
    // The timer fires late when the clock was set forwards, or the machine slept.
    return !this.#owners.alone || (nextDue !== null && nextDue <= this.#options.clock.now());
  }

  /** Called when the timer of a lane fires. */
  #ring(endpointId: number): void {
    const lane = this.#lanes.getOrMake(endpointId);
    const { dueFrom, unblocks } = lane.ring(this.#options.clock.now());
    this.#timers.arm(lane);
    if (dueFrom !== null || unblocks || lane.hasMoreInStore) this.#checkStore(lane, dueFrom ?? NOWHERE);
    else this.#engine.enqueue(lane);
    this.#loop.pump();
  }

  /** Adjusts rates, pauses and open circuits, which would otherwise end later by as much as the clock was set back. */
  #clockSetBack(ms: number): void {
    this.#lanes.clockSetBack(ms, this.#options.clock.now());
    for (const lane of this.#lanes.all()) this.#timers.arm(lane);
  }

  #checkStore(lane: Lane, from?: Position): void {
    this.#pages.checkStore(lane, from);
    this.#engine.enqueue(lane);
    this.#loop.pump();
  }

  #suspend(lane: Lane, until: number): void {
    this.#buffer.spill(lane);
    if (until !== Number.POSITIVE_INFINITY) this.#timers.resumeAt(lane, until);
  }
}
