import type { WebhookReceiver } from "../receiver/receiver.ts";
import { type NodeHandlerOptions, type NodeRequest, type NodeResponse, receiveNode, writeReply } from "./node.ts";

/** The part of an Express request that is used in addition to Node's. */
export interface ExpressRequest extends NodeRequest {
  /** Path and query as the sender called them, before routers strip a prefix. */
  readonly originalUrl: string;
}

/** An Express route handler. */
export type ExpressHandler = (request: ExpressRequest, response: NodeResponse, next: (error?: unknown) => void) => void;

const REMEDY =
  "In Express, mount this route before app.use(express.json()), or use express.raw({ type: () => true }) for it, " +
  "or keep the bytes with express.json({ verify: (req, res, buffer) => { req.rawBody = buffer } }).";

/**
 * Creates an Express handler (versions 4 and 5) for a receiver. It reads the body itself and needs no body parser:
 * mount it before `express.json()`.
 *
 * @param receiver Receiver from `createReceiver`.
 * @param options Body limit and public URL.
 * @returns A handler for `app.all`, so that GET handshakes work too.
 *
 * @example
 *
 * ```ts
 * import express from "express";
 * import { expressHandler } from "@posthorn/webhooks/express";
 * import { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";
 *
 * const receiver = createReceiver({
 *   source: standardWebhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
 *   handle: ({ type }) => console.log(type),
 * });
 *
 * const app = express();
 * app.all("/webhooks", expressHandler(receiver));
 * app.use(express.json());
 * ```
 */
export function expressHandler(receiver: WebhookReceiver, options: NodeHandlerOptions = {}): ExpressHandler {
  const run = async (request: ExpressRequest, response: NodeResponse, next: (error?: unknown) => void) => {
    try {
      const mount = { path: request.originalUrl, remedy: REMEDY };
      writeReply(request, response, await receiveNode(receiver, request, mount, options));
    } catch (error) {
      next(error);
    }
  };
  return (request, response, next) => void run(request, response, next);
}
