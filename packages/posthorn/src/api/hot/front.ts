/**
 * Request listener in front of Fastify. Publishing and inbound webhooks are nearly all requests of a busy server, so their ordinary form
 * is handled here for less CPU time. Any other request goes to Fastify, whose routes give the same responses: see `hot-routes.test.ts`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { INERT } from "../inert.ts";
import type { Reply } from "../reply.ts";

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Handles a request. Returns `false` before any side effect if Fastify must handle it. */
export type HotRoute = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface HotRoutes {
  readonly publish: HotRoute;
  readonly inbound: HotRoute;
}

export class Front {
  readonly #routes: HotRoutes | null;
  #isClosing = false;

  /** @param routes `null`: Fastify handles all requests. */
  constructor(routes: HotRoutes | null) {
    this.#routes = routes;
  }

  /** From now on Fastify handles all requests: it closes their connections. */
  close(): void {
    this.#isClosing = true;
  }

  /** Listener that passes the requests of other routes to `fastify`. */
  before(fastify: Listener): Listener {
    const routes = this.#routes;
    if (routes === null) return fastify;
    const { publish, inbound } = routes;
    return (request, response) => {
      if (!this.#isClosing && (publish(request, response) || inbound(request, response))) return;
      fastify(request, response);
    };
  }
}

/** Writes a response, unless a host program has already written one. `close`: closes the connection afterwards. */
export type Responder = (response: ServerResponse, reply: Reply, close: boolean) => void;

const FINAL_HEADERS = Object.entries(INERT).flat();
const TYPE_HEADERS = ["content-type", "application/json"];

/**
 * @param first Names and values of the first headers, in turn.
 * @param retryAfter Returns the seconds for `Retry-After` while the server cannot process requests.
 */
export function responder(first: readonly string[], retryAfter: () => number): Responder {
  const ordinary = [...first, ...FINAL_HEADERS, ...TYPE_HEADERS];
  return (response, { status, json }, close) => {
    // For example because a timeout of the host program has ended it.
    if (response.headersSent) return;
    const text = json ?? "";
    const length = Buffer.byteLength(text);
    const headers = close || status === 429 || status === 503 ? headersOf(first, status, close, retryAfter) : ordinary;
    response.writeHead(status, [...headers, "content-length", `${length}`]);
    // As text, which Node writes to the socket together with the head. A buffer would be a second write.
    response.end(text, length === text.length ? "latin1" : "utf8");
  };
}

function headersOf(first: readonly string[], status: number, close: boolean, retryAfter: () => number): string[] {
  const wait = status === 429 ? 5 : status === 503 ? retryAfter() : null;
  return [
    ...first,
    ...(close ? ["connection", "close"] : []),
    ...FINAL_HEADERS,
    ...(wait === null ? [] : ["retry-after", `${wait}`]),
    ...TYPE_HEADERS,
  ];
}
