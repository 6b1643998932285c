/**
 * Registers the documentation and the dashboard, also while they are still being built: routes cannot be added to a server that listens,
 * so pages whose build ends later get a server of their own, which handles requests that no other route takes.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import { sendBuildPage } from "./build-page.ts";
import { type DocsAccess, DOCS_FOLDER, hasDocsSite, registerDocsSite } from "./docs-site.ts";
import type { PortalLanguage } from "./portal-languages.ts";
import type { PageBuild, PageBuilds } from "./page-build.ts";
import { type PageServer, registerWeb, WEB_FOLDER, type WebOptions } from "./web.ts";

export interface PagesOptions {
  readonly base: string;
  readonly docs: DocsAccess;
  readonly frameAncestors: readonly string[];
  readonly ingestUrl: string;
  /** Name and logo of the operator's product, which customers see in the portal. */
  readonly portalLook: WebOptions["portalLook"];
  /** Languages of the portal that the operator has added. */
  readonly portalLanguages: readonly PortalLanguage[];
  /** Proxies whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: readonly string[];
  /** Builds that may still be running; absent: the pages are there, or this server has none. */
  readonly pageBuilds?: PageBuilds;
  /** Output folders of the builds; tests use others. */
  readonly folders?: { readonly dashboard: string; readonly docs: string };
  /** Rejects when the caller of a request is not known. */
  readonly identify: (request: FastifyRequest) => Promise<unknown>;
  readonly respondNotFound: (request: FastifyRequest, response: FastifyReply) => FastifyReply;
  /** Gives another server the error handling of this one. */
  readonly prepare: (app: FastifyInstance) => void;
}

/** The option of Fastify. An empty list would also trust no proxy, but would check each request. */
export function trustProxyOf(trustedProxies: readonly string[]): string[] | false {
  return trustedProxies.length === 0 ? false : [...trustedProxies];
}

/** Returns the function that serves requests which no route takes, and `null` if they are not for a page. */
export async function registerPages(app: FastifyInstance, options: PagesOptions): Promise<PageServer> {
  const { pageBuilds, docs, folders = FOLDERS } = options;
  if (pageBuilds === undefined) {
    await registerDocs(app, options);
    return registerDashboard(app, options, hasDocsSite({ folder: folders.docs, access: docs }));
  }
  const common = { ...options, log: app.log };
  const site = new LateSite("The documentation", pageBuilds.docs, common, async (late) => {
    await registerDocs(late, options);
    return () => null;
  });
  // Its build ends later, and a link to it is then correct.
  const dashboard = new LateSite("The dashboard", pageBuilds.dashboard, common, (late) =>
    registerDashboard(late, options, docs !== "off"),
  );
  return (request, response) => {
    const { method, url } = request;
    if (method !== "GET" && method !== "HEAD") return null;
    const path = url.split("?")[0]!;
    if (/^\/+docs(\/|$)/.test(path)) return docs === "off" ? null : site.serve(request, response);
    return NOT_PAGES.test(path) ? null : dashboard.serve(request, response);
  };
}

const NOT_PAGES = /^\/+(api|auth|in|ingest|health|share|\.well-known)(\/|$)/i;

const FOLDERS = { dashboard: WEB_FOLDER, docs: DOCS_FOLDER };

function registerDocs(app: FastifyInstance, options: PagesOptions): Promise<void> {
  const { base, docs, identify, folders = FOLDERS } = options;
  return registerDocsSite(app, { folder: folders.docs, access: docs, base, identify });
}

function registerDashboard(
  app: FastifyInstance,
  { base, frameAncestors, ingestUrl, portalLook, portalLanguages, folders = FOLDERS }: PagesOptions,
  hasDocs: boolean,
): Promise<PageServer> {
  return registerWeb(app, {
    folder: folders.dashboard,
    base,
    frameAncestors,
    ingestUrl,
    hasDocs,
    portalLook,
    portalLanguages,
  });
}

/** Pages that are served once their build has ended. */
class LateSite {
  readonly #subject: string;
  readonly #build: PageBuild;
  readonly #open: () => Promise<FastifyInstance>;
  #opened: Promise<FastifyInstance> | null = null;

  constructor(
    subject: string,
    build: PageBuild,
    { respondNotFound, prepare, trustedProxies, log }: PagesOptions & Pick<FastifyInstance, "log">,
    register: (app: FastifyInstance) => Promise<PageServer>,
  ) {
    this.#subject = subject;
    this.#build = build;
    this.#open = async () => {
      const app = Fastify({
        loggerInstance: log,
        logController: new LogController({ disableRequestLogging: true }),
        trustProxy: trustProxyOf(trustedProxies),
        routerOptions: { ignoreDuplicateSlashes: true },
      });
      prepare(app);
      const page = await register(app);
      app.setNotFoundHandler((request, response) => page(request, response) ?? respondNotFound(request, response));
      await app.ready();
      return app;
    };
  }

  serve(request: FastifyRequest, response: FastifyReply): FastifyReply | null {
    const { state } = this.#build;
    if (state.kind !== "ready") {
      const isPage = (request.headers.accept ?? "").includes("text/html");
      return isPage ? sendBuildPage(response, this.#subject, state) : null;
    }
    this.#opened ??= this.#open();
    this.#opened.then(
      (app) => app.routing(request.raw, response.raw),
      (error: unknown) => response.raw.writeHead(500).end(`${this.#subject} cannot be served: ${String(error)}\n`),
    );
    return response.hijack();
  }
}
