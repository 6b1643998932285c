/** Asks the store for due jobs, a few lanes at a time. */
import { Fifo } from "./fifo.ts";
import type { Lane } from "./lane.ts";
import type { Line } from "./ordered-queue.ts";
import type { JobPage } from "./types.ts";

/** Pages that are asked for at once; more lanes wait in turn, so that a start does not fill memory nor hold up commits. */
const MAX_PAGES = 16;

/** A page, and how the lane was when it was asked for. */
export interface AskedPage extends JobPage {
  readonly askedAt: number;
  /** The order that the page was made for; `null`: none. */
  readonly askedIn: Line | null;
  /** Whether it has the newest first. */
  readonly newestFirst: boolean;
}

export interface PagerOptions {
  /** Asks the store for a page of the lane, or says that it does not want one now. */
  readonly ask: (lane: Lane) => Promise<AskedPage> | null;
  readonly take: (lane: Lane, page: AskedPage) => void;
  readonly trouble: (lane: Lane, error: unknown) => void;
}

export class Pager {
  readonly #options: PagerOptions;
  /** Lanes whose page waits for its turn. */
  readonly #turns = new Fifo<Lane>();
  /** Of each page under way: lets go those that wait until it was taken. */
  readonly #underWay = new Set<() => void>();

  constructor(options: PagerOptions) {
    this.#options = options;
  }

  request(lane: Lane): void {
    if (lane.paging) return;
    if (this.#underWay.size >= MAX_PAGES) {
      if (!lane.awaitsPage) this.#turns.push(lane);
      lane.awaitsPage = true;
      return;
    }
    this.#begin(lane);
  }

  /** Nobody waits any longer for a page to be taken: no attempt is made any more that it could double. */
  release(): void {
    for (const letGo of this.#underWay) letGo();
  }

  #begin(lane: Lane): void {
    const asked = this.#options.ask(lane);
    if (asked === null) return;
    const { promise: taken, resolve: letGo } = Promise.withResolvers<void>();
    this.#underWay.add(letGo);
    lane.beginPage(taken);
    void this.#receive(lane, asked).finally(() => {
      letGo();
      this.#underWay.delete(letGo);
      this.#next();
    });
  }

  async #receive(lane: Lane, asked: Promise<AskedPage>): Promise<void> {
    try {
      const page = await asked;
      lane.endPage();
      this.#options.take(lane, page);
    } catch (error) {
      lane.endPage();
      this.#options.trouble(lane, error);
    }
  }

  #next(): void {
    // A lane may not want its turn any more: then the next one takes it.
    while (this.#underWay.size < MAX_PAGES) {
      const lane = this.#turns.shift();
      if (lane === undefined) return;
      lane.awaitsPage = false;
      if (!lane.paging) this.#begin(lane);
    }
  }
}
