/** Sources that are read in the connector thread, as seen from the main thread. */
import type { SourceEvent, Unreadable } from "../../sources/source-event.ts";
import type { KindConfig } from "../kind.ts";
import type { FromThread, ListenBatch, ListenEnd, ListenSpec, ToThread } from "./protocol.ts";

export interface ListenRequest extends ListenSpec {
  readonly kind: string;
  readonly config: KindConfig;
  /** Address rules; `null`: the platform's. */
  readonly allow: string | null;
  /** Ends the connection. */
  readonly signal: AbortSignal;
  readonly onConnected: () => void;
  /**
   * Stores a batch. Resolves when it is on disk, which allows the listener to acknowledge it. When it rejects, the connection ends, and the
   * broker keeps the batch.
   */
  readonly onBatch: (batch: Omit<ListenBatch, "batch">) => Promise<void>;
}

export interface RemoveRequest {
  readonly kind: string;
  readonly config: KindConfig;
  readonly allow: string | null;
  readonly session: string;
}

export type ListenResult =
  | ListenEnd
  /** The signal was aborted. */
  | { readonly kind: "canceled" }
  /** `onBatch` rejected with this error. */
  | { readonly kind: "not_stored"; readonly error: unknown };

interface Listening {
  readonly request: ListenRequest;
  readonly settle: (result: ListenResult) => void;
}

type FromListeners = Extract<FromThread, { readonly op: "listening" | "batch" | "ended" | "removed" }>;
type Batch = Extract<FromThread, { readonly op: "batch" }>;

/** Requests in the thread by their ID. */
export class ListeningRequests {
  readonly #post: (message: ToThread) => void;
  readonly #listening = new Map<number, Listening>();
  readonly #removing = new Map<number, (end: ListenEnd | null) => void>();

  constructor(post: (message: ToThread) => void) {
    this.#post = post;
  }

  get size(): number {
    return this.#listening.size + this.#removing.size;
  }

  /** Never rejects. */
  listen(id: number, link: number, request: ListenRequest): Promise<ListenResult> {
    const { session, cursor, window, maxBodyBytes, signal } = request;
    return new Promise((resolve) => {
      const settle = (result: ListenResult): void => {
        signal.removeEventListener("abort", abort);
        this.#listening.delete(id);
        resolve(result);
      };
      const abort = (): void => {
        this.#post({ op: "unlisten", id });
        settle({ kind: "canceled" });
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#listening.set(id, { request, settle });
      this.#post({ op: "listen", id, link, session, cursor, window, maxBodyBytes });
    });
  }

  /** Resolves with the reason if it could not be removed, or `null` if it was. */
  remove(id: number, link: number, session: string): Promise<ListenEnd | null> {
    return new Promise((resolve) => {
      this.#removing.set(id, resolve);
      this.#post({ op: "remove", id, link, session });
    });
  }

  /** The thread has ended. */
  fail(end: ListenEnd): void {
    for (const { settle } of this.#listening.values()) settle(end);
    for (const resolve of this.#removing.values()) resolve(end);
    this.#removing.clear();
  }

  take(item: FromListeners): void {
    switch (item.op) {
      case "listening":
        this.#listening.get(item.id)?.request.onConnected();
        return;
      case "batch":
        void this.#store(item);
        return;
      case "ended":
        this.#listening.get(item.id)?.settle(item.end);
        return;
      case "removed":
        this.#removing.get(item.id)?.(item.end);
        this.#removing.delete(item.id);
    }
  }

  async #store(item: Batch): Promise<void> {
    const listening = this.#listening.get(item.id);
    if (listening === undefined) return;
    try {
      await listening.request.onBatch(withBodies(item));
    } catch (error) {
      if (!this.#listening.has(item.id)) return;
      this.#post({ op: "unlisten", id: item.id });
      listening.settle({ kind: "not_stored", error });
      return;
    }
    if (this.#listening.has(item.id)) this.#post({ op: "settled", id: item.id, batch: item.batch });
  }
}

/** Bodies as parts of the buffer that has crossed over from the thread. */
function withBodies({ events, unreadable, cursor, bodies, lengths }: Batch): Omit<ListenBatch, "batch"> {
  let offset = 0;
  let index = 0;
  const next = <T extends SourceEvent | Unreadable>(one: T): T => {
    const end = offset + lengths[index++]!;
    const body = bodies.subarray(offset, end);
    offset = end;
    return { ...one, body };
  };
  return { events: events.map((one) => next(one)), unreadable: unreadable.map((one) => next(one)), cursor };
}
