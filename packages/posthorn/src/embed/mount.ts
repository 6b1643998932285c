/**
 * Routes requests of the host's server to Posthorn: API, inbound webhooks, dashboard and portal.
 *
 * Posthorn needs the raw bytes of request bodies, so no middleware may read them first. If a body parser has done so, the response has a
 * specific error code instead of reporting an invalid signature.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import type { FastifyInstance } from "fastify";
import { discard } from "../api/connection.ts";
import { errorReply } from "../api/error-reply.ts";
import { INERT } from "../api/inert.ts";
import { listenerOf } from "../api/server.ts";
import { PosthornError } from "../lib/errors.ts";

/** Request listener of `node:http`, and handler of Express and Connect. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Bindings that Hono on Node.js passes along with a request. */
export interface NodeBindings {
  readonly incoming?: IncomingMessage;
}

/** The part of a Fastify instance that the plugin needs. */
interface FastifyHost {
  addHook(name: "onRequest", hook: (request: HostRequest, reply: HostReply, done: () => void) => void): unknown;
  all(path: string, handler: () => void): unknown;
}

interface HostRequest {
  readonly raw: IncomingMessage;
}

interface HostReply {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

/** Placeholder that is in no list of proxies or providers. */
const UNKNOWN_ADDRESS = "0.0.0.0";
/** Statuses whose `Response` must not have a body, not even an empty one. */
const WITHOUT_BODY = new Set([101, 204, 205, 304]);

export class Mount {
  readonly #server: FastifyInstance;
  readonly #prefix: string;
  readonly #open = new Set<ServerResponse>();

  /** @param prefix Path it is mounted at, such as `/webhooks`; empty for the root. */
  constructor(server: FastifyInstance, prefix: string) {
    this.#server = server;
    this.#prefix = prefix;
  }

  readonly handler: NodeHandler = (request, response) => {
    const hosted = request as IncomingMessage & { originalUrl?: string };
    // Express removes its prefix from `url` and keeps the original in `originalUrl`.
    request.url = this.#strip(hosted.originalUrl ?? request.url ?? "/");
    if (isConsumed(request)) {
      void refuse(request, response);
      return;
    }
    this.#open.add(response);
    response.once("close", () => this.#open.delete(response));
    listenerOf(this.#server)(request, response);
  };

  readonly fetch = async (request: Request, env?: NodeBindings): Promise<Response> => {
    if (request.bodyUsed || (env?.incoming !== undefined && isConsumed(env.incoming))) return toResponse(consumed());
    const { host, pathname, search } = new URL(request.url);
    const response = await this.#server.inject({
      method: request.method as "GET",
      url: this.#strip(pathname + search),
      headers: { host, ...Object.fromEntries(request.headers) },
      ...(request.body === null ? {} : { payload: Readable.fromWeb(request.body as WebStream) }),
      remoteAddress: env?.incoming?.socket.remoteAddress ?? UNKNOWN_ADDRESS,
      payloadAsStream: true,
    });
    const { statusCode: status, headers } = response;
    const body = WITHOUT_BODY.has(status) ? null : (Readable.toWeb(response.stream()) as ReadableStream);
    return new Response(body, { status, headers: toHeaders(headers) });
  };

  /** Fastify plugin with a hook that handles requests before Fastify reads the body. */
  readonly plugin = async (host: unknown): Promise<void> => {
    const app = host as FastifyHost;
    app.addHook("onRequest", (request, reply) => {
      reply.hijack();
      this.handler(request.raw, reply.raw);
    });
    for (const path of ["/", "/*"]) app.all(path, () => undefined);
  };

  /** Resolves when all responses in progress have ended, or after `timeoutMs`. */
  async settled(timeoutMs: number): Promise<void> {
    if (this.#open.size === 0) return;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    const ended = [...this.#open].map((response) => new Promise((done) => void response.once("close", done)));
    await Promise.race([Promise.all(ended), over]);
    clearTimeout(timer);
  }

  #strip(url: string): string {
    const prefix = this.#prefix;
    if (prefix === "" || !url.startsWith(prefix)) return url;
    const rest = url.slice(prefix.length);
    if (rest === "" || rest.startsWith("?")) return `/${rest}`;
    return rest.startsWith("/") ? rest : url;
  }
}

/** Whether a middleware has already read the body of a request that has one. */
function isConsumed(request: IncomingMessage): boolean {
  const { headers } = request;
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  return hasBody && (request.readableDidRead || request.readableEnded);
}

function consumed(): PosthornError {
  return new PosthornError(
    "body_consumed",
    "The body of this request was read before it reached Posthorn, so its exact bytes are lost. Mount Posthorn before body parsers such as express.json(), or exclude its path from them.",
  );
}

async function refuse(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await discard(request);
  const { status, json } = errorReply(consumed())!;
  response.writeHead(status, { ...INERT, "content-type": "application/json" }).end(json);
}

function toResponse(error: PosthornError): Response {
  const { status, json } = errorReply(error)!;
  return new Response(json, { status, headers: { ...INERT, "content-type": "application/json" } });
}

function toHeaders(headers: Readonly<Record<string, number | string | string[] | undefined>>): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of [value ?? []].flat()) result.append(name, String(one));
  }
  return result;
}
