import { type CallOptions, McpEventsError, parseExact, requestOf, resultOf, TIMEOUT_MS, unavailable } from "./call.ts";
import type { McpEventsContext } from "./options.ts";

/** The part of a request of `@modelcontextprotocol/server` with which a handler sends notifications. */
export interface Streaming {
  readonly id: string | number;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  readonly notify: (notification: {
    readonly method: string;
    readonly params: Record<string, unknown>;
  }) => Promise<void>;
}

/** Names the request that a notification belongs to. */
const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
/** Posthorn sends a heartbeat every 15 seconds. */
const SILENT_MS = 60_000;

interface StreamCall {
  readonly params: Record<string, unknown>;
  readonly streaming: Streaming;
}

/** Passes on the notifications of a Posthorn stream until it ends or the client disconnects. Returns the result of the stream. */
export async function streamEvents(
  options: CallOptions,
  context: McpEventsContext,
  { params, streaming }: StreamCall,
): Promise<Record<string, unknown>> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  streaming.signal.addEventListener("abort", end, { once: true });
  if (streaming.signal.aborted) end();
  const silence = new Silence(options.timeoutMs ?? TIMEOUT_MS, end);
  try {
    const { fetch = globalThis.fetch } = options;
    const response = await fetch(requestOf(options, context, { method: "events/stream", params }, ended.signal));
    if (!isStream(response)) return resultOf(response, await response.text());
    silence.allow(SILENT_MS);
    return await passOn(response, streaming, silence);
  } catch (cause) {
    if (streaming.signal.aborted) return {};
    if (cause instanceof McpEventsError) throw cause;
    throw unavailable(ended.signal.aborted ? "it did not respond in time" : "it cannot be reached", cause);
  } finally {
    silence.allow(null);
    streaming.signal.removeEventListener("abort", end);
    end();
  }
}

function isStream({ headers, body }: Response): boolean {
  return body !== null && headers.get("content-type")?.startsWith("text/event-stream") === true;
}

async function passOn(
  response: Response,
  { id, notify }: Streaming,
  silence: Silence,
): Promise<Record<string, unknown>> {
  for await (const text of messagesOf(response.body!, silence)) {
    const message = parseExact(text) as Partial<Notification>;
    if (message.method === undefined) return resultOf(response, text);
    const { _meta: meta, ...params } = message.params ?? {};
    await notify({ method: message.method, params: { ...params, _meta: { ...(meta as object), [SUBSCRIPTION]: id } } });
  }
  throw unavailable("its stream ended");
}

interface Notification {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** Data of server-sent events (HTML standard, section 9.2). Each has one line of data. */
async function* messagesOf(body: ReadableStream<Uint8Array>, silence: Silence): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      silence.allow(SILENT_MS);
      text += decoder.decode(value, { stream: true });
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
        const line = /^data: ?(.*)$/m.exec(text.slice(0, end));
        text = text.slice(end + 2);
        if (line !== null) yield line[1]!;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Ends a connection on which nothing arrives. */
class Silence {
  readonly #end: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, end: () => void) {
    this.#end = end;
    this.allow(ms);
  }

  /** Restarts the timer with a new limit; `null`: no limit. */
  allow(ms: number | null): void {
    clearTimeout(this.#timer);
    this.#timer = ms === null ? undefined : setTimeout(this.#end, ms);
  }
}
