/** Bounds the requests on their way to listeners of other nodes, which are rows of the database: further ones wait in memory. */

interface Waiting {
  readonly size: number;
  readonly settle: (mayEnter: boolean) => void;
}

interface Session {
  count: number;
  size: number;
  readonly waiting: Set<Waiting>;
}

export interface RemoteRequestLimits {
  /** Maximum number of requests to one session. */
  readonly count: number;
  /** Maximum number of characters of their bodies. One request alone may have more. */
  readonly size: number;
}

/** Windows of sessions. Each request enters before it is sent, and leaves when it has its answer. */
export class RemoteRequestWindow {
  readonly #limits: RemoteRequestLimits;
  readonly #sessions = new Map<number, Session>();

  constructor(limits: RemoteRequestLimits) {
    this.#limits = limits;
  }

  /** Resolves when the request may be sent, in the order of the calls; `false`: its session ended, or `signal` was aborted. */
  enter(session: number, size: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    const state = this.#sessions.get(session) ?? { count: 0, size: 0, waiting: new Set<Waiting>() };
    this.#sessions.set(session, state);
    if (state.waiting.size === 0 && this.#hasRoom(state, size)) {
      take(state, size);
      return Promise.resolve(true);
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const abort = (): void => waiting.settle(false);
    const waiting: Waiting = {
      size,
      settle: (mayEnter) => {
        state.waiting.delete(waiting);
        signal.removeEventListener("abort", abort);
        resolve(mayEnter);
        if (!mayEnter) this.#fill(session, state);
      },
    };
    signal.addEventListener("abort", abort, { once: true });
    state.waiting.add(waiting);
    return promise;
  }

  /** A request that had entered has its answer. */
  leave(session: number, size: number): void {
    const state = this.#sessions.get(session);
    if (state === undefined) return;
    state.count--;
    state.size -= size;
    this.#fill(session, state);
  }

  /** Drops the requests that wait for sessions that have ended. */
  end(isEnded: (session: number) => boolean): void {
    for (const [session, { waiting }] of this.#sessions) {
      if (!isEnded(session)) continue;
      const all = [...waiting];
      // Emptied first: one that gives up its place must not let the next one in.
      waiting.clear();
      for (const one of all) one.settle(false);
    }
  }

  #fill(session: number, state: Session): void {
    for (const waiting of state.waiting) {
      if (!this.#hasRoom(state, waiting.size)) return;
      take(state, waiting.size);
      waiting.settle(true);
    }
    if (state.count === 0 && state.waiting.size === 0) this.#sessions.delete(session);
  }

  #hasRoom({ count, size: used }: Session, size: number): boolean {
    return count === 0 || (count < this.#limits.count && used + size <= this.#limits.size);
  }
}

function take(state: Session, size: number): void {
  state.count++;
  state.size += size;
}
