import type { ClientFrame } from "../../relay/frames.ts";
import { ApiError, call, open } from "../client.ts";
import type { Transport, TransportEnd, TransportOptions } from "./transport.ts";

/** Frames in one request: fewer than the server accepts. */
const FRAMES_AT_ONCE = 50;
/** How long frames may take to be transferred at the end. */
const CLOSE_MS = 5000;
const LOST = "The event stream ended. Deliveries wait until it is back.";

/** Connects a listener with server-sent events, and sends its frames with requests of their own. */
export function openStream(options: TransportOptions): Transport {
  const transport = new StreamTransport(options);
  void transport.run();
  return transport;
}

class StreamTransport implements Transport {
  readonly kind = "event-stream";
  readonly #options: TransportOptions;
  readonly #abort = new AbortController();
  #queue: string[] = [];
  #sending: Promise<void> | null = null;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { connection, ticket, window, onFrame, onSign, onEnd } = this.#options;
    try {
      const path = `/api/v1/relay/stream?ticket=${ticket}&window=${window}`;
      const response = await open(connection, "GET", path, { signal: this.#abort.signal });
      for await (const text of dataOf(response.body!, onSign)) onFrame(text);
      onEnd({ kind: "lost", message: LOST });
    } catch (error) {
      onEnd(endOf(error));
    }
  }

  send(frame: ClientFrame): void {
    this.#queue.push(JSON.stringify(frame));
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = null));
  }

  async close(): Promise<void> {
    const timeout = setTimeout(() => this.terminate(), CLOSE_MS);
    await this.#sending;
    clearTimeout(timeout);
    this.terminate();
  }

  terminate(): void {
    this.#abort.abort();
  }

  /** Sends frames in their order. What arrives in the meantime is sent together. */
  async #sendAll(): Promise<void> {
    const { connection, app, session, onEnd } = this.#options;
    const path = `/api/v1/app/${encodeURIComponent(app)}/relay/session/${session}/frame`;
    try {
      while (this.#queue.length > 0 && !this.#abort.signal.aborted) {
        const frames = this.#queue.slice(0, FRAMES_AT_ONCE);
        await call(connection, "POST", path, { frames });
        this.#queue = this.#queue.slice(frames.length);
      }
    } catch (error) {
      this.#queue = [];
      onEnd(endOf(error));
    }
  }
}

function endOf(error: unknown): TransportEnd {
  const message = error instanceof Error ? error.message : String(error);
  const isRefused = error instanceof ApiError && [403, 409].includes(error.httpStatus);
  return { kind: isRefused ? "refused" : "lost", message };
}

/** Data of server-sent events (HTML standard, section 9.2) with one line each. Calls `onChunk` for whatever arrives. */
export async function* dataOf(body: AsyncIterable<Uint8Array>, onChunk: () => void): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // Parts of a line that is not complete: a frame can have millions of characters, and is not copied for each chunk.
  let parts: string[] = [];
  for await (const chunk of body) {
    onChunk();
    const [first, ...lines] = decoder.decode(chunk, { stream: true }).split("\n");
    parts.push(first!);
    for (const line of lines) {
      const whole = parts.join("");
      parts = [line];
      if (whole.startsWith("data: ")) yield whole.slice("data: ".length).replace(/\r$/, "");
    }
  }
}
