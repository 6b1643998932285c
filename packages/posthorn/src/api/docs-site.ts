/**
 * Serves the documentation site below `/docs`: prebuilt, compressed files. Pages have no inline scripts or styles, so their content security
 * policy has no exception.
 *
 * A folder such as `v0.1.0` within the site, with the files of another build, serves an older version at `/docs/v0.1.0/`.
 */
import { createHash } from "node:crypto";
import { existsSync, type Stats, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
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

/** Page for paths without one; its links begin with {@link ROOT_MARK}. */
const NOT_FOUND_FILE = "404.html";
const ROOT_MARK = "{root}";

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
      // Pages are revalidated, so that an upgrade shows at once. `sendFile` below compares the tags: those of the plugin are made from the
      // time of the file, which differs between nodes.
      cacheControl: false,
      etag: false,
      lastModified: false,
      setHeaders: (response, path) => {
        void response.headers(HEADERS);
        void response.header("cache-control", options.access === "public" ? "no-cache" : "private, no-cache");
        if (/\.md(\.br|\.gz)?$/.test(path)) void response.header("content-type", "text/markdown; charset=utf-8");
      },
    });
    const tags = new ContentTags(options.folder);
    for (const url of ["/docs", "/docs/*"]) scope.get(url, (request, reply) => sendPage(options, tags, request, reply));
  });
}

/** Sends a file, or the page with this path. Links of the site are relative, so each page has exactly one form of its path. */
async function sendPage(
  { folder, base }: DocsSiteOptions,
  tags: ContentTags,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const path = request.url.split("?")[0]!;
  const name = path.replace(/^\/+docs\/*/, "");
  if (name === "" && !path.endsWith("/")) return reply.redirect(`${base}/docs/`, 301);
  if (!/^[\w./-]*$/.test(name) || name.includes("..")) return sendMissing(folder, request, reply);
  const file = name === "" || name.endsWith("/") ? `${name}index.html` : name;
  if (isFile(`${folder}/${file}`) && file !== NOT_FOUND_FILE) return sendFile(tags, file, request, reply);
  const page = name.replace(/\/+$/, "");
  if (existsSync(`${folder}/${page}.html`) && `${page}.html` !== NOT_FOUND_FILE) {
    return page === name ? sendFile(tags, `${page}.html`, request, reply) : reply.redirect(`${base}/docs/${page}`, 301);
  }
  // A folder with another version needs the slash for its relative links.
  if (existsSync(`${folder}/${page}/version.json`)) return reply.redirect(`${base}/docs/${page}/`, 301);
  return sendMissing(folder, request, reply);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

async function sendFile(
  tags: ContentTags,
  file: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const tag = await tags.of(file);
  void reply.header("etag", tag);
  const known = (request.headers["if-none-match"] ?? "").split(",").map((text) => text.trim());
  if (!known.includes(tag)) return reply.sendFile(file);
  return reply.headers(HEADERS).header("cache-control", "no-cache").header("vary", "accept-encoding").code(304).send();
}

/** Tags of files, from their content, so that all nodes of a cluster give the same one. */
class ContentTags {
  readonly #folder: string;
  readonly #known = new Map<string, { readonly version: string; readonly tag: string }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async of(file: string): Promise<string> {
    const path = `${this.#folder}/${file}`;
    // A build may replace the file while the server runs.
    const version = versionOf(statSync(path));
    const known = this.#known.get(file);
    if (known?.version === version) return known.tag;
    // Weak, because the compressed forms of the file share it.
    const tag = `W/"${createHash("sha256")
      .update(await readFile(path))
      .digest("base64url")
      .slice(0, 27)}"`;
    this.#known.set(file, { version, tag });
    return tag;
  }
}

function versionOf({ mtimeMs, size }: Stats): string {
  return `${mtimeMs} ${size}`;
}

/** People get a page with the search; other callers get the error. */
async function sendMissing(folder: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const path = request.url.split("?")[0]!;
  const page = `${folder}/${NOT_FOUND_FILE}`;
  if (!(request.headers.accept ?? "").includes("text/html") || !isFile(page)) {
    throw new PosthornError("not_found", `The documentation has no page ${path}. GET /docs/llms.txt lists its pages.`);
  }
  const root = "../".repeat(path.split("/").length - "/docs/".split("/").length) || "./";
  return reply
    .headers(HEADERS)
    .header("cache-control", "no-store")
    .type("text/html; charset=utf-8")
    .code(404)
    .send((await readFile(page, "utf8")).replaceAll(ROOT_MARK, root));
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
