/**
 * Request listener in front of Fastify. Publishing and inbound webhooks are nearly all requests of a busy server, so their ordinary form
 * is handled here for less CPU time. Any other request goes to Fastify, whose routes give the same responses: see `hot-routes.test.ts`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

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
