/** Passes signals between the threads of one process, each of which has its own store on the same database. */
import type { Signal } from "./signal.ts";

/** Signals between the threads of one process. */
export interface Siblings {
  /** Identifies the process among all that use the database. */
  readonly process: string;
  /** Number of other threads that run now. */
  readonly count: number;
  /**
   * No other thread has been started so far. Once one has, this remains false even if it ends, because its last changes may be unknown here.
   */
  readonly isAlone: boolean;
  /** Resolves once every other thread has applied the signals; never rejects. */
  tell(signals: readonly Signal[]): Promise<void>;
  /** As `tell`, without confirmation: the signals of one turn of the event loop are sent together. */
  send(signals: readonly Signal[]): void;
  /**
   * Resolves once every other thread has reported everything that it committed before the call (for `Store.catchUp`). Rejects if a thread does
   * not respond, or ends meanwhile.
   */
  catchUp(): Promise<void>;
  /** Sets the listener for signals of other threads. It receives earlier signals at once. */
  onSignals(listener: (signals: readonly Signal[]) => void): void;
  /** Sets what `catchUp` of another thread waits for here: the commits in progress. */
  onCatchUp(pending: () => Promise<void>): void;
  /** Sets the callback for a crash of another thread, which may not have sent the signals of its last commits. */
  onLost(listener: () => void): void;
}
