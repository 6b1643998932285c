/**
 * Hands jobs to the attempter, fairly and within bounds, and sees each to its end.
 *
 * The rows in the store are the truth. What the dispatcher has in memory are hints that it can lose at any time: a job that does
 * not fit, or whose endpoint is off, is dropped here and found again in the store. So memory is bounded for each endpoint and in
 * all, and a crash forgets nothing.
 *
 *     running → stopping (no new attempts; those in flight end) → stopped
 */
import { Alarm } from "./alarm.ts";
import { Fifo } from "./fifo.ts";
import { bytesOf, Lane } from "./lane.ts";
import { retryDelay } from "./retry.ts";
import {
  type Attempter,
  type AttemptResult,
  type Clock,
  DEFAULT_LIMITS,
  type DispatchLimits,
  type DispatchObserver,
  type Job,
  type JobPage,
  type JobStore,
  type Outcome,
} from "./types.ts";

export interface DispatcherOptions {
  readonly store: JobStore;
  readonly attempter: Attempter;
  readonly clock: Clock;
  /** A number from 0 to below 1, as `Math.random`. */
  readonly random: () => number;
  /** Delays between scheduled attempts, in milliseconds. */
  readonly retrySchedule: readonly number[];
  readonly limits?: Partial<DispatchLimits>;
  readonly observer?: DispatchObserver;
}

/** Outcomes of one lane that may wait for the disk; more and the lane makes no further attempts. */
const MAX_RECORDING = 512;
/** Outcomes that may wait for the disk in all. */
const MAX_RECORDING_IN_ALL = 4096;
/** Pages that are asked for at once; more lanes wait in turn, so that a start does not fill memory nor hold up commits. */
const MAX_PAGES = 16;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #limits: DispatchLimits;
  readonly #lanes = new Map<number, Lane>();
  /** Lanes that may have a job to start, in turn. */
  readonly #round = new Fifo<Lane>();
  readonly #alarm: Alarm;
  readonly #abort = new AbortController();
  /** Every job that has left its queue and whose outcome is not on disk. */
  readonly #unfinished = new Set<Promise<void>>();
  /** Lanes whose page waits for its turn. */
  readonly #pageTurns = new Fifo<Lane>();
  #pages = 0;
  /** Outcomes the store did not take; while there are any it makes no sense to make more. */
  #unrecordable = 0;
  #inFlight = 0;
  #queuedBytes = 0;
  #state: "running" | "stopping" | "stopped" = "running";

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#alarm = new Alarm(options.clock, (endpointId) => this.#ring(endpointId));
  }

  /** Jobs in flight, and lanes in memory. */
  get load(): { readonly inFlight: number; readonly lanes: number; readonly queuedBytes: number } {
    return { inFlight: this.#inFlight, lanes: this.#lanes.size, queuedBytes: this.#queuedBytes };
  }

  /** Finds what an earlier run left to do. */
  async start(): Promise<void> {
    for (const { endpointId, due } of await this.#options.store.backlog()) {
      this.#lane(endpointId).noteStored(due);
      this.#alarm.set(endpointId, due);
    }
  }

  /** Takes over jobs that were just stored, without a look at the store. */
  push(jobs: readonly Job[]): void {
    const now = this.#options.clock.now();
    for (const job of jobs) {
      const lane = this.#lane(job.endpointId);
      if (job.due > now) {
        this.#noteStored(lane, job.due);
      } else if (this.#hasRoom(lane)) {
        this.#enqueue(lane, job);
      } else {
        this.#lookAt(lane);
      }
    }
    this.#pump();
  }

  /** Looks at the store for jobs of an endpoint: they were made due, or the endpoint was switched on or changed. */
  wake(endpointId: number): void {
    const lane = this.#lane(endpointId);
    lane.held = false;
    lane.pausedUntil = 0;
    lane.wakes++;
    this.#lookAt(lane);
  }

  /** Forgets jobs that wait in memory: their deliveries were canceled. Those under way end as they end. */
  revoke(deliveries: readonly { readonly messageId: number; readonly endpointId: number }[]): void {
    for (const { messageId, endpointId } of deliveries) this.#lanes.get(endpointId)?.revoke(messageId);
  }

  /**
   * Stops: starts no attempt, lets those in flight end for up to `graceMs`, then breaks them off. What was broken off counts as
   * not attempted and stays pending in the store.
   */
  async stop(graceMs: number): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "stopping";
    this.#alarm.stop();
    const { promise: graceOver, resolve: endGrace } = Promise.withResolvers<void>();
    const cancelTimer = this.#options.clock.setTimer(graceMs, endGrace);
    await Promise.race([this.#settled(), graceOver]);
    cancelTimer();
    this.#abort.abort();
    await this.#settled();
    this.#state = "stopped";
    this.#lanes.clear();
    this.#round.drain();
  }

  async #settled(): Promise<void> {
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished);
  }

  #lane(endpointId: number): Lane {
    let lane = this.#lanes.get(endpointId);
    if (lane === undefined) {
      lane = new Lane(endpointId);
      this.#lanes.set(endpointId, lane);
    }
    return lane;
  }

  /** The time came at which a lane had something to do. */
  #ring(endpointId: number): void {
    const lane = this.#lane(endpointId);
    lane.nextDue = null;
    this.#lookAt(lane);
  }

  /** There is, or may be, a job in the store that the lane does not know of. */
  #lookAt(lane: Lane): void {
    lane.spilled = true;
    if (lane.paging) lane.pageAgain = true;
    else this.#page(lane);
    if (lane.queued > 0) this.#join(lane);
    this.#pump();
  }

  #hasRoom(lane: Lane): boolean {
    // Once some of a lane's jobs are only in the store, later ones wait behind them there.
    if (lane.held || lane.spilled || lane.paging) return false;
    return lane.queued < this.#limits.laneJobs && this.#queuedBytes < this.#limits.queueBytes;
  }

  #enqueue(lane: Lane, job: Job): void {
    lane.enqueue(job);
    this.#queuedBytes += bytesOf(job);
    this.#join(lane);
  }

  #join(lane: Lane): void {
    if (lane.inRound) return;
    lane.inRound = true;
    this.#round.push(lane);
  }

  #noteStored(lane: Lane, due: number): void {
    lane.noteStored(due);
    if (this.#state === "running") this.#alarm.set(lane.endpointId, lane.nextDue!);
  }

  /** Starts attempts, one lane after the other, as long as there is room for more in flight. */
  #pump(): void {
    if (this.#state !== "running") return;
    let budget = this.#round.length;
    while (budget > 0 && this.#mayStart()) {
      const lane = this.#round.shift()!;
      const job = this.#runnable(lane) ? lane.take() : undefined;
      if (job === undefined) {
        lane.inRound = false;
        budget--;
        continue;
      }
      this.#queuedBytes -= bytesOf(job);
      this.#round.push(lane);
      if (lane.isRevoked(job)) this.#passOver(lane, job);
      else this.#run(lane, job);
      if (lane.spilled && lane.queued * 2 < this.#limits.laneJobs) this.#page(lane);
      budget = this.#round.length;
    }
  }

  /** A pause that ends later than the longest pause is over: the clock was set back meanwhile. */
  #isPaused(lane: Lane): boolean {
    const left = lane.pausedUntil - this.#options.clock.now();
    return left > 0 && left <= MAX_PAUSE_MS;
  }

  #mayStart(): boolean {
    return (
      this.#inFlight < this.#limits.concurrency &&
      this.#unrecordable === 0 &&
      this.#unfinished.size - this.#inFlight < MAX_RECORDING_IN_ALL
    );
  }

  #runnable(lane: Lane): boolean {
    return (
      !lane.held &&
      !this.#isPaused(lane) &&
      lane.inFlight < this.#limits.endpointConcurrency &&
      lane.recording < MAX_RECORDING
    );
  }

  /** A job that was canceled while it waited. */
  #passOver(lane: Lane, job: Job): void {
    lane.forget(job);
    if (lane.idle) this.#drop(lane);
  }

  #run(lane: Lane, job: Job): void {
    lane.inFlight++;
    this.#inFlight++;
    const finished = this.#finish(lane, job).finally(() => {
      this.#unfinished.delete(finished);
      this.#afterJob(lane);
    });
    this.#unfinished.add(finished);
  }

  async #finish(lane: Lane, job: Job): Promise<void> {
    const { wakes } = lane;
    const result = await this.#attempt(job);
    lane.inFlight--;
    this.#inFlight--;
    if (result === null) {
      lane.forget(job);
      return;
    }
    if (result.kind === "held" || result.kind === "not_now") {
      this.#leave(lane, job, result);
      // Woken since the attempt began: what it saw of the endpoint is out of date.
      if (result.kind === "held" && lane.wakes !== wakes) lane.held = false;
      return;
    }
    this.#join(lane);
    this.#pump();
    const outcome = this.#outcomeOf(job, result);
    const recorded = await this.#record(outcome);
    lane.forget(job);
    if (!recorded) return;
    if (outcome.due !== null) this.#noteStored(lane, outcome.due);
    // An attempt by hand that failed gave way to a retry by schedule, whose time only the store knows.
    if (outcome.trigger === 1 && outcome.state === 2) lane.spilled = true;
    this.#options.observer?.recorded?.(outcome);
  }

  /** `null` when the attempt was broken off by the end of the process. */
  async #attempt(job: Job): Promise<AttemptResult | null> {
    try {
      const result = await this.#options.attempter.attempt(job, this.#abort.signal);
      return this.#abort.signal.aborted && result.kind !== "made" ? null : result;
    } catch (error) {
      this.#options.observer?.trouble?.("attempt", error);
      return { kind: "not_now", pauseMs: MAX_PAUSE_MS };
    }
  }

  /** No attempt was used up: the job goes back to the store, and its lane waits. */
  #leave(lane: Lane, job: Job, result: Extract<AttemptResult, { kind: "held" | "not_now" }>): void {
    lane.forget(job);
    for (const spilled of lane.spillAll()) this.#queuedBytes -= bytesOf(spilled);
    lane.spilled = true;
    if (result.kind === "held") lane.held = true;
    else this.#pause(lane, result.pauseMs);
  }

  #pause(lane: Lane, ms: number): void {
    lane.pausedUntil = this.#options.clock.now() + ms;
    this.#noteStored(lane, lane.pausedUntil);
  }

  #outcomeOf(job: Job, result: Extract<AttemptResult, { kind: "made" | "void" }>): Outcome {
    const { messageId, endpointId, generation, trigger } = job;
    const base = { messageId, endpointId, generation, trigger };
    if (result.kind === "void") {
      const cancel = result.reason === undefined ? null : { reason: result.reason, at: this.#options.clock.now() };
      return { ...base, state: 3, due: null, attempts: job.attempts, attempt: null, cancel };
    }
    const { attempt } = result;
    const attempts = trigger === 1 ? job.attempts : job.attempts + 1;
    if (attempt.status === 0) return { ...base, state: 1, due: null, attempts, attempt };
    const last = trigger === 1 || result.final === true;
    const delay = last ? null : retryDelay(this.#options.retrySchedule, attempts, this.#options.random());
    if (delay === null) return { ...base, state: 2, due: null, attempts, attempt };
    return { ...base, state: 0, due: this.#options.clock.now() + delay, attempts, attempt };
  }

  async #record(outcome: Outcome): Promise<boolean> {
    try {
      await this.#options.store.record(outcome);
      return true;
    } catch (error) {
      this.#options.observer?.trouble?.("record", error);
    }
    this.#unrecordable++;
    const recorded = await this.#recordAgain(outcome);
    this.#unrecordable--;
    return recorded;
  }

  /** Tries until the store takes the outcome; gives up only when the process ends. */
  async #recordAgain(outcome: Outcome): Promise<boolean> {
    for (let pause = FIRST_PAUSE_MS; !this.#abort.signal.aborted; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      await this.#sleep(pause);
      try {
        await this.#options.store.record(outcome);
        return true;
      } catch (error) {
        this.#options.observer?.trouble?.("record", error);
      }
    }
    return false;
  }

  /** Ends early when the process does. */
  #sleep(ms: number): Promise<void> {
    const { signal } = this.#abort;
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        cancel();
        signal.removeEventListener("abort", wakeUp);
        resolve();
      };
      const cancel = this.#options.clock.setTimer(ms, wakeUp);
      signal.addEventListener("abort", wakeUp, { once: true });
    });
  }

  #afterJob(lane: Lane): void {
    if (this.#state !== "running") return;
    if (lane.spilled) this.#page(lane);
    if (lane.idle && lane.queued === 0) this.#drop(lane);
    else if (lane.queued > 0) this.#join(lane);
    this.#pump();
  }

  #drop(lane: Lane): void {
    if (this.#lanes.get(lane.endpointId) !== lane) return;
    this.#lanes.delete(lane.endpointId);
    this.#alarm.clear(lane.endpointId);
  }

  /** Fetches due jobs of a lane from the store, into the room it has. */
  #page(lane: Lane): void {
    const now = this.#options.clock.now();
    if (lane.paging || lane.held || this.#state !== "running") return;
    if (this.#isPaused(lane)) {
      // The alarm that rang may have been an earlier one than that of the pause.
      this.#noteStored(lane, lane.pausedUntil);
      return;
    }
    const room = this.#roomOf(lane);
    if (room <= 0) return;
    if (this.#pages >= MAX_PAGES) {
      if (!lane.awaitsPage) this.#pageTurns.push(lane);
      lane.awaitsPage = true;
      return;
    }
    lane.paging = true;
    this.#pages++;
    // Rows that are in memory are still due in the store: the page must be long enough to reach behind them.
    void this.#options.store
      .due(lane.endpointId, now, room + lane.inMemory)
      .then(
        (page) => this.#takePage(lane, page, now),
        (error: unknown) => {
          lane.paging = false;
          this.#options.observer?.trouble?.("page", error);
          this.#pause(lane, FIRST_PAUSE_MS);
        },
      )
      .finally(() => this.#nextPage());
  }

  #nextPage(): void {
    this.#pages--;
    const lane = this.#pageTurns.shift();
    if (lane === undefined) return;
    lane.awaitsPage = false;
    this.#page(lane);
    // It may not want its turn any more: the next one takes it.
    if (!lane.paging && this.#pageTurns.length > 0) {
      this.#pages++;
      this.#nextPage();
    }
  }

  /** Jobs that may be paged in. When memory is short each lane still gets one, so that none stands still. */
  #roomOf(lane: Lane): number {
    if (this.#queuedBytes < this.#limits.queueBytes) return this.#limits.laneJobs - lane.queued;
    return lane.queued === 0 ? 1 : 0;
  }

  #takePage(lane: Lane, page: JobPage, now: number): void {
    lane.paging = false;
    if (lane.held || this.#isPaused(lane)) {
      // Stopped while the page was under way: what it holds is asked for again when the lane goes on.
      lane.pageAgain = false;
      lane.spilled = true;
      if (!lane.held) this.#noteStored(lane, lane.pausedUntil);
      return;
    }
    lane.spilled = page.nextDue !== null && page.nextDue <= now;
    for (const job of page.deliveries) {
      const generation = lane.generationInMemory(job.messageId);
      if (generation === undefined) {
        if (lane.queued < this.#limits.laneJobs && this.#roomOf(lane) > 0) this.#enqueue(lane, job);
        else lane.spilled = true;
      } else if (generation !== job.generation) {
        // Asked for again while it is in flight: it is found once the attempt in flight is recorded.
        lane.spilled = true;
      }
    }
    if (page.nextDue !== null && page.nextDue > now) this.#noteStored(lane, page.nextDue);
    if (lane.pageAgain) {
      lane.pageAgain = false;
      this.#lookAt(lane);
    }
    if (lane.queued > 0) this.#join(lane);
    if (lane.idle) this.#drop(lane);
    this.#pump();
  }
}
