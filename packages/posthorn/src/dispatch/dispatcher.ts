/**
 * Hands jobs to the attempter, fairly and within bounds, and sees each to its end.
 *
 * The rows in the store are the truth. What the dispatcher has in memory are hints that it can lose at any time: a job that does
 * not fit, or whose endpoint is off or left alone, is dropped here and found again in the store. So memory is bounded for each
 * endpoint and in all, and a crash forgets nothing.
 *
 *     running → stopping (no new attempts; those in flight end) → stopped
 */
import { Agenda } from "./agenda.ts";
import { type Engine, EVERYWHERE, NOWHERE } from "./engine.ts";
import { Flights } from "./flights.ts";
import type { Lane, LaneView } from "./lane.ts";
import { type DispatcherLoad, Lanes } from "./lanes.ts";
import { Paging } from "./page-loader.ts";
import type { LanePolicies } from "./policy.ts";
import { LAST_WORDS_MS } from "./recorder.ts";
import { Readiness } from "./policy-refresh.ts";
import { Shelf } from "./job-buffer.ts";
import { Slots } from "./concurrency-limiter.ts";
import { Turns } from "./run-loop.ts";
import {
  type Attempter,
  type Clock,
  type DispatchLimits,
  type DispatchObserver,
  type Job,
  type JobStore,
  type LaneOwners,
  limitsOf,
  type Position,
  SOLE_OWNER,
} from "./types.ts";

export interface DispatcherOptions {
  readonly store: JobStore;
  readonly attempter: Attempter;
  readonly clock: Clock;
  /** A number from 0 to below 1, as `Math.random`. */
  readonly random: () => number;
  /** How each endpoint is delivered to. */
  readonly policies: LanePolicies;
  readonly limits?: Partial<DispatchLimits>;
  readonly observer?: DispatchObserver;
  /** Which lanes are here; all of them unless given. */
  readonly owners?: LaneOwners;
}

/** From a write that failed in doubt to the look at the store: writes that fail together are looked after together. */
const RESCAN_MS = 2000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #owners: LaneOwners;
  readonly #lanes: Lanes;
  readonly #slots: Slots;
  readonly #shelf: Shelf;
  readonly #agenda: Agenda;
  readonly #readiness: Readiness;
  readonly #paging: Paging;
  readonly #flights: Flights;
  readonly #turns: Turns;
  /** Takes back the look at the store that is to come; `null`: none is. */
  #cancelRescan: (() => void) | null = null;
  /** Searches for what is left to do: how many were begun, and the last that came to its end. */
  #searches = 0;
  #searched = 0;
  #state: "running" | "stopping" | "stopped" = "running";

  constructor(options: DispatcherOptions) {
    const { clock, policies, random, attempter } = options;
    const limits = limitsOf(options.limits);
    this.#options = options;
    this.#owners = options.owners ?? SOLE_OWNER;
    this.#lanes = new Lanes(policies, random);
    this.#slots = new Slots(limits, (lane) => this.#join(lane));
    this.#shelf = new Shelf(limits);
    this.#agenda = new Agenda(
      clock,
      (endpointId) => this.#ring(endpointId),
      (ms) => this.#clockSetBack(ms),
    );
    const engine = this.#engine();
    this.#readiness = new Readiness(this.#lanes, engine);
    this.#paging = new Paging(engine);
    this.#flights = new Flights({ engine, slots: this.#slots, attempter, owners: this.#owners, random });
    this.#turns = new Turns({ engine, slots: this.#slots, flights: this.#flights, owners: this.#owners });
  }

  get load(): DispatcherLoad {
    const oldestDue = this.#lanes.oldestReady(this.#options.clock.now());
    return { inFlight: this.#slots.inFlight, lanes: this.#lanes.size, queuedBytes: this.#shelf.queuedBytes, oldestDue };
  }

  /** What is known of an endpoint; `null`: nothing, since it has and had nothing to do lately. */
  inspect(endpointId: number): LaneView | null {
    const pace = this.#lanes.paceOf(endpointId);
    if (pace === null) return null;
    const lane = this.#lanes.get(endpointId);
    return { ...pace.view(), inFlight: lane?.inFlight ?? 0, queued: lane?.queued ?? 0 };
  }

  /**
   * Finds what an earlier run, or the node that had a lane before, left to do. Until it has, a lane that is new may have older jobs than
   * those that are handed over to it.
   *
   * @param ready Waited for before the first of them can start.
   */
  async start(ready: Promise<unknown> = Promise.resolve()): Promise<void> {
    const search = ++this.#searches;
    this.#lanes.takenOver(this.#options.clock.now());
    await ready;
    for (const { endpointId, due } of await this.#options.store.backlog()) {
      if (this.#owners.owns(endpointId)) this.#agenda.noteStored(this.#lanes.getOrMake(endpointId), due);
    }
    this.#searched = Math.max(this.#searched, search);
  }

  /**
   * Gives up the lanes of these endpoints, which nobody owns here any more: begins nothing, and forgets what waits. `left` had something
   * to do; `ended` resolves when nothing of any of them is under way nor on its way to disk.
   */
  leave(isGone: (endpointId: number) => boolean): { readonly left: readonly number[]; readonly ended: Promise<void> } {
    const lanes = this.#lanes.remove(isGone);
    for (const lane of lanes) {
      lane.gone = true;
      this.#agenda.forget(lane);
      this.#shelf.spill(lane);
    }
    const left = lanes.filter((lane) => lane.spilled || lane.inMemory > 0).map(({ endpointId }) => endpointId);
    return { left, ended: Promise.all(this.#flights.of(isGone)).then(() => undefined) };
  }

  /** Attempts to these endpoints that are under way or on their way to disk. */
  inFlightOf(isOne: (endpointId: number) => boolean): number {
    return this.#flights.of(isOne).length;
  }

  /** Attempts may begin again that `owners` did not let begin. */
  goOn(): void {
    for (const lane of this.#lanes.all()) this.#join(lane);
    this.#turns.pump();
  }

  /** Wakes every lane: what was told meanwhile was not heard, and what waits in memory may have been canceled. */
  wakeAll(): void {
    for (const lane of this.#lanes.all()) {
      this.#shelf.spill(lane);
      this.wake(lane.endpointId);
    }
  }

  /**
   * As `start`, while it runs: a write failed that may have been made all the same, so there may be jobs that nobody was told of.
   * Tries until the store answers.
   */
  rescan(): void {
    if (this.#state !== "running") return;
    this.#cancelRescan ??= this.#options.clock.setTimer(RESCAN_MS, () => void this.#rescan());
  }

  /** Takes over jobs that were just stored, without a look at the store. */
  push(jobs: readonly Job[]): void {
    const now = this.#options.clock.now();
    for (const job of jobs) {
      if (this.#paging.hasShown(job)) continue;
      const isKnown = this.#searched === this.#searches || this.#lanes.get(job.endpointId) !== undefined;
      const lane = this.#lanes.getOrMake(job.endpointId);
      lane.spilled ||= !isKnown;
      if (job.due > now && job.immediate !== true) {
        this.#agenda.noteStored(lane, job.due);
      } else if (!this.#takeOver(lane, job)) {
        this.#lookAt(lane, { due: job.due, messageId: job.messageId - 1 });
      }
    }
    this.#turns.pump();
  }

  /** Looks at the store for jobs that were stored by another node. @param from None is due before, Unix milliseconds; `null`: who knows. */
  look(endpointIds: readonly number[], from: number | null): void {
    const place = from === null ? EVERYWHERE : { due: from - 1, messageId: Number.MAX_SAFE_INTEGER };
    for (const endpointId of endpointIds)
      if (this.#owners.owns(endpointId)) this.#lookAt(this.#lanes.getOrMake(endpointId), place);
  }

  /** Looks at the store for jobs of an endpoint: they were made due, or the endpoint was switched on or changed. */
  wake(endpointId: number): void {
    if (!this.#owners.owns(endpointId)) return;
    const lane = this.#lanes.getOrMake(endpointId);
    lane.held = false;
    lane.pausedUntil = 0;
    lane.wakes++;
    lane.stale = true;
    this.#lookAt(lane);
  }

  /** As `wake`, and does not wait any longer to see whether an endpoint that failed, or asked to be left alone, is back. */
  tryNow(endpointId: number): void {
    this.#lanes.paceOf(endpointId)?.tryNow(this.#options.clock.now());
    this.wake(endpointId);
  }

  /** Forgets jobs that wait in memory: their deliveries were canceled. Those under way end as they end. */
  revoke(deliveries: readonly { readonly messageId: number; readonly endpointId: number }[]): void {
    for (const { messageId, endpointId } of deliveries) {
      const lane = this.#lanes.get(endpointId);
      lane?.revoke(messageId);
      // Others may have waited for it.
      if (lane !== undefined && lane.line !== null) this.#lookAt(lane);
    }
  }

  /**
   * Stops: starts no attempt, lets those in flight end for up to `graceMs`, then breaks them off. What was broken off counts as
   * not attempted and stays pending in the store, and so does what a store that is away cannot be told any more.
   */
  async stop(graceMs: number): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "stopping";
    this.#agenda.stop();
    this.#paging.release();
    this.#cancelRescan?.();
    await this.#settledWithin(graceMs);
    this.#flights.abort();
    await this.#settledWithin(LAST_WORDS_MS);
    this.#state = "stopped";
    this.#lanes.clear();
    this.#slots.clear();
  }

  async #rescan(): Promise<void> {
    this.#cancelRescan = null;
    try {
      await this.start();
    } catch (error) {
      this.#options.observer?.trouble?.("page", error);
      this.rescan();
    }
  }

  async #settledWithin(ms: number): Promise<void> {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.setTimer(ms, resolve);
    await Promise.race([this.#flights.settled(), over]).finally(cancel);
  }

  #engine(): Engine {
    const { store, clock, observer } = this.#options;
    return {
      store,
      clock,
      observer,
      shelf: this.#shelf,
      agenda: this.#agenda,
      isRunning: () => this.#state === "running",
      isReady: (lane) => this.#readiness.isReady(lane),
      lookAt: (lane, from) => this.#lookAt(lane, from),
      page: (lane) => this.#paging.page(lane),
      setAside: (lane, until) => this.#setAside(lane, until),
      join: (lane) => this.#join(lane),
      pump: () => this.#turns.pump(),
      dropIfIdle: (lane) => this.#dropIfIdle(lane),
    };
  }

  /** Puts a job that was just stored in memory. Returns whether there was room for it. */
  #takeOver(lane: Lane, job: Job): boolean {
    if (!this.#readiness.isReady(lane) || !this.#shelf.hasRoom(lane, job)) return false;
    if ((lane.line !== null && this.#mayBePassed(lane)) || !this.#shelf.put(lane, job)) return false;
    this.#join(lane);
    return true;
  }

  /** Whether there can be a job in the store that was due before the one that was just stored, and that nobody has told of. */
  #mayBePassed({ nextDue }: Lane): boolean {
    // The alarm rings late when the clock was set forwards, or the machine slept.
    return !this.#owners.alone || (nextDue !== null && nextDue <= this.#options.clock.now());
  }

  /** The time came at which a lane had something to do. */
  #ring(endpointId: number): void {
    const lane = this.#lanes.getOrMake(endpointId);
    const now = this.#options.clock.now();
    const from = { due: (lane.nextDue ?? now) - 1, messageId: Number.MAX_SAFE_INTEGER };
    const isDue = lane.nextDue !== null && lane.nextDue <= now;
    if (isDue) lane.nextDue = null;
    const passes = lane.line?.passBy(now) === true;
    if (lane.resumeAt !== null && lane.resumeAt <= now) lane.resumeAt = null;
    this.#agenda.arm(lane);
    if (isDue || passes || lane.spilled) this.#lookAt(lane, isDue ? from : NOWHERE);
    else this.#join(lane);
    this.#turns.pump();
  }

  /** Rates, pauses and open circuits last for a length of time. Without this they would end later by as much as the clock was set back. */
  #clockSetBack(ms: number): void {
    this.#lanes.clockSetBack(ms, this.#options.clock.now());
    for (const lane of this.#lanes.all()) this.#agenda.arm(lane);
  }

  #lookAt(lane: Lane, from?: Position): void {
    this.#paging.lookAt(lane, from);
    this.#join(lane);
    this.#turns.pump();
  }

  #join(lane: Lane): void {
    if (lane.gone) return;
    if (lane.ready > 0 && this.#state === "running" && this.#readiness.isReady(lane)) this.#slots.join(lane);
  }

  #setAside(lane: Lane, until: number): void {
    this.#shelf.spill(lane);
    if (until !== Number.POSITIVE_INFINITY) this.#agenda.resumeAt(lane, until);
  }

  #dropIfIdle(lane: Lane): void {
    if (lane.idle && this.#lanes.drop(lane)) this.#agenda.forget(lane);
  }
}
