import type { ServerResponse } from "node:http";
import type { RelayLink } from "../../relay/connection.ts";
import type { ServerFrame } from "../../relay/frames.ts";

export interface EventStreamOptions {
  /** Interval of comments that keep proxies from closing the connection. */
  readonly pingMs: number;
  /** How long the listener may take to read what was sent before the end. */
  readonly closeMs: number;
  /** Bytes that a slow listener may leave unread. */
  readonly maxWaitingBytes: number;
}

/** Sends the frames of a connection as server-sent events (HTML standard, section 9.2). */
export class EventStream implements RelayLink {
  readonly #response: ServerResponse;
  readonly #options: EventStreamOptions;
  readonly #pings: NodeJS.Timeout;
  #closing: NodeJS.Timeout | undefined;

  /** @param response Its headers are sent already. */
  constructor(response: ServerResponse, options: EventStreamOptions) {
    this.#response = response;
    this.#options = options;
    this.#pings = setInterval(() => response.write(":\n\n"), options.pingMs);
    response.on("error", () => response.destroy());
    response.once("close", () => {
      clearInterval(this.#pings);
      clearTimeout(this.#closing);
    });
  }

  send(frame: ServerFrame): void {
    if (this.#response.writableLength > this.#options.maxWaitingBytes) this.#response.destroy();
    else this.#response.write(`data: ${JSON.stringify(frame)}\n\n`);
  }

  close(): void {
    clearInterval(this.#pings);
    this.#response.end();
    // A listener that reads nothing would keep the connection open.
    this.#closing ??= setTimeout(() => this.#response.destroy(), this.#options.closeMs).unref();
  }
}
