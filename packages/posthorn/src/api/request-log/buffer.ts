/** Log of API requests: keeps entries in memory and writes them together at intervals, so that no request waits for its entry. */
import type { Actor } from "../../domain/access.ts";
import type { Services } from "../../domain/context.ts";
import { callerOf, isLogged, type LoggedRequest } from "../../domain/request-log/entry.ts";
import { recordRequests } from "../../domain/request-log/record.ts";

export interface RequestLogOptions {
  readonly services: Services;
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  readonly onFailure: (error: unknown) => void;
}

/** A request that was answered. */
export interface AnsweredRequest {
  readonly actor: Actor;
  readonly method: string;
  readonly route: string;
  readonly operation: string;
  readonly status: number;
  readonly errorCode: string | null;
  readonly durationMs: number;
  /** The `x-request-id` header. */
  readonly clientRequestId: string | string[] | undefined;
}

const FLUSH_MS = 5000;
/** Entries of one organisation in one write. Successful requests may use half of them, so that errors are kept during a burst. */
export const MAX_WAITING = 500;
const MAX_WAITING_SUCCESSES = MAX_WAITING / 2;
/** Entries of all organisations in one write. */
const MAX_ALL = 5000;
/** Request IDs as clients make them. Others may contain anything, and are not stored. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

export class RequestLog implements AsyncDisposable {
  readonly #options: RequestLogOptions;
  #entries: LoggedRequest[] = [];
  /** Entries that wait, by organisation. */
  readonly #waiting = new Map<number, number>();
  #cancelTimer: (() => void) | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RequestLogOptions) {
    this.#options = options;
  }

  /** Keeps an entry, if the request has one and there is room. A crash loses the entries of the last seconds. */
  answered({ actor, clientRequestId, durationMs, ...request }: AnsweredRequest): void {
    if (!isLogged(actor, request)) return;
    const waiting = this.#waiting.get(actor.orgId) ?? 0;
    const most = request.status >= 400 ? MAX_WAITING : MAX_WAITING_SUCCESSES;
    if (waiting >= most || this.#entries.length >= MAX_ALL) return;
    this.#waiting.set(actor.orgId, waiting + 1);
    const isUsable = typeof clientRequestId === "string" && REQUEST_ID.test(clientRequestId);
    this.#entries.push({
      ...this.#options.services.ids.next("req_"),
      ...callerOf(actor),
      ...request,
      orgId: actor.orgId,
      durationMs: Math.round(durationMs),
      clientRequestId: isUsable ? clientRequestId : null,
    });
    this.#cancelTimer ??= this.#options.setTimer(FLUSH_MS, () => void this.flush());
  }

  /** Writes the entries. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.flush();
  }

  async #write(): Promise<void> {
    const entries = this.#entries;
    this.#entries = [];
    this.#waiting.clear();
    if (entries.length === 0) return;
    try {
      await recordRequests(this.#options.services, entries);
    } catch (error) {
      this.#options.onFailure(error);
    }
  }
}
