/** The connection that hears what other connections announce: see `posthorn.publish` in `023-outbox.ts`. */
import pg from "pg";
import { clientConfig } from "./connections.ts";

/** What follows the kind in a notice, such as `12` of `outbox 12`; `null`: notices may have been missed. */
export type NoticeListener = (text: string | null) => void;

const CHANNEL = "posthorn";
const RETRY_MS = 1000;

/** Listens as long as it lives, over broken connections. Whoever relies on it looks by itself from time to time all the same. */
export class Notices implements AsyncDisposable {
  readonly #url: string;
  readonly #listener: NoticeListener;
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  /** @param url Without a pooler in between, which would forget who listens. */
  constructor(url: string, listener: NoticeListener) {
    this.#url = url;
    this.#listener = listener;
  }

  async start(): Promise<void> {
    const client = new pg.Client(clientConfig({ url: this.#url, use: "coordination" }));
    client.on("error", () => undefined);
    client.once("end", () => this.#again());
    client.on("notification", ({ payload }) => this.#listener(payload ?? ""));
    this.#client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#listener(null);
    } catch {
      await client.end().catch(() => undefined);
      this.#again();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#client?.end().catch(() => undefined);
  }

  #again(): void {
    if (this.#closed || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.start();
    }, RETRY_MS);
    this.#timer.unref();
  }
}
