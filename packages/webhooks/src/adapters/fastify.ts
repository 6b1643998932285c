import type { WebhookReceiver } from "../receiver/receiver.ts";
import type { WebhookReply } from "../receiver/reply.ts";
import { type NodeHandlerOptions, type NodeRequest, receiveNode } from "./node.ts";

/** The part of a Fastify instance that is used. Declared as methods, so that Fastify's generic ones are assignable. */
export interface FastifyLike {
  /** Removes the body parsers of this plugin's scope. */
  removeAllContentTypeParsers(): void;
  /** Registers a parser that leaves the body unread. */
  addContentTypeParser(
    contentType: string,
    parser: (request: never, payload: never, done: (error: Error | null, body?: undefined) => void) => void,
  ): unknown;
  /** Adds the webhook route. */
  route(options: {
    method: ("GET" | "POST" | "HEAD" | "OPTIONS")[];
    url: string;
    handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>;
  }): unknown;
}

/** The part of a Fastify request that is used. */
export interface FastifyRequestLike {
  /** Node's request. */
  readonly raw: NodeRequest;
  /** Unused: the adapter reads the raw request. */
  readonly body?: unknown;
}

/** The part of a Fastify reply that is used. */
export interface FastifyReplyLike {
  /** Sets the status. */
  code(status: number): unknown;
  /** Sets headers. */
  headers(values: Record<string, string>): unknown;
  /** Sends the body. */
  send(body: string): unknown;
}

/** Options of {@link fastifyPlugin}. */
export interface FastifyPluginOptions extends NodeHandlerOptions {
  /** Path of the route, below the prefix under which the plugin is registered. */
  readonly path: string;
}

/** A Fastify plugin, for `app.register`. */
export type FastifyPlugin = (instance: FastifyLike) => Promise<void>;

const REMEDY =
  "In Fastify, register this plugin without fastify-plugin, and make sure that no preParsing hook reads the body.";

/**
 * Creates a Fastify plugin for a receiver. It adds one route and disables body parsers only within the plugin, so the
 * other routes of the application keep theirs.
 *
 * @param receiver Receiver from `createReceiver`.
 * @param options Path of the route, body limit and public URL.
 * @returns A plugin for `app.register`. Do not wrap it with `fastify-plugin`.
 *
 * @example
 *
 * ```ts
 * import fastify from "fastify";
 * import { sign } from "@posthorn/webhooks";
 * import { fastifyPlugin } from "@posthorn/webhooks/fastify";
 * import { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";
 *
 * const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
 * const receiver = createReceiver({ source: standardWebhooks(secret), handle: () => undefined });
 *
 * const app = fastify();
 * app.register(fastifyPlugin(receiver, { path: "/webhooks" }));
 *
 * const payload = '{"type":"invoice.paid"}';
 * const headers = await sign({ id: "msg_1", body: payload }, secret);
 * const response = await app.inject({ method: "POST", url: "/webhooks", headers, payload });
 * console.log(response.statusCode); // 200
 * ```
 */
export function fastifyPlugin(receiver: WebhookReceiver, options: FastifyPluginOptions): FastifyPlugin {
  // eslint-disable-next-line require-await -- Fastify recognises an async plugin by the promise it returns.
  return async (instance) => {
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser("*", (_request, _payload, done) => done(null));
    instance.route({
      method: ["GET", "POST", "HEAD", "OPTIONS"],
      url: options.path,
      async handler(request, reply) {
        return send(
          reply,
          await receiveNode(receiver, request.raw, { path: request.raw.url ?? "/", remedy: REMEDY }, options),
        );
      },
    });
  };
}

function send(reply: FastifyReplyLike, { status, headers, body }: WebhookReply): unknown {
  reply.code(status);
  reply.headers({ ...headers });
  return reply.send(body);
}
