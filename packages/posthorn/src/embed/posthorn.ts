/** Embedded Posthorn: a node that a program starts, calls, and mounts into its own server. */
import type { PosthornNode } from "../node/node.ts";
import { callerFor } from "./call.ts";
import { messageVerbs } from "./messages.ts";
import type { Mount, NodeBindings, NodeHandler } from "./mount.ts";
import { type EmbeddedNode, type PosthornOptions, startEmbedded } from "./start.ts";
import { applicationVerbs, authenticationVerbs, endpointVerbs, eventTypeVerbs } from "./verbs.ts";

/** How long `close` waits for responses in progress. */
const CLOSE_RESPONSES_MS = 5000;

/**
 * A node in this process. By default it opens no port, reads no environment variables and handles no signals. Several nodes in one
 * process are independent of each other.
 *
 * ```ts
 * await using posthorn = await Posthorn.start({ settings: { databaseUrl, publicUrl: "https://shop.example/webhooks" } });
 * app.use("/webhooks", posthorn.handler);
 * await posthorn.message.create("acme", { eventType: "order.paid", payload: { order: 17 } });
 * ```
 */
export class Posthorn implements AsyncDisposable {
  /** Applications, which represent your customers. */
  readonly application: ReturnType<typeof applicationVerbs>;
  /** Endpoints, which receive the webhooks of your customers. */
  readonly endpoint: ReturnType<typeof endpointVerbs>;
  readonly eventType: ReturnType<typeof eventTypeVerbs>;
  /** Messages, which are the events you publish. */
  readonly message: ReturnType<typeof messageVerbs>;
  /** Access to the portal for your customers. */
  readonly authentication: ReturnType<typeof authenticationVerbs>;
  readonly #node: PosthornNode;
  readonly #mount: Mount;

  protected constructor({ node, mount, ctx, onPostgres }: EmbeddedNode) {
    this.#node = node;
    this.#mount = mount;
    const on = callerFor(ctx.services, ctx.actor);
    this.application = applicationVerbs(on);
    this.endpoint = endpointVerbs(on);
    this.eventType = eventTypeVerbs(on);
    this.message = messageVerbs(on, ctx, onPostgres);
    this.authentication = authenticationVerbs(on);
  }

  /**
   * Opens and migrates the database, and resumes the work of an earlier run. Rejects with a `PosthornError` that says what to change.
   */
  static async start(options: PosthornOptions = {}): Promise<Posthorn> {
    return new Posthorn(await startEmbedded(options));
  }

  /**
   * Handler for `node:http`, Express or Connect, which serves the API, inbound webhooks, dashboard and portal. If it is mounted under a
   * path, that must be the path of the setting `publicUrl`. Mount it before body parsers.
   */
  get handler(): NodeHandler {
    return this.#mount.handler;
  }

  /**
   * As `handler`, for servers that use `Request` and `Response`, such as Hono: `app.mount("/webhooks", posthorn.fetch)`. Without the
   * bindings of Hono on Node.js, the sender's address is unknown.
   */
  get fetch(): (request: Request, env?: NodeBindings) => Promise<Response> {
    return this.#mount.fetch;
  }

  /** As `handler`, for Fastify: `await app.register(posthorn.fastify, { prefix: "/webhooks" })`. */
  get fastify(): (host: unknown) => Promise<void> {
    return this.#mount.plugin;
  }

  /** URL it listens on; empty if it does not listen. */
  get url(): string {
    return this.#node.url;
  }

  /** Resolves when the node has failed and must be started again. No accepted message is lost. */
  get failed(): Promise<Error> {
    return this.#node.failed;
  }

  /**
   * Waits for responses and attempts in progress, within the setting `shutdownTimeout`, and closes the database. Remaining work continues
   * at the next start. Stop the host's server, or stop routing requests to this node, before calling it.
   */
  async close(): Promise<void> {
    this.#node.server.server.closeIdleConnections();
    await this.#node.server.close();
    await this.#mount.settled(CLOSE_RESPONSES_MS);
    await this.#node[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
