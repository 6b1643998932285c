/**
 * `GET /api/v1/live`: what happens, as server-sent events (HTML standard, section 9.2). A watcher that comes back sends the
 * `Last-Event-ID` it had and gets what it missed, or the event `gap` when that is not in memory any more.
 */
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Actor, requireAccess } from "../domain/context.ts";
import { PosthornError } from "../errors.ts";
import type { LiveFeed, Numbered } from "../live/feed.ts";

export interface LiveOptions {
  readonly feed: LiveFeed;
  /** Who asks, or throws; asked again while the stream goes on, so that it ends with its token. */
  readonly authenticate: (request: FastifyRequest) => Promise<Actor>;
}

/** A comment goes out this often: it keeps proxies from closing the stream, and shows when the reader is gone. */
const HEARTBEAT_MS = 15_000;
const MAX_STREAMS = 500;
/** Bytes that may wait for a slow reader; more, and it is told of a gap instead. */
const MAX_WAITING_BYTES = 1024 * 1024;

export function registerLive(app: FastifyInstance, options: LiveOptions): void {
  const streams = new Set<LiveStream>();
  app.addHook("preClose", (done) => {
    for (const stream of streams) stream.end();
    done();
  });
  app.get("/api/v1/live", { schema: DESCRIPTION }, async (request, answer) => {
    const actor = await options.authenticate(request);
    requireAccess(actor, "ViewBase");
    if (streams.size >= MAX_STREAMS) {
      throw new PosthornError("too_many_streams", `${MAX_STREAMS} streams are open: close one, or try again later.`);
    }
    answer.hijack();
    const stream = new LiveStream(request, answer.raw, actor, options);
    streams.add(stream);
    answer.raw.once("close", () => {
      streams.delete(stream);
      stream.end();
    });
  });
}

const DESCRIPTION = {
  operationId: "v1.live",
  tags: ["Live"],
  summary: "Watch what happens",
  description:
    "Server-sent events: `message.accepted`, `attempt.recorded`, and `gap` when something was missed that the lists know. A token of an application sees what is its own. Send `Last-Event-ID` to go on after a break.",
  security: [{ token: [] }],
  response: {
    200: { description: "A stream of events.", content: { "text/event-stream": { schema: { type: "string" } } } },
  },
};

class LiveStream {
  readonly #answer: ServerResponse;
  readonly #actor: Actor;
  readonly #stopWatching: () => void;
  readonly #heartbeat: NodeJS.Timeout;
  #skipping = false;

  constructor(request: FastifyRequest, answer: ServerResponse, actor: Actor, { feed, authenticate }: LiveOptions) {
    this.#answer = answer;
    this.#actor = actor;
    answer.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "access-control-allow-origin": "*",
      // Proxies that gather answers would hold events back.
      "x-accel-buffering": "no",
    });
    const since = request.headers["last-event-id"];
    answer.write(`retry: 2000\nid: ${feed.position}\nevent: open\ndata: {}\n\n`);
    const watcher = {
      events: (events: readonly Numbered[]) => this.#send(events),
      gap: (id: string) => void answer.write(`id: ${id}\nevent: gap\ndata: {}\n\n`),
    };
    this.#stopWatching = feed.watch(watcher, typeof since === "string" && since !== "" ? since : null);
    this.#heartbeat = setInterval(() => {
      answer.write(":\n\n");
      authenticate(request).catch(() => this.end());
    }, HEARTBEAT_MS);
  }

  end(): void {
    clearInterval(this.#heartbeat);
    this.#stopWatching();
    if (!this.#answer.writableEnded) this.#answer.end();
  }

  #send(events: readonly Numbered[]): void {
    const own = events.filter(({ event }) => this.#maySee(event.orgId, event.appKey));
    if (own.length === 0) return;
    if (this.#answer.writableLength > MAX_WAITING_BYTES) {
      this.#skipping = true;
      return;
    }
    let text = "";
    if (this.#skipping) {
      this.#skipping = false;
      text = `id: ${own[0]!.id}\nevent: gap\ndata: {}\n\n`;
    }
    for (const { id, event } of own) text += `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`;
    this.#answer.write(text);
  }

  #maySee(orgId: number, appKey: number): boolean {
    const actor = this.#actor;
    return orgId === actor.orgId && (actor.kind === "organisation" || actor.appId === appKey);
  }
}
