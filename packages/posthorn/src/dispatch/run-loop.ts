/** Starts attempts in fair order within the limits, and handles their results until each outcome is stored. */
import { type BatchInFlight, BatchRun } from "./batch-run.ts";
import type { ConcurrencyLimiter, Permit } from "./concurrency-limiter.ts";
import { type Engine, NOWHERE } from "./engine.ts";
import type { Lane } from "./lane.ts";
import { isRetry } from "./lane-state.ts";
import type { BatchPolicy } from "./policy.ts";
import { MAX_PAUSE_MS, outcomeOf, Recorder } from "./outcome.ts";
import type { Ticket } from "./rate-control.ts";
import type { Attempter, AttemptResult, LaneOwners } from "./types.ts";
import type { Job, Lease, Outcome } from "../store/delivery.ts";

/** Maximum outcomes of one lane waiting to be stored. A lane at this limit starts no attempts. */
const MAX_RECORDING = 512;
/** Maximum outcomes of all lanes waiting to be stored. */
const MAX_TOTAL_RECORDING = 4096;

/** A job whose attempt has started but whose outcome is not stored yet. */
interface InFlight {
  readonly lane: Lane;
  readonly job: Job;
  readonly ticket: Ticket;
  readonly permit: Permit;
  /** Lease under which the outcome is recorded; `undefined`: not needed. */
  readonly lease: Lease | undefined;
}

export interface RunLoopOptions {
  readonly engine: Engine;
  readonly limiter: ConcurrencyLimiter;
  readonly attempter: Attempter;
  readonly owners: LaneOwners;
  readonly random: () => number;
}

export class RunLoop {
  readonly #options: RunLoopOptions;
  readonly #engine: Engine;
  readonly #limiter: ConcurrencyLimiter;
  readonly #recorder: Recorder;
  readonly #abort = new AbortController();
  readonly #batches: BatchRun;
  /** The jobs in flight, each with its lane. */
  readonly #unfinished = new Map<Promise<void>, Lane>();

  constructor(options: RunLoopOptions) {
    const { engine, limiter } = options;
    const { store, clock, observer } = engine;
    this.#options = options;
    this.#engine = engine;
    this.#limiter = limiter;
    this.#recorder = new Recorder({ store, clock, observer, signal: this.#abort.signal });
    this.#batches = new BatchRun({
      ...options,
      recorder: this.#recorder,
      signal: this.#abort.signal,
      updateRate: (inFlight, result, at) => this.#updateRate(inFlight, result, at),
      close: (lane, job, outcome, isRecorded) => this.#close(lane, job, outcome, isRecorded),
      noteRecorded: (lane, outcome, isRevoked) => this.#noteRecorded(lane, outcome, isRevoked),
    });
  }

  /** Starts attempts in fair order until a limit is reached. */
  pump(): void {
    const engine = this.#engine;
    if (!engine.isRunning) return;
    while (this.#mayStart) {
      const lane = this.#limiter.dequeue();
      if (lane === undefined) return;
      if (this.#step(lane)) engine.enqueue(lane);
      else this.#limiter.passOn(lane);
      if (lane.hasMoreInStore && engine.buffer.isHalfEmpty(lane)) engine.loadPage(lane);
    }
  }

  /** Resolves when nothing is in flight and every outcome is stored, or after `ms`. */
  async settledWithin(ms: number): Promise<void> {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const cancel = this.#engine.clock.setTimer(ms, resolve);
    await Promise.race([this.#settled(), over]).finally(cancel);
  }

  /** The jobs in flight to some endpoints: each promise resolves when the outcome is stored. */
  inFlightOf(isOne: (endpointId: number) => boolean): readonly Promise<void>[] {
    return [...this.#unfinished].flatMap(([finished, { endpointId }]) => (isOne(endpointId) ? [finished] : []));
  }

  /** Aborts the attempts in flight, and gives up on outcomes that the store does not accept. */
  abort(): void {
    this.#abort.abort();
  }

  async #settled(): Promise<void> {
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished.keys());
  }

  /** Whether there are neither too many attempts in flight nor too many outcomes waiting to be stored. */
  get #mayStart(): boolean {
    const recording = this.#unfinished.size - this.#limiter.inFlight;
    return this.#limiter.isAvailable && !this.#recorder.isStuck && recording < MAX_TOTAL_RECORDING;
  }

  /** Starts the next job of a lane, or makes sure that the lane is queued again when it can start one. Returns whether it started one. */
  #step(lane: Lane): boolean {
    const engine = this.#engine;
    const now = engine.clock.now();
    // The lane is queued again when its policy arrives.
    if (lane.isPolicyStale) return false;
    if (lane.isHeld || lane.isRetired || lane.jobs.ready === 0 || lane.isPaused(now)) return false;
    const { control } = lane;
    const suspendedUntil = control.suspendedUntil(now);
    if (suspendedUntil > now) {
      engine.suspend(lane, suspendedUntil);
      return false;
    }
    // The lane is queued again when one of its attempts ends.
    if (lane.jobs.inFlight >= control.concurrency || lane.recording >= MAX_RECORDING) return false;
    const readyAt = control.readyAt(now);
    if (readyAt > now) {
      engine.timers.resumeAt(lane, readyAt);
      return false;
    }
    const gathersUntil = control.policy.batch === null ? now : lane.gathersUntil(now);
    if (gathersUntil > now) {
      engine.timers.resumeAt(lane, gathersUntil);
      return false;
    }
    return this.#startNext(lane, now);
  }

  #startNext(lane: Lane, now: number): boolean {
    const limiter = this.#limiter;
    // `resume` queues the lane again, or another node takes it over.
    const lease = this.#options.owners.lease(lane.endpointId);
    if (lease === null) return false;
    const permit = limiter.permitFor(lane, now);
    if (permit === null) return false;
    const { batch } = lane.control.policy;
    if (batch !== null && this.#options.attempter.attemptBatch !== undefined) {
      return this.#startBatch(lane, batch, { now, lease, permit });
    }
    const job = this.#engine.buffer.take(lane, limiter.allowsRetries);
    if (job === undefined) return this.#foundNone(lane);
    const ticket = lane.control.started(now);
    lane.jobs.attemptStarted(ticket, 1);
    const inFlight = { lane, job, ticket, permit: limiter.acquire(permit, isRetry(job)), lease };
    this.#track(lane, this.#finish(inFlight));
    return true;
  }

  #startBatch(
    lane: Lane,
    batch: BatchPolicy,
    { now, lease, permit }: { readonly now: number; readonly lease: Lease | undefined; readonly permit: Permit },
  ): boolean {
    const limiter = this.#limiter;
    const jobs = this.#engine.buffer.takeBatch(lane, limiter.allowsRetries, batch);
    const [first] = jobs;
    if (first === undefined) return this.#foundNone(lane);
    // It is sent with the batch that is being completed.
    if (this.#batches.joins(lane, first)) return true;
    const ticket = lane.control.started(now);
    lane.jobs.attemptStarted(ticket, jobs.length);
    const inFlight: BatchInFlight = { lane, ticket, permit: limiter.acquire(permit, isRetry(first)), lease, batch };
    this.#track(lane, this.#batches.run(inFlight, jobs));
    return true;
  }

  /** Called when the lane has no job that may start now. */
  #foundNone(lane: Lane): boolean {
    if (lane.jobs.ready > 0) this.#limiter.waitForRetries(lane);
    this.#engine.dropIfIdle(lane);
    return false;
  }

  #track(lane: Lane, ending: Promise<void>): void {
    const end = (): void => {
      this.#unfinished.delete(finished);
      this.#continue(lane);
    };
    // `finally` would create three promises.
    const finished = ending.then(end, (error: unknown) => {
      end();
      throw error;
    });
    this.#unfinished.set(finished, lane);
  }

  /** Not async, like the functions that it calls while the outcome waits: their frames would be kept until the commit. */
  #finish(inFlight: InFlight): Promise<void> {
    const { wakes } = inFlight.lane;
    return this.#attempt(inFlight).then((result) => this.#ended(inFlight, result, wakes));
  }

  async #attempt({ job, lease }: InFlight): Promise<AttemptResult> {
    const { attempter, owners } = this.#options;
    try {
      return await attempter.attempt(job, this.#abort.signal, () => owners.holds(lease));
    } catch (error) {
      this.#engine.observer?.fault?.("attempt", error);
      return { kind: "not_now", pauseMs: MAX_PAUSE_MS };
    }
  }

  /** @param wakes Times that the lane had been woken when the attempt started. */
  #ended(inFlight: InFlight, result: AttemptResult, wakes: number): Promise<void> | undefined {
    const { lane, job, lease } = inFlight;
    const isFull = lane.jobs.inFlight >= lane.control.concurrency;
    lane.jobs.attemptEnded(inFlight.ticket, 1);
    this.#limiter.release(inFlight.permit);
    // It was aborted because the process ends.
    if (this.#abort.signal.aborted && result.kind !== "made") {
      lane.jobs.forget(job);
      return;
    }
    // Uses the same time for both; otherwise a retry would be due slightly later than the endpoint may be attempted
    // again.
    const now = this.#engine.clock.now();
    this.#updateRate(inFlight, result, { now, isFull });
    if (result.kind === "held" || result.kind === "not_now") {
      this.#returnToStore(lane, job, result, wakes);
      return;
    }
    this.#engine.enqueue(lane);
    this.#engine.pump();
    // In an ordered lane, the next delivery of the key waits for the commit.
    const mayWait = lane.order === null;
    const context = { policy: lane.control.policy, now, random: this.#options.random, mayWait };
    const made = outcomeOf(job, result, context);
    const outcome = lease === undefined ? made : { ...made, lease };
    return this.#recorder.record(outcome).then((isRecorded) => this.#noteStored(lane, job, outcome, isRecorded));
  }

  /**
   * The outcome is stored, or will not be stored by this node. A page that was requested earlier may still show the job as due, so the job
   * is remembered until that page has been processed.
   */
  #noteStored(lane: Lane, job: Job, outcome: Outcome, isRecorded: boolean): Promise<void> | undefined {
    if (lane.page.isLoading) return lane.page.taken().then(() => this.#close(lane, job, outcome, isRecorded));
    this.#close(lane, job, outcome, isRecorded);
  }

  /** Updates the rate control of the endpoint with the result. */
  #updateRate(
    { lane, ticket }: Pick<InFlight, "lane" | "ticket">,
    result: AttemptResult,
    { now, isFull }: { readonly now: number; readonly isFull: boolean },
  ): void {
    const { control } = lane;
    if (result.kind !== "made" || result.attempt.unsent === true) {
      control.notMade(now, ticket);
    } else if (result.attempt.status === 0) {
      control.succeeded(now, ticket, isFull, result.retryAfterMs);
    } else {
      const { responseCode } = result.attempt;
      const failure = { responseCode, retryAfterMs: result.retryAfterMs };
      control.failed(now, ticket, failure, this.#options.random());
      const suspendedUntil = control.suspendedUntil(now);
      if (suspendedUntil > now) this.#engine.suspend(lane, suspendedUntil);
    }
  }

  /** Returns the job to the store and pauses its lane. No attempt was used up. */
  #returnToStore(
    lane: Lane,
    job: Job,
    result: Extract<AttemptResult, { kind: "held" | "not_now" }>,
    wakes: number,
  ): void {
    const { buffer, timers } = this.#engine;
    buffer.spill(lane);
    lane.release(job);
    lane.noteMoreInStore();
    if (result.kind === "held") lane.hold(wakes);
    else timers.pause(lane, result.pauseMs);
  }

  /** Removes the job from memory: its outcome is stored, or will not be stored by this node. */
  #close(lane: Lane, job: Job, outcome: Outcome, isRecorded: boolean): void {
    const engine = this.#engine;
    const passAt = outcome.passAt ?? null;
    const blocks = outcome.state === 0 && (passAt === null || passAt > engine.clock.now());
    const isRevoked = lane.jobs.isRevoked(job);
    if (blocks || !isRecorded) this.#block(lane, job, passAt);
    else lane.release(job);
    if (isRecorded) this.#noteRecorded(lane, outcome, isRevoked);
  }

  /** Called when the outcome is stored and the job has left memory. */
  #noteRecorded(lane: Lane, outcome: Outcome, isRevoked: boolean): void {
    const engine = this.#engine;
    // Canceled while in flight: the jobs behind it must not wait for a retry that will never be made.
    if (isRevoked) engine.checkStore(lane);
    if (outcome.due !== null) engine.timers.noteDue(lane, outcome.due);
    // A failed manual attempt leaves the scheduled retry in place. Only the store knows when that is due, possibly in
    // the past.
    if (outcome.trigger === 1 && outcome.state === 2) engine.checkStore(lane);
    engine.observer?.recorded?.(outcome);
  }

  /** Makes the jobs behind a failed job wait for its retry. */
  #block(lane: Lane, job: Job, passAt: number | null): void {
    const again = this.#engine.buffer.block(lane, job, passAt);
    if (passAt !== null) this.#engine.timers.arm(lane);
    if (again) this.#engine.checkStore(lane, NOWHERE);
  }

  #continue(lane: Lane): void {
    const engine = this.#engine;
    if (!engine.isRunning) return;
    if (lane.hasMoreInStore) engine.loadPage(lane);
    engine.dropIfIdle(lane);
    engine.enqueue(lane);
    engine.pump();
  }
}
