/** Inbound webhooks without Fastify: `POST /in/:token` in its ordinary form. */
import type { IncomingMessage } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import type { Gateway } from "../../ingest/gateway.ts";
import type { InboundResponse } from "../../ingest/inbound-response.ts";
import { failureReply } from "../failure.ts";
import { receiveInbound, sendInbound } from "../inbound.ts";
import type { HotRoute, Responder } from "./front.ts";

export interface InboundOptions {
  readonly gateway: Gateway;
  readonly log: FastifyBaseLogger;
  readonly respond: Responder;
  /** Whether a request is for the separate origin of inbound webhooks; `null`: there is none. */
  readonly isForIngest: ((request: IncomingMessage) => boolean) | null;
  /** Whether the address of the sender may be in a header. */
  readonly hasProxies: boolean;
}

/** Path and query of a source URL whose path needs no decoding. */
const TARGET = /^\/in\/([0-9a-f]{40})(?:\/[\w.~-]+)*(?:\?.*)?$/;

export function inboundRoute({ gateway, log, respond, isForIngest, hasProxies }: InboundOptions): HotRoute {
  return (request, response) => {
    const { url = "", method, httpVersionMajor, httpVersionMinor } = request;
    if (!url.startsWith("/in/") || method !== "POST" || httpVersionMajor !== 1 || httpVersionMinor !== 1) return false;
    const token = TARGET.exec(url)?.[1];
    if (token === undefined) return false;
    const { headers, socket } = request;
    if (headers.host === undefined || (hasProxies && headers["x-forwarded-for"] !== undefined)) return false;
    if (isForIngest?.(request) === false) return false;
    const fail = (error: unknown): void => respond(response, failureReply(error, { log, socket }), false);
    const succeed = (inbound: InboundResponse): void => {
      try {
        sendInbound(response, inbound);
      } catch (error) {
        // A response of a receiver or a setting that cannot be written.
        fail(error);
      }
    };
    receiveInbound(gateway, { raw: request, token, address: socket.remoteAddress! }).then(succeed, fail);
    return true;
  };
}
