/** Embedded Posthorn: a node that a program starts, calls, and mounts into its own server. */
import { envToConfig } from "../config/config.ts";
import { readEnv } from "../config/env.ts";
import { loadSecrets } from "../config/secrets.ts";
import { settings as SETTINGS, type SettingKey } from "../config/settings.ts";
import { systemActor } from "../domain/access.ts";
import type { OutsideContext } from "../domain/context.ts";
import { DEFAULT_ORGANISATION, ensureOrganisation } from "../domain/organisation/ensure.ts";
import { PosthornError } from "../lib/errors.ts";
import { isOrganisationId } from "../lib/id.ts";
import { createLog, type Logger } from "../lib/log.ts";
import { PosthornNode } from "../node/node.ts";
import { callerFor } from "./call.ts";
import { messageVerbs } from "./messages.ts";
import { Mount, type NodeBindings, type NodeHandler } from "./mount.ts";
import { applicationVerbs, authenticationVerbs, endpointVerbs, eventTypeVerbs } from "./verbs.ts";

/** Settings of docs/configuration.md, in camel case and without their prefix: `POSTHORN_DATABASE_URL` is `databaseUrl`. */
export type Settings = { readonly [Key in SettingKey]?: string | number | boolean };

export interface PosthornOptions {
  readonly settings?: Settings;
  /** Environment to read `POSTHORN_…` variables from, such as `process.env`. Default: none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The organisation that calls operate on: `org_` and up to 100 letters, digits, `-`, `_` and `.`. Default: the default organisation. */
  readonly organisation?: string;
  /** Also listen on the address of the setting `listen`. */
  readonly listen?: boolean;
  /** A pino logger. Default: one that writes warnings to standard output. */
  readonly log?: HostLog;
}

/** A pino logger, described by the parts that Posthorn uses, so that this package needs no types of pino. */
export interface HostLog {
  level: string;
  readonly child: (bindings: Record<string, unknown>) => unknown;
  readonly isLevelEnabled: (level: string) => boolean;
  readonly trace: HostLogFunction;
  readonly debug: HostLogFunction;
  readonly info: HostLogFunction;
  readonly warn: HostLogFunction;
  readonly error: HostLogFunction;
  readonly fatal: HostLogFunction;
}

/** @param facts Fields of the entry. */
export type HostLogFunction = (facts: object, message?: string) => void;

/** Paths of Posthorn's routes. It cannot be mounted at them, because the mount path would be ambiguous. */
const OWN_PATHS = /^\/(?:api(?:\/v1)?|in|ingest|health|docs|assets|portal|\.well-known)$/;
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

  private constructor(node: PosthornNode, mount: Mount, ctx: OutsideContext, onPostgres: boolean) {
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
    const { settings = {}, environment = {}, organisation = DEFAULT_ORGANISATION, listen = false } = options;
    if (!isOrganisationId(organisation)) {
      throw new PosthornError(
        "config_invalid",
        `"${organisation}" is not the name of an organisation: write org_ and up to 100 letters, digits, -, _ or .`,
      );
    }
    const config = envToConfig(readEnv({ environment: { ...environment }, flags: textsOf(settings) }));
    const prefix = prefixOf(config.publicUrl);
    const exportable = (config.telemetry?.logs ?? null) !== null;
    const log =
      (options.log as Logger | undefined) ??
      createLog({ level: levelOf(options) ?? "warn", format: config.logFormat, exportable });
    const secrets = loadSecrets(config);
    const node = await PosthornNode.start({ config, secrets, log, listens: listen, base: prefix, embedded: true });
    try {
      const orgId = await ensureOrganisation(node.services, organisation);
      const ctx: OutsideContext = {
        services: node.services,
        actor: systemActor(orgId, organisation, "embedded"),
        tx: null,
      };
      return new Posthorn(node, new Mount(node.server, prefix), ctx, config.database.kind === "postgres");
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
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

function textsOf(settings: Settings): Partial<Record<SettingKey, string>> {
  const unknown = Object.keys(settings).find((key) => !(key in SETTINGS));
  if (unknown !== undefined) {
    throw new PosthornError("config_invalid", `"${unknown}" is not a setting of Posthorn. See docs/configuration.md.`);
  }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
}

/** The log level, if one is set. */
function levelOf({ settings, environment }: PosthornOptions): string | undefined {
  return settings?.logLevel?.toString() ?? environment?.[SETTINGS.logLevel.name];
}

/** The path the node is mounted at. */
function prefixOf(publicUrl: string): string {
  if (publicUrl === "") return "";
  const path = new URL(publicUrl).pathname.replace(/\/+$/, "");
  if (!OWN_PATHS.test(path)) return path;
  throw new PosthornError(
    "config_invalid",
    `Posthorn cannot be mounted at ${path}, where it has its own paths. Choose another path in publicUrl.`,
  );
}
