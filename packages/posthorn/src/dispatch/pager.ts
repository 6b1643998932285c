/** Asks the store for due jobs, a few lanes at a time. */
import { Fifo } from "./fifo.ts";
import type { Lane } from "./lane.ts";
import type { JobPage } from "./types.ts";

/** Pages that are asked for at once; more lanes wait in turn, so that a start does not fill memory nor hold up commits. */
const MAX_PAGES = 16;

/** A page, and the time as of which it was asked for. */
export interface AskedPage extends JobPage {
  readonly askedAt: number;
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
  #pages = 0;

  constructor(options: PagerOptions) {
    this.#options = options;
  }

  request(lane: Lane): void {
    if (lane.paging) return;
    if (this.#pages >= MAX_PAGES) {
      if (!lane.awaitsPage) this.#turns.push(lane);
      lane.awaitsPage = true;
      return;
    }
    this.#begin(lane);
  }

  #begin(lane: Lane): void {
    const asked = this.#options.ask(lane);
    if (asked === null) return;
    this.#pages++;
    lane.page = this.#receive(lane, asked);
  }

  async #receive(lane: Lane, asked: Promise<AskedPage>): Promise<void> {
    try {
      const page = await asked;
      lane.page = null;
      this.#options.take(lane, page);
    } catch (error) {
      lane.page = null;
      this.#options.trouble(lane, error);
    }
    this.#next();
  }

  #next(): void {
    this.#pages--;
    // A lane may not want its turn any more: then the next one takes it.
    while (this.#pages < MAX_PAGES) {
      const lane = this.#turns.shift();
      if (lane === undefined) return;
      lane.awaitsPage = false;
      if (!lane.paging) this.#begin(lane);
    }
  }
}
