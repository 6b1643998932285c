import type { WebhookReceiver } from "../receiver/receiver.ts";
import { type NodeHandlerOptions, type NodeRequest, receiveNode } from "./node.ts";

/** The part of a Koa context that is used. */
export interface KoaContext {
  /** Node's request. */
  readonly req: NodeRequest;
  /** Koa's request. A body parser may have kept the raw body on it as `rawBody`. */
  readonly request: object;
  /** Path and query as the sender called them. */
  readonly originalUrl: string;
  /** Path without the query. */
  readonly path: string;
  /** Status of the response. */
  status: number;
  /** Body of the response. */
  body: unknown;
  /** Sets headers of the response. */
  set(headers: Record<string, string>): unknown;
}

/** Options of {@link koaMiddleware}. */
export interface KoaOptions extends NodeHandlerOptions {
  /** Handles only this path and passes other requests on. Omit it below a router. */
  readonly path?: string;
}

/** A Koa middleware. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<void>;

const REMEDY = "In Koa, use this middleware before the body parser, or a body parser that keeps ctx.request.rawBody.";

/**
 * Creates a Koa middleware for a receiver. It reads the body itself and needs no body parser.
 *
 * @param receiver Receiver from `createReceiver`.
 * @param options Path, body limit and public URL.
 * @returns A middleware for `app.use`. Use it before any body parser.
 *
 * @example
 *
 * ```ts
 * import Koa from "koa";
 * import { koaMiddleware } from "@posthorn/webhooks/koa";
 * import { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";
 *
 * const receiver = createReceiver({
 *   source: standardWebhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
 *   handle: ({ type }) => console.log(type),
 * });
 *
 * const app = new Koa();
 * app.use(koaMiddleware(receiver, { path: "/webhooks" }));
 * ```
 */
export function koaMiddleware(receiver: WebhookReceiver, options: KoaOptions = {}): KoaMiddleware {
  return async (context, next) => {
    if (options.path !== undefined && context.path !== options.path) {
      await next();
      return;
    }
    const { rawBody: kept }: { readonly rawBody?: unknown } = context.request;
    const reply = await receiveNode(
      receiver,
      context.req,
      { path: context.originalUrl, remedy: REMEDY, kept },
      options,
    );
    context.status = reply.status;
    context.set({ ...reply.headers });
    // Koa responds with 204 when there is no body; it sends an empty string unchanged.
    context.body = reply.body;
  };
}
