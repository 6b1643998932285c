/**
 * The queue of one endpoint, with everything the dispatcher knows about it. It has four independent states, which change only through the
 * methods named here:
 *
 *     policy   unknown ──policyRequested──→ requested ──policyArrived──→ known ──wake──→ stale ──policyRequested──→ …
 *              Nothing starts while the policy is unknown or stale.
 *
 *     store    complete ──noteMoreInStore──→ more in store ──pageRead(false)──→ complete
 *              Complete: every job of the endpoint that is due is in memory.
 *
 *     page     none ──queue──→ queued ──begin──→ loading ──end──→ none         (`LanePage`)
 *              `requestReload` while it is loading: something changed that it may not show, so another page follows.
 *
 *     sending  active ──hold──→ held ──wake──→ active              the endpoint is disabled
 *              active ──pauseUntil──→ paused ──time, wake──→ active   after a fault on Posthorn's side
 *              any ──retire──→ retired                              another node owns the lane
 *
 * Circuit breaker, rate and concurrency of the endpoint are in `rate-control.ts`, which outlives the lane.
 */
import type { KeptBatches } from "./kept-batches.ts";
import type { QueuePlace } from "./queues.ts";
import { LaneJobs, LanePage, messageBytes } from "./lane-state.ts";
import { type Blocked, MAX_WAITING, OrderedQueue } from "./ordered-queue.ts";
import type { BatchPolicy, LanePolicy } from "./policy.ts";
import type { RateControl, RateControlView } from "./rate-control.ts";
import { MAX_PAUSE_MS } from "./outcome.ts";
import type { Job, PageSelection, Position } from "../store/delivery.ts";

/** What the dispatcher knows about an endpoint. */
export interface LaneView extends RateControlView {
  readonly inFlight: number;
  /** Jobs in memory that have not started. */
  readonly queued: number;
}

export class Lane {
  readonly endpointId: number;
  readonly place: QueuePlace = { isQueued: false, waitsFor: null };
  readonly jobs = new LaneJobs();
  readonly page = new LanePage();
  #control: RateControl | null = null;
  #isPolicyRequested = false;
  #isPolicyStale = false;
  #areBatchesRequested = false;
  /** Number of times the lane was woken. Used to detect a policy or attempt result that predates the last change. */
  #wakes = 0;
  #hasMoreInStore = false;
  #isHeld = false;
  #isRetired = false;
  #pausedUntil = 0;
  /** When the next job in the store becomes due; jobs that are due already do not count. */
  #nextDue: number | null = null;
  /** When the rate or the circuit breaker allows the next attempt. */
  #resumeAt: number | null = null;
  #order: OrderedQueue | null = null;
  #newestFirst = false;
  /** Batches that are resent as a whole; `null`: the policy does not use them. */
  kept: KeptBatches | null = null;
  /** Bytes of the messages that are queued, if the policy sends batches. */
  #queuedBytes = 0;
  /** Since when the lane has been waiting for more jobs to send together; `null`: it is not waiting. */
  #gathersSince: number | null = null;

  constructor(endpointId: number) {
    this.endpointId = endpointId;
  }

  get hasPolicy(): boolean {
    return this.#control !== null;
  }

  /** Rate control of the endpoint. Call only once the policy is known. */
  get control(): RateControl {
    return this.#control!;
  }

  get tenant(): number {
    return this.control.policy.tenant;
  }

  get isPolicyRequested(): boolean {
    return this.#isPolicyRequested;
  }

  /** Whether the policy may have changed. Nothing starts under a stale policy. */
  get isPolicyStale(): boolean {
    return this.#isPolicyStale;
  }

  get wakes(): number {
    return this.#wakes;
  }

  useControl(control: RateControl): void {
    this.#control = control;
  }

  policyRequested(): void {
    this.#isPolicyRequested = true;
  }

  /** @param wakes The count of wakes when it was requested. A policy that was read before the last wake stays stale. */
  policyArrived(wakes: number): void {
    this.#isPolicyRequested = false;
    if (wakes === this.#wakes) this.#isPolicyStale = false;
  }

  batchesRequested(): void {
    this.#areBatchesRequested = true;
  }

  batchesArrived(): void {
    this.#areBatchesRequested = false;
  }

  policyFailed(): void {
    this.#isPolicyRequested = false;
  }

  /** Called after deliveries were made due, or the endpoint was enabled or changed. */
  wake(): void {
    this.#isHeld = false;
    this.#pausedUntil = 0;
    this.#wakes++;
    this.#isPolicyStale = true;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether another node owns the lane. Outcomes of attempts in flight are still recorded, but nothing starts. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  /** A pause with more than the maximum time left has ended: the clock was set back in the meantime. */
  isPaused(now: number): boolean {
    const left = this.#pausedUntil - now;
    return left > 0 && left <= MAX_PAUSE_MS;
  }

  /** Whether the circuit is open or a person paused the endpoint. */
  isSuspended(now: number): boolean {
    return this.#control !== null && this.#control.suspendedUntil(now) > now;
  }

  /**
   * The endpoint is disabled. @param wakes The count of wakes when the attempt began. An attempt that began before the
   * last wake saw an outdated endpoint.
   */
  hold(wakes: number): void {
    this.#isHeld = this.#wakes === wakes;
  }

  pauseUntil(at: number): void {
    this.#pausedUntil = at;
    this.noteDue(at);
  }

  retire(): void {
    this.#isRetired = true;
  }

  /** Whether the store may have due jobs that are not in memory. */
  get hasMoreInStore(): boolean {
    return this.#hasMoreInStore;
  }

  noteMoreInStore(): void {
    this.#hasMoreInStore = true;
  }

  /** Whether every job that the store has for the endpoint is in memory. */
  get isComplete(): boolean {
    return !this.#hasMoreInStore && this.#nextDue === null && !this.page.isLoading && this.#order?.isClean !== false;
  }

  /** @param more Whether the store has more jobs that are due. */
  pageRead(more: boolean): void {
    this.#hasMoreInStore = more;
  }

  /** Which jobs the next page should contain. */
  pageSelection(): PageSelection {
    if (this.#order !== null) {
      const { batch } = this.control.policy;
      const perKey = batch === null || !batch.sharesKeys ? {} : { perKey: this.#order.maxWaiting };
      return { kind: "ordered", ...this.#order.beginPage(), known: this.jobs.messagesInOrder, ...perKey };
    }
    return { kind: this.#newestFirst ? "newest" : "oldest", known: this.jobs.originals };
  }

  get nextDue(): number | null {
    return this.#nextDue;
  }

  /** The earliest of its timers. */
  get timerAt(): number | null {
    const times = [this.#nextDue, this.#resumeAt, this.#order?.passAt ?? null].filter((time) => time !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Notes that a job in the store becomes due at `due`. */
  noteDue(due: number): void {
    this.#nextDue = this.#nextDue === null ? due : Math.min(this.#nextDue, due);
  }

  /** Sets the time at which the rate or the circuit breaker allows the next attempt. */
  resumeAt(at: number): void {
    this.#resumeAt = at;
  }

  /**
   * Clears the timers whose time has come. `dueFrom`: the position in the store before which nothing became due;
   * `null`: nothing became due. `unblocks`: jobs that were blocked may now overtake the job that blocked them.
   */
  ring(now: number): { readonly dueFrom: Position | null; readonly unblocks: boolean } {
    const due = this.#nextDue;
    const isDue = due !== null && due <= now;
    if (isDue) this.#nextDue = null;
    if (this.#resumeAt !== null && this.#resumeAt <= now) this.#resumeAt = null;
    const unblocks = this.#order?.passBy(now) === true;
    return { dueFrom: isDue ? { due: due - 1, messageId: Number.MAX_SAFE_INTEGER } : null, unblocks };
  }

  /**
   * @param ms By how much the clock was set back.
   * @param now Its new time.
   */
  clockSetBack(ms: number, now: number): void {
    this.#control?.clockSetBack(ms);
    if (this.#resumeAt !== null) this.#resumeAt -= ms;
    if (this.#gathersSince !== null) this.#gathersSince -= ms;
    if (this.#pausedUntil > now) this.pauseUntil(this.#pausedUntil - ms);
  }

  /** `null`: deliveries are made in any order. */
  get order(): OrderedQueue | null {
    return this.#order;
  }

  get newestFirst(): boolean {
    return this.#newestFirst;
  }

  isOrderedAs({ order, newestFirst, batch }: LanePolicy): boolean {
    if (this.#order !== null) this.#order.maxWaiting = maxWaiting(batch);
    return (order === null) === (this.#order === null) && newestFirst === this.#newestFirst;
  }

  /** Adopts a policy that starts, ends or reverses ordered delivery. Nothing may be queued. */
  orderAs({ order, newestFirst, batch }: LanePolicy): void {
    if (order === null) this.#order = null;
    else this.#order ??= new OrderedQueue(maxWaiting(batch));
    this.#newestFirst = newestFirst;
  }

  /** Jobs in memory that have not started. */
  get queued(): number {
    return this.jobs.ready + (this.#order?.waiting ?? 0);
  }

  /** Number of attempts that have ended but whose outcome is not stored yet. */
  get recording(): number {
    return this.jobs.size - this.queued - this.jobs.started;
  }

  /**
   * Whether there is nothing in memory, nothing known in the store, and nothing requested. A page or a policy that
   * arrives wakes the lane that requested it, so a lane with a pending request stays: an endpoint must not have two
   * lanes. A held lane stays, because it stores why it is held.
   */
  get isIdle(): boolean {
    if (this.#isPolicyRequested || this.#areBatchesRequested || this.jobs.size > 0 || this.#isHeld) return false;
    return this.isComplete;
  }

  /** Whether the endpoint responds slowly or a response is overdue. */
  isSlow(now: number): boolean {
    return this.control.isSlow || this.jobs.isHanging(now);
  }

  /**
   * Number of jobs that may be in memory.
   * @param most The limit, unless batches are larger.
   */
  room(most: number): number {
    const batch = this.#control?.policy.batch ?? null;
    return batch === null ? most : Math.max(most, 2 * batch.items);
  }

  /**
   * Until when the lane waits for more jobs to send together.
   * @returns `now` if it does not wait.
   */
  gathersUntil(now: number): number {
    const { batch } = this.control.policy;
    const { nextReady, nextRetry } = this.jobs;
    // A person is waiting for a manual attempt.
    if (batch === null || batch.waitMs === 0 || nextReady === null || nextReady.trigger === 1) return now;
    // A batch that is resent does not wait for other jobs.
    if (this.#isKept(nextReady) || this.#isKept(nextRetry)) return now;
    if (this.queued >= batch.items || this.#queuedBytes >= batch.bytes) return now;
    this.#gathersSince ??= Math.min(nextReady.due, now);
    return this.#gathersSince + batch.waitMs;
  }

  #isKept(job: Job | null): boolean {
    return job !== null && this.kept !== null && this.kept.batchOf(job.messageId) !== null;
  }

  /** A job was queued, or left the queue. */
  noteQueued(job: Job, sign: 1 | -1): void {
    this.#queuedBytes += sign * messageBytes(job);
    if (sign === -1) this.#gathersSince = null;
  }

  /** Returns whether the job is in memory now. */
  enqueue(job: Job): boolean {
    const admitted = this.#order?.admit(job) ?? "go";
    if (admitted === "again") this.page.requestReload();
    if (admitted === "leave" || admitted === "again") return false;
    if (admitted === "go") this.jobs.makeReady(job);
    this.jobs.add(job);
    return true;
  }

  /** Frees the ordering key of a job that has left memory, so the next job of the key may start. */
  release(job: Job): void {
    this.jobs.forget(job);
    let next = this.#order?.release(job) ?? null;
    while (next !== null && next !== "in_store" && this.jobs.isClaimed(next)) next = this.#order!.release(next);
    if (next === "in_store") this.#hasMoreInStore = true;
    else if (next !== null) this.jobs.makeReady(next);
  }

  /** Removes a failed job from memory, together with the jobs that wait for its retry. */
  block(job: Job, passAt: number | null): Blocked {
    this.jobs.forget(job);
    const { waiting, again } = this.#order?.block(job, passAt) ?? { waiting: [], again: false };
    const left = waiting.filter((other) => !this.jobs.isClaimed(other));
    for (const other of left) this.jobs.forget(other);
    return { waiting: left, again };
  }

  /** Removes all queued jobs from memory and returns them. They remain in the store. */
  spill(): readonly Job[] {
    // Draining an ordered queue forgets which keys were passed over. Only another scan of the store finds them.
    if (this.#order?.isClean === false) this.#hasMoreInStore = true;
    const ready = this.jobs.drainReady();
    const waiting = this.#order?.drain(ready).filter((job) => !this.jobs.isClaimed(job)) ?? [];
    const spilled = waiting.length === 0 ? ready : [...ready, ...waiting];
    this.#queuedBytes = 0;
    this.#gathersSince = null;
    for (const job of spilled) this.jobs.forget(job);
    if (spilled.length > 0) this.#hasMoreInStore = true;
    return spilled;
  }

  /** The delivery of this message was canceled. Its job does not start; an attempt in flight is not interrupted. */
  revoke(messageId: number): void {
    this.jobs.revoke(messageId);
    this.page.revoke(messageId);
  }
}

/** Maximum jobs of one ordering key that a lane holds in memory behind the first. */
function maxWaiting(batch: BatchPolicy | null): number {
  return batch === null || !batch.sharesKeys ? MAX_WAITING : Math.max(MAX_WAITING, 2 * batch.items);
}
