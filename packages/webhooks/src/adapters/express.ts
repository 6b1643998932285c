import type { WebhookReceiver } from "../receiver/receiver.ts";
import { type NodeHandlerOptions, type NodeRequest, type NodeResponse, receiveNode, writeReply } from "./node.ts";

/** What is read of Express's request beside Node's. */
export interface ExpressRequest extends NodeRequest {
  readonly originalUrl: string;
}

/** A handler for a route: `app.all("/hooks", expressHandler(receiver))`. */
export type ExpressHandler = (request: ExpressRequest, response: NodeResponse, next: (error?: unknown) => void) => void;

const REMEDY =
  "In Express, mount this route before app.use(express.json()), or give the route express.raw({ type: () => true }), " +
  "or keep the bytes with express.json({ verify: (req, res, buffer) => { req.rawBody = buffer } }).";

/** Makes an Express handler (4 and 5) of a receiver. It reads the body itself, so it needs no body parser. */
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
