/** Makes an empty commit on a separate connection, to check whether the server responds to commits. */
import pg from "pg";
import { isUnavailable } from "./errors.ts";

/** Writes a log record without effect, because a commit that writes nothing does not wait for a standby. */
const COMMIT = "SELECT pg_logical_emit_message(TRUE, 'posthorn', '')";

export class CommitProbe implements Disposable {
  /** Resolves with true when the server has responded to the commit, however long that takes. Rejects when the connection fails. */
  readonly response: Promise<boolean>;
  readonly #client: pg.Client;

  constructor(config: pg.ClientConfig) {
    this.#client = new pg.Client({ ...config, query_timeout: 0 });
    this.#client.on("error", () => undefined);
    this.response = this.#ask();
    // The probe may be disposed before the response rejects, and then nothing handles the rejection.
    this.response.catch(() => undefined);
  }

  /** Closes the connection, even if the response is outstanding. */
  [Symbol.dispose](): void {
    this.#client.end().catch(() => undefined);
  }

  async #ask(): Promise<boolean> {
    await this.#client.connect();
    try {
      await this.#client.query(COMMIT);
    } catch (error) {
      // Any other error counts too, such as one for an unknown function: the server has responded.
      if (isUnavailable(error)) throw error;
    }
    return true;
  }
}
