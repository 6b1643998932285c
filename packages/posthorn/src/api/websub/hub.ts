/**
 * The WebSub hub and its topics (W3C Recommendation, 23 January 2018). They are for third parties, who have the URL of a topic and no API token.
 * Registered before the hooks for callers of the API, which expect JSON.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { linkHeader } from "../../destinations/kinds/web-sub.ts";
import type { Services } from "../../domain/context.ts";
import { newestEvent } from "../../domain/websub/content.ts";
import { acceptHubRequest, isServed, readHubRequest } from "../../domain/websub/request.ts";
import { topicOfToken } from "../../domain/websub/topic.ts";
import { HUB_PATH, hubUrl, TOPIC_PATH } from "../../domain/websub/urls.ts";
import { PosthornError } from "../../lib/errors.ts";
import type { RateLimiter } from "../../lib/rate-limiter.ts";
import { discard } from "../connection.ts";
import { failureReply } from "../failure.ts";
import { asksForScript, INERT } from "../inert.ts";

/** Requests a minute from one address, and about one topic or callback host. Each request to subscribe causes a call of the callback. */
const PER_ADDRESS = 120;
const PER_TOPIC = 300;
const PER_HOST = 60;
/** A form with three URLs of 2 KiB, percent-encoded. */
const MAX_FORM_BYTES = 32 * 1024;
const FORM = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;

declare module "fastify" {
  interface FastifyContextConfig {
    /** Route of the hub that requires no API token: see `registerWebSub`. */
    readonly webSub?: "hub" | "topic";
  }
}

interface HubAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export function registerWebSub(app: FastifyInstance, services: Services): void {
  const limits = {
    address: services.rateLimits.limiter("websub addresses", PER_ADDRESS),
    topic: services.rateLimits.limiter("websub topics", PER_TOPIC),
    host: services.rateLimits.limiter("websub hosts", PER_HOST),
  };
  const answer = (request: FastifyRequest, part: "hub" | "topic"): Promise<HubAnswer> =>
    (part === "hub" ? hub : topic)(request, services, limits).catch((error: unknown) => failed(request, error));
  const respond = async (
    request: FastifyRequest,
    reply: FastifyReply,
    part: "hub" | "topic",
    fail: (error: Error) => void,
  ): Promise<void> => {
    try {
      const found = await answer(request, part);
      await discard(request.raw);
      reply.hijack();
      send(reply.raw, request.raw, found);
    } catch (error) {
      fail(error as Error);
    }
  };
  app.addHook("onRequest", (request, reply, done) => {
    const { webSub } = request.routeOptions.config;
    if (webSub === undefined) return done();
    void respond(request, reply, webSub, done);
  });
  // The handlers are never reached, because the hook responds.
  app.route({ method: ["GET", "POST"], url: HUB_PATH, config: { webSub: "hub" }, handler: () => undefined });
  app.route({
    method: ["GET", "HEAD"],
    url: `${TOPIC_PATH}/:token`,
    exposeHeadRoute: false,
    config: { webSub: "topic" },
    handler: () => undefined,
  });
}

type Limits = Readonly<Record<"address" | "topic" | "host", RateLimiter>>;

function failed(request: FastifyRequest, error: unknown): HubAnswer {
  const { status, json } = failureReply(error, request);
  const wait: Record<string, string> =
    status === 429 ? { "retry-after": "60" } : status === 503 ? { "retry-after": "5" } : {};
  return answerOf(status, json ?? "", wait);
}

function answerOf(status: number, json: string, headers: Readonly<Record<string, string>> = {}): HubAnswer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: Buffer.from(json) };
}

async function hub({ raw, ip }: FastifyRequest, services: Services, limits: Limits): Promise<HubAnswer> {
  if (raw.method !== "POST") {
    throw new PosthornError(
      "bad_request",
      "This is a WebSub hub. Subscribe with a POST of hub.mode, hub.topic and hub.callback as a form.",
    );
  }
  if (!isServed(services)) throw new PosthornError("not_found", "This server has no WebSub hub.");
  requireRate(limits.address, ip);
  if (!FORM.test(raw.headers["content-type"] ?? "")) {
    throw new PosthornError("bad_request", "Send the parameters as application/x-www-form-urlencoded.");
  }
  const request = readHubRequest(new URLSearchParams(await readForm(raw)));
  requireRate(limits.topic, request.topic);
  requireRate(limits.host, URL.parse(request.callback)?.host ?? "");
  await acceptHubRequest(services, request);
  return { status: 202, headers: {}, body: Buffer.alloc(0) };
}

function requireRate(limiter: RateLimiter, key: string): void {
  if (limiter.take(key)) return;
  throw new PosthornError("too_many_requests", "Too many requests. Try again in a minute.");
}

async function readForm(raw: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of raw.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).byteLength;
    if (size > MAX_FORM_BYTES) throw new PosthornError("payload_too_large", "The form is too large.");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The newest event of a topic, with the links by which a subscriber finds the hub. */
async function topic(request: FastifyRequest, services: Services, limits: Limits): Promise<HubAnswer> {
  const { raw, ip, params } = request;
  requireRate(limits.address, ip);
  if (asksForScript(raw.headers)) {
    throw new PosthornError(
      "insufficient access",
      "A browser requested this URL as a script, but it does not serve code.",
    );
  }
  const { token } = params as { readonly token: string };
  const found = isServed(services) ? await topicOfToken({ services, tx: null }, token) : null;
  if (found === null) throw new PosthornError("not_found", "There is no topic at this URL.");
  const links = { link: linkHeader(hubUrl(services.rules), found.url), "cache-control": "no-store" };
  const message = await newestEvent(services, found);
  if (message === null) return { status: 204, headers: links, body: Buffer.alloc(0) };
  return {
    status: 200,
    headers: { ...links, "content-type": message.contentType, "webhook-id": message.id },
    body: message.payload!,
  };
}

function send(response: ServerResponse, { method }: IncomingMessage, { status, headers, body }: HubAnswer): void {
  if (status === 204) return void response.writeHead(status, { ...headers, ...INERT }).end();
  response.writeHead(status, { ...headers, ...INERT, "content-length": body.byteLength });
  response.end(method === "HEAD" || body.byteLength === 0 ? undefined : body);
}
