/** Reports write transactions that stay open for too long, to find those that wait for something outside the database. */
import { type PassingTime, systemTime } from "../lib/clock.ts";

/** Milliseconds after which an open write transaction is reported: a hundred times the normal duration. */
export const LONG_TRANSACTION_MS = 500;

/** Operation of a transaction whose caller gives no name, as in tests. */
export const UNNAMED = "unnamed";

/** Operation of a transaction of another thread of the process. */
const ELSEWHERE = "another thread (rolled back)";

export interface LongTransaction {
  /** The route or background job that opened it. */
  readonly operation: string;
  /** Milliseconds since it began. */
  readonly openMs: number;
  /** False: still open. A transaction that was reported as open is reported again when it ends. */
  readonly ended: boolean;
  /** Whether this is the first report of the transaction. */
  readonly first: boolean;
}

export type LongTransactionListener = (transaction: LongTransaction) => void;

/** Times the write transactions of one store. */
export class TransactionWatch {
  readonly #time: PassingTime;
  #listener: LongTransactionListener = () => undefined;

  constructor(time: PassingTime = systemTime) {
    this.#time = time;
  }

  onLong(listener: LongTransactionListener): void {
    this.#listener = listener;
  }

  /** Reports the transaction of another thread, which left it idle while this one waited, so that it was rolled back. */
  rolledBack(openMs: number): void {
    this.#listener({ operation: ELSEWHERE, openMs: Math.round(openMs), ended: true, first: true });
  }

  /** Starts timing a transaction that has just begun. Dispose the result when the transaction has ended. */
  begin(operation: string): Disposable {
    const begun = this.#time.monotonic();
    let reported = false;
    const report = (ended: boolean): void => {
      const first = !reported;
      reported = true;
      this.#listener({ operation, openMs: Math.round(this.#time.monotonic() - begun), ended, first });
    };
    const cancel = this.#time.setTimer(LONG_TRANSACTION_MS, () => report(false));
    return {
      [Symbol.dispose]: () => {
        cancel();
        // The timer has not fired yet when the main thread was busy inside the transaction.
        if (reported || this.#time.monotonic() - begun >= LONG_TRANSACTION_MS) report(true);
      },
    };
  }
}
