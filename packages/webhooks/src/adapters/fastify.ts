import type { WebhookReceiver } from "../receiver/receiver.ts";
import type { WebhookReply } from "../receiver/reply.ts";
import { type NodeHandlerOptions, type NodeRequest, receiveNode } from "./node.ts";

/** What is used of Fastify's instance. Methods, so that the real, generic ones fit. */
export interface FastifyLike {
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    contentType: string,
    parser: (request: never, payload: never, done: (error: Error | null, body?: undefined) => void) => void,
  ): unknown;
  route(options: {
    method: ("GET" | "POST" | "HEAD" | "OPTIONS")[];
    url: string;
    handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>;
  }): unknown;
}

/** What is read of Fastify's request. */
export interface FastifyRequestLike {
  readonly raw: NodeRequest;
  readonly body?: unknown;
}

/** What is used of Fastify's reply. */
export interface FastifyReplyLike {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body: string): unknown;
}

/** Options of {@link fastifyPlugin}. */
export interface FastifyPluginOptions extends NodeHandlerOptions {
  /** Path of the route, below the prefix the plugin is registered with. */
  readonly path: string;
}

/** A plugin: `app.register(fastifyPlugin(receiver, { path: "/hooks" }))`. */
export type FastifyPlugin = (instance: FastifyLike) => Promise<void>;

const REMEDY =
  "In Fastify, register this plugin on its own (not wrapped with fastify-plugin), and let no preParsing hook read the body.";

/**
 * Makes a Fastify plugin of a receiver: one route, with body parsers turned off for this plugin alone, so that the
 * application's other routes keep theirs.
 */
export function fastifyPlugin(receiver: WebhookReceiver, options: FastifyPluginOptions): FastifyPlugin {
  // eslint-disable-next-line require-await -- Fastify tells an async plugin from a callback one by its promise.
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
