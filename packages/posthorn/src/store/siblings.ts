/** How a store passes signals between the threads of one process, each of which has its own store on the same database. */
import type { Signal } from "./signal.ts";

/** Signals between the threads of one process. */
export interface Siblings {
  /** Identifies the process among all that use the database. */
  readonly process: string;
  /** Number of other threads that run now. */
  readonly count: number;
  /** No other thread has been started so far. Once one has, this remains false even if it ends: what it did last may be unknown here. */
  readonly isAlone: boolean;
  /** Resolves once every other thread has applied the signals; never rejects. */
  tell(signals: readonly Signal[]): Promise<void>;
  /** As `tell`, without confirmation: the signals of one turn of the event loop are sent together. */
  send(signals: readonly Signal[]): void;
  /**
   * Resolves once every other thread has told all that it committed before the call (for `Store.catchUp`). Rejects if a thread does not
   * respond, or ends meanwhile.
   */
  catchUp(): Promise<void>;
  /** Sets what applies signals of other threads. Those that arrived earlier are passed on at once. */
  onSignals(listener: (signals: readonly Signal[]) => void): void;
  /** Sets what `catchUp` of another thread waits for here: the commits in progress. */
  onCatchUp(pending: () => Promise<void>): void;
  /** Sets what is called when another thread has crashed: it may not have told the signals of its last commits. */
  onLost(listener: () => void): void;
}
