/** Reads server-sent events from `fetch`. `EventSource` can send a token only in the URL, where it would be logged. */

export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Incremental parser of server-sent events (HTML standard, section 9.2). */
export class EventParser {
  #rest = "";
  #id = "";
  #event = "";
  #data: string[] = [];

  /** Parses a chunk. @returns The events that it completes. */
  push(text: string): readonly ServerEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop()!;
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): ServerEvent | null {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id") this.#id = value;
    if (name === "event") this.#event = value;
    if (name === "data") this.#data.push(value);
    return null;
  }

  #end(): ServerEvent | null {
    const { length } = this.#data;
    const event = { id: this.#id, event: this.#event === "" ? "message" : this.#event, data: this.#data.join("\n") };
    this.#event = "";
    this.#data = [];
    return length === 0 ? null : event;
  }
}

/** Calls `onEvents` until the stream ends, `signal` aborts, or `quietMs` pass without data. */
export async function readEvents(
  response: Response,
  signal: AbortSignal,
  quietMs: number,
  onEvents: (events: readonly ServerEvent[]) => void,
): Promise<void> {
  if (response.body === null) return;
  const parser = new EventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    // Detects dead connections, for example after a closed laptop or a network change.
    timer = setTimeout(() => void reader.cancel(), quietMs);
  };
  const stop = (): void => void reader.cancel();
  signal.addEventListener("abort", stop);
  try {
    for (;;) {
      watch();
      const { done, value } = await reader.read();
      if (done) return;
      const events = parser.push(value);
      if (events.length > 0) onEvents(events);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
