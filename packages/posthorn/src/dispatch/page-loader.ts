/**
 * Loads jobs from the store into memory, page by page, for a few lanes at a time.
 *
 * A page shows the store as it was when it was read, and may arrive after an outcome, a cancellation or a policy has
 * changed it. A finished job is therefore remembered until the loading page has been processed, jobs canceled in the
 * meantime are skipped, and a page that no longer fits the order of its lane is dropped and requested again.
 */
import { type Engine, EVERYWHERE, NOWHERE } from "./engine.ts";
import { Fifo } from "./queues.ts";
import type { Lane } from "./lane.ts";
import type { OrderedQueue } from "./ordered-queue.ts";
import { FIRST_PAUSE_MS } from "./outcome.ts";
import type { Job, JobPage, Position } from "../store/delivery.ts";

/**
 * Maximum pages that load at the same time. Other lanes queue, so that a start neither fills memory nor delays commits.
 */
const MAX_LOADING = 16;

/** A page, and the state of its lane when it was requested. */
interface RequestedPage extends JobPage {
  readonly requestedAt: number;
  /** The ordered queue for which the page was requested; `null`: none. */
  readonly order: OrderedQueue | null;
  readonly newestFirst: boolean;
  /** Messages that were in memory, which the page omits. */
  readonly leftOut: readonly number[];
}

const NONE: readonly number[] = [];

export class PageLoader {
  readonly #engine: Engine;
  /** Lanes whose page is queued. */
  readonly #queue = new Fifo<Lane>();
  /** For each page that is loading: stops waiting for it. */
  readonly #loading = new Set<() => void>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The store has, or may have, a job that the lane does not know. */
  checkStore(lane: Lane, from: Position = EVERYWHERE): void {
    if (lane.isRetired) return;
    lane.noteMoreInStore();
    lane.order?.rewind(from);
    if (lane.page.isLoading) lane.page.requestReload();
    else this.load(lane);
  }

  /** Loads due jobs of a lane from the store, up to the room it has. */
  load(lane: Lane): void {
    if (!this.#engine.isRunning || lane.isHeld || lane.isRetired || lane.page.isLoading) return;
    if (this.#loading.size < MAX_LOADING) return this.#begin(lane);
    if (!lane.page.isQueued) this.#queue.push(lane);
    lane.page.queue();
  }

  /** Stops waiting for pages, because no more attempts start that a late page could repeat. */
  release(): void {
    for (const stopWaiting of this.#loading) stopWaiting();
  }

  #begin(lane: Lane): void {
    const requested = this.#request(lane);
    if (requested === null) return;
    const { promise: taken, resolve: stopWaiting } = Promise.withResolvers<void>();
    this.#loading.add(stopWaiting);
    lane.page.begin(taken);
    void this.#receive(lane, requested).finally(() => {
      stopWaiting();
      this.#loading.delete(stopWaiting);
      this.#beginQueued();
    });
  }

  async #receive(lane: Lane, requested: Promise<RequestedPage>): Promise<void> {
    try {
      const page = await requested;
      lane.page.end();
      this.#take(lane, page);
    } catch (error) {
      lane.page.end();
      lane.order?.pageFailed();
      this.#engine.readFailed(error);
      this.#engine.timers.pause(lane, FIRST_PAUSE_MS);
    }
  }

  #beginQueued(): void {
    // A lane may no longer need its page. Then the next one is loaded.
    while (this.#loading.size < MAX_LOADING) {
      const lane = this.#queue.shift();
      if (lane === undefined) return;
      lane.page.unqueue();
      if (!lane.page.isLoading) this.#begin(lane);
    }
  }

  /** Requests a page; `null` when the lane does not need one now. */
  #request(lane: Lane): Promise<RequestedPage> | null {
    const { store, clock, buffer, timers } = this.#engine;
    if (lane.isHeld || lane.isRetired || !this.#engine.isRunning || !this.#engine.isReady(lane)) return null;
    const now = clock.now();
    if (lane.isPaused(now)) {
      // The timer that fired may have been set for a time before the end of the pause.
      timers.noteDue(lane, lane.pausedUntil);
      return null;
    }
    const suspendedUntil = lane.control.suspendedUntil(now);
    if (suspendedUntil > now) {
      this.#engine.suspend(lane, suspendedUntil);
      return null;
    }
    const room = buffer.roomOf(lane);
    if (room <= 0) return null;
    const { order, newestFirst } = lane;
    const selection = lane.pageSelection();
    const leftOut = selection.kind === "ordered" ? NONE : selection.known;
    // Rows that are in memory are still due in the store, so the page must be long enough to reach past them.
    return store
      .due(lane.endpointId, now, room + lane.jobs.size - leftOut.length, selection)
      .then((page) => ({ ...page, requestedAt: now, order, newestFirst, leftOut }));
  }

  #take(lane: Lane, page: RequestedPage): void {
    if (lane.isRetired) return;
    const engine = this.#engine;
    const now = page.requestedAt;
    // Checked first, because it applies a new order. If the order has changed since the request, or may have, the page
    // shows neither which jobs may start nor which were passed over.
    const isReady = engine.isReady(lane);
    const isOther = page.order !== lane.order || page.newestFirst !== lane.newestFirst;
    if (!isReady || isOther || this.#isStopped(lane)) return this.#drop(lane);
    // An ordered page may contain only jobs that cannot start yet. None of them would make the lane load its next page.
    const isUnread = page.ordered !== undefined && lane.order !== null && lane.order.endPage(page.ordered);
    lane.pageRead(isUnread || (page.ordered === undefined && page.nextDue !== null && page.nextDue <= now));
    for (const job of page.deliveries) this.#takeJob(lane, job);
    // A job that returned to the store in the meantime was omitted although it is due.
    if (page.leftOut.some((messageId) => !lane.jobs.has(messageId))) lane.page.requestReload();
    if (page.nextDue !== null && page.nextDue > now) engine.timers.noteDue(lane, page.nextDue);
    if (typeof page.ordered?.passAt === "number") engine.timers.arm(lane);
    // An ordered queue tracks the start of its next page itself.
    if (lane.page.takeReload()) engine.checkStore(lane, NOWHERE);
    if (isUnread) this.load(lane);
    engine.enqueue(lane);
    engine.dropIfIdle(lane);
    engine.pump();
  }

  #takeJob(lane: Lane, job: Job): void {
    // If the delivery was made due again after its cancellation, another page has been requested.
    if (lane.page.isOutdated(job)) return;
    const { buffer } = this.#engine;
    buffer.handOffs.note(job);
    const generation = lane.jobs.generationOf(job.messageId);
    if (generation === undefined) {
      // The lane is queued once all jobs of the page are in memory.
      if (buffer.roomOf(lane) <= 0) this.#leaveInStore(lane, job);
      else buffer.put(lane, job);
    } else if (generation !== job.generation) {
      // Resent while an attempt is in flight. The job is found once that attempt is recorded.
      this.#leaveInStore(lane, job);
    }
  }

  #leaveInStore(lane: Lane, job: Job): void {
    lane.noteMoreInStore();
    lane.order?.rewind({ due: job.due, messageId: job.messageId - 1 });
  }

  #isStopped(lane: Lane): boolean {
    const now = this.#engine.clock.now();
    return lane.isHeld || lane.isPaused(now) || lane.control.suspendedUntil(now) > now;
  }

  /** Discards a page. Its jobs are requested again when the lane continues. */
  #drop(lane: Lane): void {
    lane.page.takeReload();
    lane.noteMoreInStore();
    lane.order?.pageFailed();
    this.load(lane);
  }
}
