/**
 * Serves the documentation site below `/docs`: prebuilt, compressed files. Pages have no inline scripts or styles, so their content security
 * policy has no exception.
 *
 * A folder such as `v0.1.0` within the site, with the files of another build, serves an older version at `/docs/v0.1.0/`.
 */
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { PosthornError } from "../lib/errors.ts";

/** Output folder of the build, next to both `src` and `dist`. */
export const DOCS_FOLDER = fileURLToPath(new URL("../../docs", import.meta.url));

/** Who may read the documentation: everyone who reaches the server, signed-in users and callers with a token, or no one. */
export type DocsAccess = "public" | "signed-in" | "off";

export interface DocsSiteOptions {
  readonly folder: string;
  readonly access: DocsAccess;
  /** Path at which a host application has mounted the server, such as `/webhooks`; empty at the root. */
  readonly base: string;
  /** Rejects when the caller of a request is not known. */
  readonly identify: (request: FastifyRequest) => Promise<unknown>;
}

const HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
} as const;

/** Whether this server has the site: it is built, and not turned off. */
export function hasDocsSite({ folder, access }: Pick<DocsSiteOptions, "folder" | "access">): boolean {
  return access !== "off" && existsSync(`${folder}/version.json`);
}

/** Registers the routes, unless the site is turned off or was not built. */
export async function registerDocsSite(app: FastifyInstance, options: DocsSiteOptions): Promise<void> {
  if (!hasDocsSite(options)) return;
  await app.register(async (scope) => {
    if (options.access === "signed-in") scope.addHook("onRequest", requireCaller(options));
    await scope.register(fastifyStatic, {
      root: options.folder,
      serve: false,
      preCompressed: true,
      // Revalidated by ETag, so that an upgrade shows at once.
      cacheControl: false,
      setHeaders: (response, path) => {
        void response.headers(HEADERS);
        void response.header("cache-control", options.access === "public" ? "no-cache" : "private, no-cache");
        if (/\.md(\.br|\.gz)?$/.test(path)) void response.header("content-type", "text/markdown; charset=utf-8");
      },
    });
    for (const url of ["/docs", "/docs/*"]) scope.get(url, (request, reply) => sendPage(options, request, reply));
  });
}

/** Sends a file, or the page with this path. Links of the site are relative, so each page has exactly one form of its path. */
async function sendPage(
  { folder, base }: DocsSiteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const path = request.url.split("?")[0]!;
  const name = path.replace(/^\/+docs\/*/, "");
  if (name === "" && !path.endsWith("/")) return reply.redirect(`${base}/docs/`, 301);
  if (!/^[\w./-]*$/.test(name) || name.includes("..")) return missing(path);
  const file = name === "" || name.endsWith("/") ? `${name}index.html` : name;
  if (isFile(`${folder}/${file}`)) return reply.sendFile(file);
  const page = name.replace(/\/+$/, "");
  if (existsSync(`${folder}/${page}.html`)) {
    return page === name ? reply.sendFile(`${page}.html`) : reply.redirect(`${base}/docs/${page}`, 301);
  }
  // A folder with another version needs the slash for its relative links.
  if (existsSync(`${folder}/${page}/version.json`)) return reply.redirect(`${base}/docs/${page}/`, 301);
  return missing(path);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function missing(path: string): never {
  throw new PosthornError("not_found", `The documentation has no page ${path}. GET /docs/llms.txt lists its pages.`);
}

/** Leads people to the sign-in page; other callers get the error. */
function requireCaller({ identify, base }: DocsSiteOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    try {
      await identify(request);
      return undefined;
    } catch (error) {
      const isPage = (request.headers.accept ?? "").includes("text/html");
      if (!isPage || !(error instanceof PosthornError)) throw error;
      return reply.redirect(`${base}/sign-in`, 302);
    }
  };
}
