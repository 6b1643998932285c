/** Write lock of the simulated database: one connection at a time holds it, until its transaction has ended. */
import type { DatabaseSync } from "node:sqlite";

export class WriteTurns {
  #writer: DatabaseSync | null = null;
  readonly #waiting: { readonly connection: DatabaseSync; readonly go: () => void }[] = [];

  /** Takes the lock and returns whether that succeeded. If not, `go` is called when it may be tried again. */
  take(connection: DatabaseSync, go: () => void): boolean {
    if (this.#writer !== null && this.#writer !== connection) {
      this.#waiting.push({ connection, go });
      return false;
    }
    this.#writer = connection;
    return true;
  }

  /** Releases the lock: the transaction has ended, or the connection is closed. */
  end(connection: DatabaseSync): void {
    if (this.#writer !== connection) return;
    this.#writer = null;
    while (this.#writer === null) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.connection.isOpen) next.go();
    }
  }
}
