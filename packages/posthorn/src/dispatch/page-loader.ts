/**
 * Brings jobs from the store into memory, page by page.
 *
 * A page shows the store as it was when it was read, and can arrive after something has changed: an outcome, a cancellation, a policy.
 * So a job stays known until the page under way was taken, what was canceled meanwhile is passed over, and a page that does not fit
 * the lane any more is dropped and asked for again.
 */
import { type Engine, EVERYWHERE, NOWHERE } from "./engine.ts";
import type { Lane } from "./lane.ts";
import { type AskedPage, Pager } from "./pager.ts";
import { FIRST_PAUSE_MS } from "./recorder.ts";
import { Shown } from "./shown.ts";
import type { Job, Position } from "./types.ts";

export class Paging {
  readonly #engine: Engine;
  readonly #pager: Pager;
  readonly #shown = new Shown();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#pager = new Pager({
      ask: (lane) => this.#ask(lane),
      take: (lane, page) => this.#take(lane, page),
      trouble: (lane, error) => this.#fail(lane, error),
    });
  }

  /** Whether a job that is handed over now was in a page already: it is in memory, was, or was left to the store with those around it. */
  hasShown(job: Job): boolean {
    return this.#shown.take(job);
  }

  /** There is, or may be, a job in the store that the lane does not know of. */
  lookAt(lane: Lane, from: Position = EVERYWHERE): void {
    if (lane.gone) return;
    lane.spilled = true;
    lane.line?.rewind(from);
    if (lane.paging) lane.pageAgain = true;
    else this.page(lane);
  }

  /** Fetches due jobs of a lane from the store, into the room it has. */
  page(lane: Lane): void {
    if (this.#engine.isRunning() && !lane.held && !lane.gone && !lane.paging) this.#pager.request(lane);
  }

  /** Nobody waits for a page any more. */
  release(): void {
    this.#pager.release();
  }

  #ask(lane: Lane): Promise<AskedPage> | null {
    const { store, clock, shelf, agenda } = this.#engine;
    if (lane.held || lane.gone || !this.#engine.isRunning() || !this.#engine.isReady(lane)) return null;
    const now = clock.now();
    if (lane.isPaused(now)) {
      // The alarm that rang may have been an earlier one than that of the pause.
      agenda.noteStored(lane, lane.pausedUntil);
      return null;
    }
    const heldUntil = lane.pace!.heldUntil(now);
    if (heldUntil > now) {
      this.#engine.setAside(lane, heldUntil);
      return null;
    }
    const room = shelf.roomOf(lane);
    if (room <= 0) return null;
    const { line: askedIn, newestFirst } = lane;
    // Rows that are in memory are still due in the store: the page must be long enough to reach behind them.
    return store
      .due(lane.endpointId, now, room + lane.inMemory, lane.pageWish())
      .then((page) => ({ ...page, askedAt: now, askedIn, newestFirst }));
  }

  #take(lane: Lane, page: AskedPage): void {
    if (lane.gone) return;
    const engine = this.#engine;
    const now = page.askedAt;
    // Asked first: it settles the order. When that began, ended or turned round meanwhile, or may have, the page does not show whose
    // turn it is now, nor what was passed over.
    const isReady = engine.isReady(lane);
    const isOther = page.askedIn !== lane.line || page.newestFirst !== lane.newestFirst;
    if (!isReady || isOther || this.#isStopped(lane)) return this.#drop(lane);
    // Of a line: a page can be full of jobs whose turn it is not, so that nothing of it brings the lane back.
    const unread = page.line !== undefined && lane.line !== null && lane.line.endPage(page.line);
    lane.spilled = unread || (page.line === undefined && page.nextDue !== null && page.nextDue <= now);
    for (const job of page.deliveries) this.#takeJob(lane, job);
    if (page.nextDue !== null && page.nextDue > now) engine.agenda.noteStored(lane, page.nextDue);
    if (typeof page.line?.passAt === "number") engine.agenda.arm(lane);
    if (lane.pageAgain) {
      lane.pageAgain = false;
      // A line knows from where on.
      engine.lookAt(lane, NOWHERE);
    }
    if (unread) this.page(lane);
    engine.join(lane);
    engine.dropIfIdle(lane);
    engine.pump();
  }

  #takeJob(lane: Lane, job: Job): void {
    // Whoever made it due again since has asked for another page.
    if (lane.isOutdated(job)) return;
    this.#shown.note(job);
    const { shelf } = this.#engine;
    const generation = lane.generationInMemory(job.messageId);
    if (generation === undefined) {
      if (shelf.roomOf(lane) <= 0) this.#leaveBehind(lane, job);
      else if (shelf.put(lane, job)) this.#engine.join(lane);
    } else if (generation !== job.generation) {
      // Asked for again while it is in flight: it is found once the attempt in flight is recorded.
      this.#leaveBehind(lane, job);
    }
  }

  /** A job of a page stays in the store for now. */
  #leaveBehind(lane: Lane, job: Job): void {
    lane.spilled = true;
    lane.line?.rewind({ due: job.due, messageId: job.messageId - 1 });
  }

  #isStopped(lane: Lane): boolean {
    const now = this.#engine.clock.now();
    return lane.held || lane.isPaused(now) || lane.pace!.heldUntil(now) > now;
  }

  /** What a page holds is asked for again when the lane goes on. */
  #drop(lane: Lane): void {
    lane.pageAgain = false;
    lane.spilled = true;
    lane.line?.pageFailed();
    this.page(lane);
  }

  #fail(lane: Lane, error: unknown): void {
    lane.line?.pageFailed();
    this.#engine.observer?.trouble?.("page", error);
    this.#engine.agenda.pause(lane, FIRST_PAUSE_MS);
  }
}
