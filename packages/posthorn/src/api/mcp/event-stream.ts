/** `events/stream`: sends the events of a subscription as they are published, until the client disconnects or its access ends. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { readFeedWaiting } from "../../domain/feed/read.ts";
import { encodeCursor, type Position } from "../../domain/feed/position.ts";
import { OPEN_READERS } from "../feed/readers.ts";
import { drained } from "../feed/stream.ts";
import { openEventStream } from "../open-event-stream.ts";
import type { ToolCaller } from "./call-tool.ts";
import { occurrence, type Subscribed, subscribed } from "./events.ts";
import { CODE, type Message, META, resultText, type ServerInfo, serverInfo } from "./protocol.ts";

/** Interval of heartbeats, which advance the cursor of the client and reveal disconnected clients. */
const HEARTBEAT_MS = 15_000;
const PAGE = 100;

export interface StreamParts {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Aborted when the server stops. */
  readonly closing: AbortSignal;
  /** Whether the access of the caller is unchanged. */
  readonly isStillAllowed: () => Promise<boolean>;
}

/** Resolves when the stream has ended. Rejects, with nothing sent, if the subscription is refused. */
export async function streamEvents(caller: ToolCaller, message: Message, parts: StreamParts): Promise<void> {
  const { reply, request, closing } = parts;
  const subscription = await subscribed(caller, message.params);
  using stack = new DisposableStack();
  stack.use(OPEN_READERS.enter(subscription.ctx.actor));
  await subscription.trail?.finish(caller.services);
  const response = openEventStream(reply);
  if (response === null) return;
  const ended = new AbortController();
  response.once("close", () => ended.abort());
  const frames = new Frames(message, subscription, serverInfo(caller.app, caller.services.rules.portalLook.name));
  const signal = AbortSignal.any([ended.signal, closing]);
  response.write(frames.active());
  try {
    await pump(subscription, frames, { signal, isStillAllowed: parts.isStillAllowed, response });
  } catch (error) {
    if (!signal.aborted) request.log.warn({ err: error }, "an event stream ended; its client will reconnect");
  }
  if (!ended.signal.aborted) response.end(frames.result());
}

interface Pumping {
  readonly response: FastifyReply["raw"];
  readonly signal: AbortSignal;
  readonly isStillAllowed: () => Promise<boolean>;
}

async function pump(
  { ctx, feed, from, filter }: Subscribed,
  frames: Frames,
  { response, signal, isStillAllowed }: Pumping,
): Promise<void> {
  for (let at = from; !signal.aborted;) {
    const wait = AbortSignal.any([signal, AbortSignal.timeout(HEARTBEAT_MS)]);
    const page = await readFeedWaiting({ ctx, input: { feed, from: at, limit: PAGE, filter } }, wait);
    if (signal.aborted) return;
    // A token that was revoked, or has expired, gets nothing more.
    if (!(await isStillAllowed())) {
      response.write(frames.terminated());
      return;
    }
    at = page.end;
    const text =
      page.messages.length === 0 ? frames.heartbeat(at) : page.messages.map((one) => frames.event(one)).join("");
    if (!response.write(text) && !(await drained(response, signal))) return;
  }
}

/** Frames of one stream. Each names the request that it belongs to. */
class Frames {
  readonly #message: Message;
  readonly #subscription: Subscribed;
  readonly #info: ServerInfo;

  constructor(message: Message, subscription: Subscribed, info: ServerInfo) {
    this.#message = message;
    this.#subscription = subscription;
    this.#info = info;
  }

  active(): string {
    const { from, truncated } = this.#subscription;
    return this.#frame("active", { cursor: this.#cursor(from), truncated });
  }

  event(found: Parameters<typeof occurrence>[1]): string {
    return this.#frame("event", { ...occurrence(this.#subscription, found), cursor: this.#cursor(found.position) });
  }

  heartbeat(at: Position): string {
    return this.#frame("heartbeat", { cursor: this.#cursor(at) });
  }

  terminated(): string {
    const message = "The token was revoked or has expired, or its access was taken away.";
    return this.#frame("terminated", { error: { code: CODE.forbidden, message } });
  }

  result(): string {
    return `data: ${resultText(this.#message, { _meta: {} }, this.#info)}\n\n`;
  }

  #cursor(at: Position): string {
    return encodeCursor(this.#subscription.feed, at);
  }

  #frame(kind: string, params: object): string {
    const meta = { [META.subscription]: this.#message.id };
    const message = { jsonrpc: "2.0", method: `notifications/events/${kind}`, params: { ...params, _meta: meta } };
    return `data: ${JSON.stringify(message)}\n\n`;
  }
}
