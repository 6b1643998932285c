/** Reports write transactions that stay open for long, so that one that waits for something outside the database is found. */
import { type PassingTime, systemTime } from "../lib/clock.ts";

/** Milliseconds that a write transaction may be open without being reported: a hundred times what one normally takes. */
export const LONG_TRANSACTION_MS = 500;

/** Of a transaction whose caller gives no name, such as in tests. */
export const UNNAMED = "unnamed";

export interface LongTransaction {
  /** The route or background job that opened it. */
  readonly operation: string;
  /** Milliseconds since it began. */
  readonly openMs: number;
  /** False: it is still open. A transaction that is reported as open is reported again when it has ended. */
  readonly ended: boolean;
  /** Whether nothing was reported of this transaction before. */
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

  /** Starts to time a transaction that has just begun. Dispose of the result when it has ended. */
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
        // The timer is late when the main thread itself was busy inside the transaction.
        if (reported || this.#time.monotonic() - begun >= LONG_TRANSACTION_MS) report(true);
      },
    };
  }
}
