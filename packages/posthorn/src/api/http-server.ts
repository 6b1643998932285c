/** The HTTP server of Node, with timeouts for slow clients. */
import { createServer, type Server } from "node:http";
import type { Listener } from "./front.ts";

/** Timeouts for slow clients, in milliseconds. */
export interface HttpTimeouts {
  /** Time to receive the request headers. */
  readonly headersMs: number;
  /** Time to receive the whole request. */
  readonly requestMs: number;
  /** Time without a byte in either direction, for example because the client does not read the response. */
  readonly stalledMs: number;
  /** Interval at which timeouts are checked. */
  readonly checkMs: number;
}

export const TIMEOUTS: HttpTimeouts = { headersMs: 15_000, requestMs: 30_000, stalledMs: 60_000, checkMs: 2000 };

/** How long an idle connection stays open: longer than load balancers keep theirs. */
const KEEP_ALIVE_MS = 72_000;

export function listeningServer(listener: Listener, timeouts: HttpTimeouts): Server {
  const server = createServer(
    {
      requestTimeout: timeouts.requestMs,
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: timeouts.checkMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node would respond without a body and without our headers.
      requireHostHeader: false,
    },
    listener,
  );
  return server.setTimeout(timeouts.stalledMs);
}
