import type { WebhookReceiver } from "../receiver/receiver.ts";
import { type NodeHandlerOptions, type NodeRequest, receiveNode } from "./node.ts";

/** What is used of Koa's context. */
export interface KoaContext {
  readonly req: NodeRequest;
  readonly request: object;
  readonly originalUrl: string;
  readonly path: string;
  status: number;
  body: unknown;
  set(headers: Record<string, string>): unknown;
}

/** Options of {@link koaMiddleware}. */
export interface KoaOptions extends NodeHandlerOptions {
  /** Handles this path only and passes others on. Leave it out below a router. */
  readonly path?: string;
}

/** Koa middleware. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<void>;

const REMEDY = "In Koa, use this middleware before the body parser, or a body parser that keeps ctx.request.rawBody.";

/** Makes Koa middleware of a receiver. It reads the body itself, so it needs no body parser. */
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
    // Koa turns an absent body into a 204 of its own, an empty one it leaves alone.
    context.body = reply.body;
  };
}
