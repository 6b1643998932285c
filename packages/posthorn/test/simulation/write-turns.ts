/** Who writes to the simulated database: one connection after another, each until its transaction is at its end. */
import type { DatabaseSync } from "node:sqlite";

export class WriteTurns {
  #writer: DatabaseSync | null = null;
  readonly #waiting: { readonly connection: DatabaseSync; readonly go: () => void }[] = [];

  /** Returns whether it is the turn of this connection; else `go` is called when it may be. */
  take(connection: DatabaseSync, go: () => void): boolean {
    if (this.#writer !== null && this.#writer !== connection) {
      this.#waiting.push({ connection, go });
      return false;
    }
    this.#writer = connection;
    return true;
  }

  /** Its transaction is over, or it is closed. */
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
