/** A commit of nothing, on a connection of its own, to see whether the server answers to one. */
import pg from "pg";
import { isAway } from "./errors.ts";

/** A log record without meaning: a commit that writes nothing does not wait for a standby. */
const COMMIT = "SELECT pg_logical_emit_message(TRUE, 'posthorn', '')";

export class CommitProbe implements Disposable {
  /** Resolves with true when it is committed, however long that takes. Rejects when the connection is of no use. */
  readonly answer: Promise<boolean>;
  readonly #client: pg.Client;

  constructor(config: pg.ClientConfig) {
    this.#client = new pg.Client({ ...config, query_timeout: 0 });
    this.#client.on("error", () => undefined);
    this.answer = this.#ask();
    // It may be given up before it has failed.
    this.answer.catch(() => undefined);
  }

  /** With an answer outstanding the connection is cut. */
  [Symbol.dispose](): void {
    this.#client.end().catch(() => undefined);
  }

  async #ask(): Promise<boolean> {
    await this.#client.connect();
    try {
      await this.#client.query(COMMIT);
    } catch (error) {
      // A server that knows no such thing has answered all the same.
      if (isAway(error)) throw error;
    }
    return true;
  }
}
