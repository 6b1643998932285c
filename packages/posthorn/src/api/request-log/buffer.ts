/** Log of API requests: keeps entries in memory and writes them together at intervals, so that no request waits for its entry. */
import type { Actor } from "../../domain/access.ts";
import type { Services } from "../../domain/context.ts";
import { callerOf, isLogged, type LoggedRequest } from "../../domain/request-log/entry.ts";
import { recordRequests } from "../../domain/request-log/record.ts";
import { DelayedWrites } from "../../lib/delayed-writes.ts";

export interface RequestLogOptions {
  readonly services: Services;
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  readonly onFailure: (error: unknown) => void;
  /** Called for each request that has no entry because of the limits. */
  readonly onDropped: () => void;
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
/**
 * Entries of one organisation in one write. Its applications share a limit of their own, because their tokens are those of customers, and no caller
 * can use up the limit of all. Successful requests may use half of each limit, so that errors are kept during a burst.
 */
export const MAX_WAITING = {
  organisation: { all: 500, caller: 250 },
  application: { all: 250, caller: 50 },
} as const;
/** Entries of all organisations in one write. */
const MAX_ALL = 5000;
/** Request IDs as clients make them. Others may contain anything, and are not stored. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

export class RequestLog implements AsyncDisposable {
  readonly #options: RequestLogOptions;
  #entries: LoggedRequest[] = [];
  /** Entries that wait, by organisation and kind of actor, and by caller. */
  readonly #waiting = new Map<string, number>();
  readonly #writes: DelayedWrites;

  constructor(options: RequestLogOptions) {
    this.#options = options;
    const { setTimer, onFailure } = options;
    this.#writes = new DelayedWrites({ delayMs: FLUSH_MS, setTimer, onFailure, write: () => this.#write() });
  }

  /** Keeps an entry, if the request has one and there is room. A crash loses the entries of the last seconds. */
  answered({ actor, clientRequestId, durationMs, ...answered }: AnsweredRequest): void {
    // Reads of the same operation, which has the method GET.
    const request = answered.method === "HEAD" ? { ...answered, method: "GET" } : answered;
    if (!isLogged(actor, request)) return;
    const caller = callerOf(actor);
    const id = this.#nextId();
    if (id === null || !this.#hasRoom(actor, caller, request.status)) return this.#options.onDropped();
    const isUsable = typeof clientRequestId === "string" && REQUEST_ID.test(clientRequestId);
    this.#entries.push({
      ...id,
      ...caller,
      ...request,
      orgId: actor.orgId,
      durationMs: Math.round(durationMs),
      clientRequestId: isUsable ? clientRequestId : null,
    });
    this.#writes.later();
  }

  /** `null`: a node that the others may consider gone has no IDs, and its requests fail for that reason, too. */
  #nextId(): { readonly key: number; readonly id: string } | null {
    try {
      return this.#options.services.ids.next("req_");
    } catch {
      return null;
    }
  }

  /** Writes the entries. */
  flush(): Promise<void> {
    return this.#writes.now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#writes[Symbol.asyncDispose]();
  }

  /** Whether the limits have room for an entry, which then counts towards them. */
  #hasRoom(
    { kind, orgId }: Actor,
    { callerKind, callerId }: Pick<LoggedRequest, "callerKind" | "callerId">,
    status: number,
  ): boolean {
    if (this.#entries.length >= MAX_ALL) return false;
    const { all, caller } = MAX_WAITING[kind];
    const share = status >= 400 ? 1 : 0.5;
    const counts = [
      [`${orgId}/${kind}`, all],
      [`${orgId}/${kind}/${callerKind}/${callerId ?? ""}`, caller],
    ] as const;
    if (counts.some(([key, most]) => (this.#waiting.get(key) ?? 0) >= most * share)) return false;
    for (const [key] of counts) this.#waiting.set(key, (this.#waiting.get(key) ?? 0) + 1);
    return true;
  }

  async #write(): Promise<void> {
    const entries = this.#entries;
    this.#entries = [];
    this.#waiting.clear();
    if (entries.length > 0) await recordRequests(this.#options.services, entries);
  }
}
