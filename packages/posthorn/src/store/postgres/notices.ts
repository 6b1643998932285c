/** The connection that hears what other connections announce: see `posthorn.publish` in `023-outbox.ts`. */
import type pg from "pg";
import type { Pulse } from "./pulse.ts";

/** What follows the kind in a notice, such as `12` of `outbox 12`; `null`: notices may have been missed. */
export type NoticeListener = (text: string | null) => void;

const CHANNEL = "posthorn";
const RETRY_MS = 1000;

/** Listens as long as it lives, over broken connections. Whoever relies on it looks by itself from time to time all the same. */
export class Notices implements AsyncDisposable {
  readonly #pulse: Pulse;
  readonly #listener: NoticeListener;
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  /** @param pulse Of the way without a pooler in between, which would forget who listens. */
  constructor(pulse: Pulse, listener: NoticeListener) {
    this.#pulse = pulse;
    this.#listener = listener;
  }

  async start(): Promise<void> {
    try {
      const client = await this.#pulse.open();
      this.#client = client;
      client.once("end", () => this.#again());
      client.on("notification", ({ payload }) => this.#listener(payload ?? ""));
      await client.query(`LISTEN ${CHANNEL}`);
      this.#listener(null);
    } catch {
      this.#again();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#client?.end().catch(() => undefined);
  }

  #again(): void {
    if (this.#closed || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // Closed while it waited: then there is nothing to listen to any more.
      this.#pulse.whenHere().then(
        () => this.start(),
        () => undefined,
      );
    }, RETRY_MS);
    this.#timer.unref();
  }
}
