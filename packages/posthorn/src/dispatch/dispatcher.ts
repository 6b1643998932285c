/**
 * Hands jobs to the attempter, fairly and within bounds, and sees each to its end.
 *
 * The rows in the store are the truth. What the dispatcher has in memory are hints that it can lose at any time: a job that does
 * not fit, or whose endpoint is off or left alone, is dropped here and found again in the store. So memory is bounded for each
 * endpoint and in all, and a crash forgets nothing.
 *
 *     running → stopping (no new attempts; those in flight end) → stopped
 */
import { Alarm } from "./alarm.ts";
import { bytesOf, isRetry, type Lane, type LaneView } from "./lane.ts";
import { type DispatcherLoad, Lanes } from "./lanes.ts";
import { attempt, type Flight, Flights, judge } from "./flight.ts";
import { type AskedPage, Pager } from "./pager.ts";
import type { LanePolicies } from "./policy.ts";
import { FIRST_PAUSE_MS, Recorder } from "./recorder.ts";
import { Line } from "./order.ts";
import { outcomeOf } from "./outcome.ts";
import { Slots } from "./slots.ts";
import {
  type Attempter,
  type AttemptResult,
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

/** Outcomes of one lane that may wait for the disk; more and the lane makes no further attempts. */
const MAX_RECORDING = 512;
/** Outcomes that may wait for the disk in all. */
const MAX_RECORDING_IN_ALL = 4096;
/** From a write that failed in doubt to the look at the store: writes that fail together are looked after together. */
const RESCAN_MS = 2000;

/** Places in the store: before and behind everything. */
const EVERYWHERE: Position = { due: -1, messageId: -1 };
const NOWHERE: Position = { due: Number.MAX_SAFE_INTEGER, messageId: Number.MAX_SAFE_INTEGER };

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #limits: DispatchLimits;
  readonly #lanes: Lanes;
  readonly #slots: Slots;
  readonly #alarm: Alarm;
  readonly #pager: Pager;
  readonly #recorder: Recorder;
  readonly #owners: LaneOwners;
  readonly #abort = new AbortController();
  readonly #flights = new Flights();
  /** Takes back the look at the store that is to come; `null`: none is. */
  #cancelRescan: (() => void) | null = null;
  /** Searches for what is left to do: how many were begun, and the last that came to its end. */
  #searches = 0;
  #searched = 0;
  #queuedBytes = 0;
  #state: "running" | "stopping" | "stopped" = "running";

  constructor(options: DispatcherOptions) {
    const { store, clock, observer, policies, random } = options;
    this.#options = options;
    this.#limits = limitsOf(options.limits);
    this.#owners = options.owners ?? SOLE_OWNER;
    this.#lanes = new Lanes(policies, random);
    this.#slots = new Slots(this.#limits, (lane) => this.#join(lane));
    this.#alarm = new Alarm(clock, (endpointId) => this.#ring(endpointId));
    this.#recorder = new Recorder({ store, clock, observer, signal: this.#abort.signal });
    this.#pager = new Pager({
      ask: (lane) => this.#askForPage(lane),
      take: (lane, page) => this.#takePage(lane, page),
      trouble: (lane, error) => {
        lane.line?.pageFailed();
        observer?.trouble?.("page", error);
        this.#pause(lane, FIRST_PAUSE_MS);
      },
    });
  }

  get load(): DispatcherLoad {
    const oldestDue = this.#lanes.oldestReady(this.#now());
    return { inFlight: this.#slots.inFlight, lanes: this.#lanes.size, queuedBytes: this.#queuedBytes, oldestDue };
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
    await ready;
    for (const { endpointId, due } of await this.#options.store.backlog()) {
      if (this.#owners.owns(endpointId)) this.#noteStored(this.#lanes.getOrMake(endpointId), due);
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
      this.#alarm.clear(lane.endpointId);
      this.#spill(lane);
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
    this.#pump();
  }

  /** Wakes every lane: what was told meanwhile was not heard. */
  wakeAll(): void {
    for (const { endpointId } of this.#lanes.all()) this.wake(endpointId);
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
    const now = this.#now();
    for (const job of jobs) {
      const isKnown = this.#searched === this.#searches || this.#lanes.get(job.endpointId) !== undefined;
      const lane = this.#lanes.getOrMake(job.endpointId);
      lane.spilled ||= !isKnown;
      if (job.due > now) {
        this.#noteStored(lane, job.due);
      } else if (!this.#isReady(lane) || !this.#hasRoom(lane, job) || !this.#enqueue(lane, job)) {
        this.#lookAt(lane, { due: job.due, messageId: job.messageId - 1 });
      }
    }
    this.#pump();
  }

  /** Looks at the store for jobs that were stored by another node. */
  look(endpointIds: readonly number[]): void {
    for (const endpointId of endpointIds)
      if (this.#owners.owns(endpointId)) this.#lookAt(this.#lanes.getOrMake(endpointId));
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
    this.#lanes.paceOf(endpointId)?.tryNow(this.#now());
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
   * not attempted and stays pending in the store.
   */
  async stop(graceMs: number): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "stopping";
    this.#alarm.stop();
    this.#cancelRescan?.();
    const { promise: graceOver, resolve: endGrace } = Promise.withResolvers<void>();
    const cancelTimer = this.#options.clock.setTimer(graceMs, endGrace);
    await Promise.race([this.#flights.settled(), graceOver]);
    cancelTimer();
    this.#abort.abort();
    this.#pager.release();
    await this.#flights.settled();
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

  #now(): number {
    return this.#options.clock.now();
  }

  /**
   * Whether the policy of the lane is known; when it must be waited for, the lane is looked at once it is. One that is known already
   * holds until a newer one has been read, unless the lane was woken since.
   */
  #isReady(lane: Lane): boolean {
    if (!lane.awaitsPolicy) {
      const asked = this.#lanes.refresh(lane, () => this.#now());
      if (asked === null) return this.#settlePolicy(lane);
      lane.awaitsPolicy = true;
      void this.#awaitPolicy(lane, asked, lane.wakes);
    }
    return lane.pace !== null && !lane.stale;
  }

  #settlePolicy(lane: Lane): true {
    lane.stale = false;
    this.#settleOrder(lane);
    return true;
  }

  /** Follows a policy that begins or ends an order. Deliveries in memory are found again in the store. */
  #settleOrder(lane: Lane): void {
    const { order } = lane.pace!.policy;
    if ((order === null) === (lane.line === null)) return;
    if (lane.inMemory > 0) lane.spilled = true;
    this.#spill(lane);
    lane.line = order === null ? null : new Line();
  }

  async #awaitPolicy(lane: Lane, asked: Promise<boolean>, wakes: number): Promise<void> {
    try {
      const isNew = await asked;
      lane.awaitsPolicy = false;
      // Woken meanwhile: it may have changed after it was read.
      if (lane.wakes === wakes) lane.stale = false;
      this.#settleOrder(lane);
      // It may let go what the one before held.
      if (isNew || lane.stale) this.#lookAt(lane);
      else if (lane.spilled) this.#page(lane);
    } catch (error) {
      lane.awaitsPolicy = false;
      this.#options.observer?.trouble?.("page", error);
      lane.spilled = true;
      this.#pause(lane, FIRST_PAUSE_MS);
    }
  }

  /** The time came at which a lane had something to do. */
  #ring(endpointId: number): void {
    const lane = this.#lanes.getOrMake(endpointId);
    const now = this.#now();
    const from = { due: (lane.nextDue ?? now) - 1, messageId: Number.MAX_SAFE_INTEGER };
    const isDue = lane.nextDue !== null && lane.nextDue <= now;
    if (isDue) lane.nextDue = null;
    const passes = lane.line?.passBy(now) === true;
    if (lane.resumeAt !== null && lane.resumeAt <= now) lane.resumeAt = null;
    this.#arm(lane);
    if (isDue || passes || lane.spilled) this.#lookAt(lane, isDue ? from : NOWHERE);
    else this.#join(lane);
    this.#pump();
  }

  /** There is, or may be, a job in the store that the lane does not know of. */
  #lookAt(lane: Lane, from: Position = EVERYWHERE): void {
    if (lane.gone) return;
    lane.spilled = true;
    lane.line?.rewind(from);
    if (lane.paging) lane.pageAgain = true;
    else this.#page(lane);
    this.#join(lane);
    this.#pump();
  }

  #hasRoom(lane: Lane, job: Job): boolean {
    // Once some of a lane's jobs are only in the store, later ones wait behind them there.
    if (lane.held || lane.spilled || lane.paging || !lane.pace!.isClosed) return false;
    if (lane.line !== null && !lane.isWhole && !lane.line.follows(job)) return false;
    return lane.queued < this.#limits.laneJobs && this.#queuedBytes < this.#limits.queueBytes;
  }

  /** Returns whether it is in memory now. */
  #enqueue(lane: Lane, job: Job): boolean {
    if (!lane.enqueue(job)) return false;
    this.#queuedBytes += bytesOf(job);
    this.#join(lane);
    return true;
  }

  /** A job has left memory, and its key is free: the next one may start. */
  #free(lane: Lane, job: Job): void {
    lane.forget(job);
    const next = lane.line?.free(job) ?? false;
    if (next === true) lane.spilled = true;
    else if (next !== false) lane.ripen(next);
  }

  /** A job failed: those behind it wait for its retry. */
  #block(lane: Lane, job: Job, passAt: number | null): void {
    const { waiting, again } = lane.block(job, passAt);
    for (const left of waiting) this.#queuedBytes -= bytesOf(left);
    if (passAt !== null) this.#arm(lane);
    if (again) this.#lookAt(lane, NOWHERE);
  }

  #join(lane: Lane): void {
    if (lane.gone) return;
    if (lane.ready > 0 && this.#state === "running" && this.#isReady(lane)) this.#slots.join(lane);
  }

  #noteStored(lane: Lane, due: number): void {
    lane.noteStored(due);
    this.#arm(lane);
  }

  #arm(lane: Lane): void {
    const at = lane.alarmAt;
    if (at !== null && this.#state === "running" && !lane.gone) this.#alarm.set(lane.endpointId, at);
  }

  /** Starts attempts, one lane after the other, as long as there is room for more in flight. */
  #pump(): void {
    if (this.#state !== "running") return;
    while (this.#mayStart()) {
      const lane = this.#slots.next();
      if (lane === undefined) return;
      if (this.#step(lane)) this.#join(lane);
      else this.#slots.passOn(lane);
      if (lane.spilled && lane.queued * 2 < this.#limits.laneJobs) this.#page(lane);
    }
  }

  #mayStart(): boolean {
    return (
      this.#slots.isFree && !this.#recorder.isStuck && this.#flights.size - this.#slots.inFlight < MAX_RECORDING_IN_ALL
    );
  }

  /** Starts the next job of a lane, or sees to it that the lane comes back when it can. Returns whether it started one. */
  #step(lane: Lane): boolean {
    const now = this.#now();
    const pace = lane.pace!;
    if (lane.held || lane.gone || lane.ready === 0 || lane.isPaused(this.#now())) return false;
    const heldUntil = pace.heldUntil(now);
    if (heldUntil > now) {
      this.#setAside(lane, heldUntil);
      return false;
    }
    // The end of one of its attempts brings it back.
    if (lane.inFlight >= pace.concurrency || lane.recording >= MAX_RECORDING) return false;
    const readyAt = pace.readyAt(now);
    if (readyAt > now) {
      lane.resumeAt = readyAt;
      this.#arm(lane);
      return false;
    }
    return this.#startNext(lane, now);
  }

  #startNext(lane: Lane, now: number): boolean {
    // `goOn` brings the lane back, or it goes for good.
    const lease = this.#owners.lease(lane.endpointId);
    if (lease === null) return false;
    const claim = this.#slots.claimFor(lane, now);
    if (claim === null) return false;
    const job = this.#takeWanted(lane);
    if (job === undefined) {
      if (lane.ready > 0) this.#slots.waitForRetries(lane);
      this.#dropIfIdle(lane);
      return false;
    }
    const ticket = lane.pace!.started(now);
    lane.started(ticket);
    const flight = { lane, job, ticket, claim: this.#slots.enter(claim, isRetry(job)), lease };
    this.#flights.add(lane, this.#finish(flight), () => this.#afterJob(lane));
    return true;
  }

  /** The next job that was not canceled while it waited. */
  #takeWanted(lane: Lane): Job | undefined {
    for (;;) {
      const job = lane.take(this.#slots.retriesFree);
      if (job === undefined) return undefined;
      this.#queuedBytes -= bytesOf(job);
      if (!lane.isRevoked(job)) return job;
      this.#free(lane, job);
    }
  }

  async #finish(flight: Flight): Promise<void> {
    const { lane, job } = flight;
    const { wakes } = lane;
    const result = await attempt(this.#options, job, this.#abort.signal);
    const full = lane.inFlight >= lane.pace!.concurrency;
    lane.ended(flight.ticket);
    this.#slots.leave(flight.claim);
    if (result === null) {
      lane.forget(job);
      return;
    }
    const heldUntil = judge(flight, result, full, { now: this.#now(), random: this.#options.random });
    if (heldUntil > this.#now()) this.#setAside(lane, heldUntil);
    if (result.kind === "held" || result.kind === "not_now") {
      this.#leave(lane, job, result);
      // Woken since the attempt began: what it saw of the endpoint is out of date.
      if (result.kind === "held" && lane.wakes !== wakes) lane.held = false;
      return;
    }
    this.#join(lane);
    this.#pump();
    const { lease } = flight;
    const context = { policy: lane.pace!.policy, now: this.#now(), random: this.#options.random };
    const outcome = { ...outcomeOf(job, result, context), ...(lease === undefined ? {} : { lease }) };
    const recorded = await this.#recorder.record(outcome);
    // A page that was asked for before may still show the job as due: it stays known until that page was taken.
    await lane.pageTaken();
    const passAt = outcome.passAt ?? null;
    const blocks = outcome.state === 0 && (passAt === null || passAt > this.#now());
    const isRevoked = lane.isRevoked(job);
    if (blocks || !recorded) this.#block(lane, job, passAt);
    else this.#free(lane, job);
    if (!recorded) return;
    // Canceled while it was under way: those behind it do not wait for a retry that will not be made.
    if (isRevoked) this.#lookAt(lane);
    if (outcome.due !== null) this.#noteStored(lane, outcome.due);
    // An attempt by hand that failed gave way to a retry by schedule, whose time only the store knows: it can be long past.
    if (outcome.trigger === 1 && outcome.state === 2) this.#lookAt(lane);
    this.#options.observer?.recorded?.(outcome);
  }

  /** No attempt was used up: the job goes back to the store, and its lane waits. */
  #leave(lane: Lane, job: Job, result: Extract<AttemptResult, { kind: "held" | "not_now" }>): void {
    this.#spill(lane);
    this.#free(lane, job);
    lane.spilled = true;
    if (result.kind === "held") lane.held = true;
    else this.#pause(lane, result.pauseMs);
  }

  #spill(lane: Lane): void {
    for (const spilled of lane.spillAll()) this.#queuedBytes -= bytesOf(spilled);
  }

  /** The endpoint is left alone for now: nothing of it stays in memory. */
  #setAside(lane: Lane, until: number): void {
    this.#spill(lane);
    if (until === Number.POSITIVE_INFINITY) return;
    lane.resumeAt = until;
    this.#arm(lane);
  }

  #pause(lane: Lane, ms: number): void {
    lane.pausedUntil = this.#now() + ms;
    this.#noteStored(lane, lane.pausedUntil);
  }

  #afterJob(lane: Lane): void {
    if (this.#state !== "running") return;
    if (lane.spilled) this.#page(lane);
    this.#dropIfIdle(lane);
    this.#join(lane);
    this.#pump();
  }

  #dropIfIdle(lane: Lane): void {
    if (lane.idle && this.#lanes.drop(lane)) this.#alarm.clear(lane.endpointId);
  }

  /** Fetches due jobs of a lane from the store, into the room it has. */
  #page(lane: Lane): void {
    if (this.#state === "running" && !lane.held && !lane.gone && !lane.paging) this.#pager.request(lane);
  }

  #askForPage(lane: Lane): Promise<AskedPage> | null {
    if (lane.held || lane.gone || this.#state !== "running" || !this.#isReady(lane)) return null;
    const now = this.#now();
    if (lane.isPaused(this.#now())) {
      // The alarm that rang may have been an earlier one than that of the pause.
      this.#noteStored(lane, lane.pausedUntil);
      return null;
    }
    const heldUntil = lane.pace!.heldUntil(now);
    if (heldUntil > now) {
      this.#setAside(lane, heldUntil);
      return null;
    }
    const room = this.#roomOf(lane);
    if (room <= 0) return null;
    const askedIn = lane.line;
    // Rows that are in memory are still due in the store: the page must be long enough to reach behind them.
    return this.#options.store
      .due(lane.endpointId, now, room + lane.inMemory, lane.pageWish())
      .then((page) => ({ ...page, askedAt: now, askedIn }));
  }

  /** Jobs that may be paged in. When memory is short each lane still gets one, so that none stands still. */
  #roomOf(lane: Lane): number {
    const { queueBytes, laneJobs } = this.#limits;
    if (this.#queuedBytes >= queueBytes || !lane.pace!.isClosed) return lane.queued === 0 ? 1 : 0;
    return laneJobs - lane.queued;
  }

  /** A job of a page stays in the store for now. */
  #leaveBehind(lane: Lane, job: Job): void {
    lane.spilled = true;
    lane.line?.rewind({ due: job.due, messageId: job.messageId - 1 });
  }

  /** What a page holds is asked for again when the lane goes on. */
  #dropPage(lane: Lane): void {
    lane.pageAgain = false;
    lane.spilled = true;
    lane.line?.pageFailed();
    this.#page(lane);
  }

  #takePage(lane: Lane, page: AskedPage): void {
    if (lane.gone) return;
    const now = page.askedAt;
    const isStopped = lane.held || lane.isPaused(this.#now()) || lane.pace!.heldUntil(this.#now()) > this.#now();
    // When an order began or ended meanwhile it does not show whose turn it is now, nor what was passed over.
    if (isStopped || page.askedIn !== lane.line) return this.#dropPage(lane);
    // Of a line: a page can be full of jobs whose turn it is not, so that nothing of it brings the lane back.
    const unread = page.line !== undefined && lane.line !== null && lane.line.endPage(page.line);
    lane.spilled = unread || (page.line === undefined && page.nextDue !== null && page.nextDue <= now);
    for (const job of page.deliveries) {
      // Whoever made it due again since has asked for another page.
      if (lane.isOutdated(job)) continue;
      const generation = lane.generationInMemory(job.messageId);
      if (generation === undefined) {
        if (lane.queued < this.#limits.laneJobs && this.#roomOf(lane) > 0) this.#enqueue(lane, job);
        else this.#leaveBehind(lane, job);
      } else if (generation !== job.generation) {
        // Asked for again while it is in flight: it is found once the attempt in flight is recorded.
        this.#leaveBehind(lane, job);
      }
    }
    if (page.nextDue !== null && page.nextDue > now) this.#noteStored(lane, page.nextDue);
    if (typeof page.line?.passAt === "number") this.#arm(lane);
    if (lane.pageAgain) {
      lane.pageAgain = false;
      // A line knows from where on.
      this.#lookAt(lane, NOWHERE);
    }
    if (unread) this.#page(lane);
    this.#join(lane);
    this.#dropIfIdle(lane);
    this.#pump();
  }
}
