/**
 * Sends that wait for the connector thread, with their deadlines and cancellation. Thousands may wait: those with the same timeout share a
 * timer, and those with the same signal a listener.
 */
interface Limited {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

interface Unsent {
  readonly kind: "timeout" | "canceled";
}

interface Pending<Request, Result> {
  readonly request: Request;
  readonly resolve: (result: Result | Unsent) => void;
  readonly deadline: number;
}

/** IDs of the sends with one timeout. The first one has the earliest deadline. */
interface Deadlines {
  readonly ids: Set<number>;
  timer: NodeJS.Timeout;
}

export interface PendingSendsOptions {
  /** Called after a send has ended without a result from the thread. */
  readonly onDropped: (id: number, isTimeout: boolean) => void;
  /** Called when no send is left. */
  readonly onEmpty: () => void;
}

export class PendingSends<Request extends Limited, Result> {
  readonly #options: PendingSendsOptions;
  readonly #all = new Map<number, Pending<Request, Result>>();
  readonly #deadlines = new Map<number, Deadlines>();
  readonly #bySignal = new WeakMap<AbortSignal, Set<number>>();

  constructor(options: PendingSendsOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  get requests(): readonly Request[] {
    return [...this.#all.values()].map(({ request }) => request);
  }

  get(id: number): Request | undefined {
    return this.#all.get(id)?.request;
  }

  /** The promise resolves by the timeout of the request, and when its signal aborts. */
  add(id: number, request: Request): Promise<Result | Unsent> {
    return new Promise((resolve) => {
      const { timeoutMs, signal } = request;
      this.#all.set(id, { request, resolve, deadline: performance.now() + timeoutMs });
      this.#deadlinesOf(timeoutMs).ids.add(id);
      this.#idsOf(signal).add(id);
    });
  }

  settle(id: number, result: Result | Unsent): void {
    const pending = this.#all.get(id);
    if (pending === undefined) return;
    const { request, resolve } = pending;
    this.#all.delete(id);
    this.#deadlines.get(request.timeoutMs)?.ids.delete(id);
    this.#bySignal.get(request.signal)?.delete(id);
    if (this.#all.size === 0) this.#options.onEmpty();
    resolve(result);
  }

  settleAll(result: Result | Unsent): void {
    for (const id of this.#all.keys()) this.settle(id, result);
  }

  /** Settles all sends as canceled. */
  close(): void {
    this.settleAll({ kind: "canceled" });
    for (const { timer } of this.#deadlines.values()) clearTimeout(timer);
    this.#deadlines.clear();
  }

  #deadlinesOf(timeoutMs: number): Deadlines {
    let deadlines = this.#deadlines.get(timeoutMs);
    if (deadlines === undefined) {
      deadlines = { ids: new Set(), timer: this.#timer(timeoutMs, timeoutMs) };
      this.#deadlines.set(timeoutMs, deadlines);
    }
    return deadlines;
  }

  #timer(timeoutMs: number, afterMs: number): NodeJS.Timeout {
    // The connector keeps the process alive while sends are pending.
    return setTimeout(() => this.#expire(timeoutMs), afterMs).unref();
  }

  #expire(timeoutMs: number): void {
    const deadlines = this.#deadlines.get(timeoutMs)!;
    const now = performance.now();
    for (const id of deadlines.ids) {
      const leftMs = this.#all.get(id)!.deadline - now;
      if (leftMs > 0) {
        deadlines.timer = this.#timer(timeoutMs, Math.ceil(leftMs));
        return;
      }
      this.#drop(id, true);
    }
    this.#deadlines.delete(timeoutMs);
  }

  #idsOf(signal: AbortSignal): Set<number> {
    let ids = this.#bySignal.get(signal);
    if (ids === undefined) {
      const added = new Set<number>();
      signal.addEventListener("abort", () => added.forEach((id) => this.#drop(id, false)), { once: true });
      this.#bySignal.set(signal, added);
      ids = added;
    }
    return ids;
  }

  #drop(id: number, isTimeout: boolean): void {
    this.settle(id, { kind: isTimeout ? "timeout" : "canceled" });
    this.#options.onDropped(id, isTimeout);
  }
}
