/**
 * `GET /api/v1/live`: streams messages and attempts as server-sent events (HTML standard, section 9.2). A client that reconnects
 * with `Last-Event-ID` receives the events it missed, or a `gap` event if they are no longer in memory.
 */
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Identity } from "../domain/auth/token-lookup.ts";
import { type Actor, hasSameAccess, payloadView, requireAccess, seesApplication } from "../domain/access.ts";
import { maskPayload } from "../domain/payload-mask.ts";
import { PosthornError } from "../lib/errors.ts";
import type { LiveEvent } from "../live/events.ts";
import type { LiveFeed, Numbered } from "../live/feed.ts";
import { HttpError, HttpValidationError, ref } from "./models/common.ts";
import { openEventStream } from "./open-event-stream.ts";
import { refuseUnknown } from "./validation.ts";

export interface LiveOptions {
  readonly feed: LiveFeed;
  /** Identifies the caller, or throws. Called again while the stream is open, so that the stream ends with its token. */
  readonly identify: (request: FastifyRequest) => Promise<Identity>;
  /** Calls the listener after tokens were revoked, on any node; returns a function that removes it. */
  readonly onTokensRevoked: (listener: () => void) => () => void;
  readonly now: () => number;
}

/** Interval of comments in the stream. They keep proxies from closing it and reveal disconnected clients. */
const HEARTBEAT_MS = 15_000;
const MAX_STREAMS = 500;
const MAX_ORGANISATION_STREAMS = 100;
/** Streams of an organisation that application tokens cannot use, so that its own dashboard can always open one. */
const RESERVED_STREAMS = 20;
/** Maximum number of streams opened with tokens of one application. */
const MAX_APPLICATION_STREAMS = 10;
/** Bytes buffered for a slow client; beyond it, events are dropped and the client gets a `gap`. */
const MAX_WAITING_BYTES = 1024 * 1024;

export function registerLive(app: FastifyInstance, options: LiveOptions): void {
  const streams = new Set<LiveStream>();
  const stopListening = options.onTokensRevoked(() => {
    for (const stream of streams) stream.checkToken();
  });
  app.addHook("preClose", (done) => {
    stopListening();
    for (const stream of streams) stream.end();
    done();
  });
  app.get(LIVE_PATH, async (request, reply) => {
    const { actor } = await options.identify(request);
    requireAccess(actor, { access: "ViewBase", permission: "read" });
    refuseUnknown(LIVE_DESCRIPTION, request.query);
    checkLimits(streams, actor);
    const response = openEventStream(reply);
    if (response === null) return;
    const stream = new LiveStream(request, response, actor, options);
    streams.add(stream);
    response.once("close", () => {
      streams.delete(stream);
      stream.end();
    });
  });
}

/** Throws when one more stream would exceed a limit. The narrowest limit is checked first, so that the error names the cause. */
function checkLimits(streams: ReadonlySet<LiveStream>, actor: Actor): void {
  let ofOrganisation = 0;
  let ofApplications = 0;
  let ofApplication = 0;
  for (const { actor: other } of streams) {
    if (other.orgId !== actor.orgId) continue;
    ofOrganisation++;
    if (other.kind !== "application") continue;
    ofApplications++;
    if (actor.kind === "application" && other.appId === actor.appId) ofApplication++;
  }
  const advice = "Close one, or try again later.";
  if (ofApplication >= MAX_APPLICATION_STREAMS) {
    throw new PosthornError(
      "too_many_application_streams",
      `Tokens of this application have ${MAX_APPLICATION_STREAMS} live streams open, the most allowed. ${advice}`,
    );
  }
  const forApplications = MAX_ORGANISATION_STREAMS - RESERVED_STREAMS;
  if (actor.kind === "application" && ofApplications >= forApplications) {
    throw new PosthornError(
      "too_many_organisation_streams",
      `Tokens of applications have ${forApplications} live streams open, the most allowed in one organisation. ${advice}`,
    );
  }
  if (ofOrganisation >= MAX_ORGANISATION_STREAMS) {
    throw new PosthornError(
      "too_many_organisation_streams",
      `This organisation has ${MAX_ORGANISATION_STREAMS} live streams open, the most allowed. ${advice}`,
    );
  }
  if (streams.size >= MAX_STREAMS) {
    throw new PosthornError(
      "too_many_streams",
      `This server has ${MAX_STREAMS} live streams open, the most allowed. ${advice}`,
    );
  }
}

const ERROR = ref(HttpError);

export const LIVE_PATH = "/api/v1/live";
export const LIVE_DESCRIPTION = {
  operationId: "v1.live",
  tags: ["Live"],
  summary: "Stream messages and attempts",
  description:
    "Server-sent events: `message.accepted`, `attempt.recorded`, and `gap` when events were missed; the list operations have them. A token of an application sees its own events only. Send `Last-Event-ID` to continue after a disconnect. At most 10 streams are open for the tokens of one application, 100 for one organisation (80 of them for tokens of its applications), and 500 in all. A stream ends as soon as its token expires or is revoked.",
  security: [{ token: [] }],
  response: {
    200: { description: "A stream of events.", content: { "text/event-stream": { schema: { type: "string" } } } },
    401: { description: "The token is missing, wrong, expired or revoked.", ...ERROR },
    403: { description: "The token does not allow this.", ...ERROR },
    422: {
      description: "The request has query parameters, but the operation accepts none.",
      ...ref(HttpValidationError),
    },
    429: { description: "Too many streams are open; the code says which limit was reached.", ...ERROR },
    503: { description: "Not now; try again.", ...ERROR },
  },
};

class LiveStream {
  readonly actor: Actor;
  readonly #response: ServerResponse;
  readonly #request: FastifyRequest;
  readonly #options: LiveOptions;
  readonly #stopWatching: () => void;
  readonly #heartbeat: NodeJS.Timeout;
  #expiry: NodeJS.Timeout | undefined;
  #skipping = false;

  constructor(request: FastifyRequest, response: ServerResponse, actor: Actor, options: LiveOptions) {
    this.actor = actor;
    this.#response = response;
    this.#request = request;
    this.#options = options;
    const { feed } = options;
    const since = request.headers["last-event-id"];
    response.write(`retry: 2000\nid: ${feed.position}\nevent: open\ndata: {}\n\n`);
    const watcher = {
      events: (events: readonly Numbered[]) => this.#send(events),
      gap: (id: string) => void response.write(`id: ${id}\nevent: gap\ndata: {}\n\n`),
    };
    this.#stopWatching = feed.watch(watcher, typeof since === "string" && since !== "" ? since : null);
    this.#heartbeat = setInterval(() => {
      response.write(":\n\n");
      this.checkToken();
    }, HEARTBEAT_MS);
    // Sets the expiry timer, and detects a revocation that happened while the caller was identified.
    this.checkToken();
  }

  /** Ends the stream if its token is no longer valid, or has other permissions than when it was opened: its client reconnects. */
  checkToken(): void {
    this.#options.identify(this.#request).then(
      ({ actor, expiresAt }) => (hasSameAccess(actor, this.actor) ? this.#endAt(expiresAt) : this.end()),
      () => this.end(),
    );
  }

  end(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#expiry);
    this.#stopWatching();
    if (!this.#response.writableEnded) this.#response.end();
  }

  /** Ends the stream when the token expires. Each heartbeat checks again, so an expiry after the next one needs no timer yet. */
  #endAt(expiresAt: number): void {
    clearTimeout(this.#expiry);
    if (this.#response.writableEnded) return;
    const inMs = expiresAt - this.#options.now();
    if (inMs <= HEARTBEAT_MS) this.#expiry = setTimeout(() => this.end(), Math.max(0, inMs));
  }

  #send(events: readonly Numbered[]): void {
    const own = events.filter(({ event }) => this.#maySee(event.orgId, event.appKey));
    if (own.length === 0) return;
    if (this.#response.writableLength > MAX_WAITING_BYTES) {
      this.#skipping = true;
      return;
    }
    let text = "";
    if (this.#skipping) {
      this.#skipping = false;
      text = `id: ${own[0]!.id}\nevent: gap\ndata: {}\n\n`;
    }
    for (const { id, event } of own) text += `id: ${id}\nevent: ${event.type}\ndata: ${this.#dataOf(event)}\n\n`;
    this.#response.write(text);
  }

  /** An event type can be a value of a payload. */
  #dataOf({ data }: LiveEvent): string {
    const view = payloadView(this.actor);
    if (view === "full" || !("eventType" in data)) return JSON.stringify(data);
    return JSON.stringify({ ...data, eventType: maskPayload("name", data.eventType, view) });
  }

  #maySee(orgId: number, appKey: number): boolean {
    const { actor } = this;
    return orgId === actor.orgId && seesApplication(actor, appKey);
  }
}
