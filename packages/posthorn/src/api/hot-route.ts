/** A route that is handled in front of Fastify: what it takes from a request, and needs of a response. */
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";

/** The parts of `IncomingMessage` that the routes here use. */
export interface HotRequest {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly socket: { readonly remoteAddress?: string | undefined; readonly destroyed: boolean };
}

/** The parts of `ServerResponse` that the routes here use. */
export interface HotResponse {
  readonly headersSent: boolean;
  writeHead(status: number, headers: string[] | OutgoingHttpHeaders): unknown;
  end(body: string | Uint8Array, encoding: "latin1" | "utf8"): unknown;
}

/** The body of a request, or the request whose body has not been read. */
export type HotBody = Buffer | IncomingMessage;

/** Handles a request. Returns `false` before any side effect if Fastify must handle it. */
export type HotRoute = (request: HotRequest, response: HotResponse, body: HotBody) => boolean;
