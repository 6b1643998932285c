/**
 * Serves the dashboard and the customer portal: prebuilt files and one page that loads them.
 *
 * The page runs only these scripts and connects only to this server. Each response has a nonce with which the page may add a style sheet.
 * The dashboard routes on the client, so every page request outside the API returns the same page.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { PortalLook } from "../domain/portal/look.ts";
import { escapeHtml } from "../lib/html.ts";
import { gapsOf, type PortalLanguage, textsOf } from "./portal-languages.ts";

/** Output folder of the build, next to both `src` and `dist`. */
export const WEB_FOLDER = fileURLToPath(new URL("../../web", import.meta.url));

export interface WebOptions {
  readonly folder: string;
  /** Path at which a host application has mounted the server, such as `/webhooks`; empty at the root. */
  readonly base: string;
  /** Origins that may embed the portal in a frame, as in `frame-ancestors` of a content security policy. */
  readonly frameAncestors: readonly string[];
  /** Separate origin for inbound webhooks; empty if there is none. */
  readonly ingestUrl: string;
  /** Whether this server has the documentation, so that pages link to it. */
  readonly hasDocs: boolean;
  /** Name and logo of the operator's product, which customers see in the portal. */
  readonly portalLook: Pick<PortalLook, "name" | "logo">;
  /** Languages of the portal that the operator has added. */
  readonly portalLanguages: readonly PortalLanguage[];
}

/** Responds to a request for a page; returns `null` for any other request. */
export type PageServer = (request: FastifyRequest, response: FastifyReply) => FastifyReply | null;

/** 128 bits, as the specification asks for. */
const NONCE_BYTES = 16;
const NONCE_PLACE = "{nonce}";

const NOTICES_PATH = "/third-party-notices.txt";
const RESERVED = /^\/+(api|auth|in|ingest|health|docs|assets|share|\.well-known)(\/|%2f|$)/i;

/** Registers the file routes; returns the function that serves pages. */
export async function registerWeb(app: FastifyInstance, options: WebOptions): Promise<PageServer> {
  if (!existsSync(`${options.folder}/index.html`)) return () => null;
  const html = pageAt(options, await readFile(`${options.folder}/index.html`, "utf8"));
  const portalHtml = portalPageOf(html, options);
  await registerLanguages(app, options);
  await registerEmbed(app, options.folder);
  await registerNotices(app, options.folder);
  await app.register(fastifyStatic, {
    root: `${options.folder}/assets`,
    prefix: "/assets/",
    // File names contain a hash of the content.
    immutable: true,
    maxAge: "365d",
    preCompressed: true,
    index: false,
    setHeaders: (response) => void response.header("x-content-type-options", "nosniff"),
  });
  const ancestors = options.frameAncestors.length === 0 ? "'none'" : options.frameAncestors.join(" ");
  const page = (response: FastifyReply, content: string, frames: string): FastifyReply => {
    const nonce = randomBytes(NONCE_BYTES).toString("base64");
    return response
      .code(200)
      .headers({
        "content-type": "text/html; charset=utf-8",
        // A stored page comes with the policy of its nonce.
        "cache-control": "no-cache",
        "content-security-policy": policy(frames, options.ingestUrl, nonce),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
      })
      .send(content.replace(NONCE_PLACE, nonce));
  };
  return (request, response) => {
    const path = request.url.split("?")[0]!;
    const wanted = (request.method === "GET" || request.method === "HEAD") && !RESERVED.test(path);
    if (!wanted || !(request.headers.accept ?? "").includes("text/html")) return null;
    // Both load the same scripts, but only the portal may be embedded.
    const isPortal = path === "/portal" || path.startsWith("/portal/");
    return isPortal ? page(response, portalHtml, ancestors) : page(response, html, "'none'");
  };
}

/** The page, with the base path of its files and the API, and the origin of inbound webhooks. */
function pageAt({ base, ingestUrl, hasDocs }: WebOptions, html: string): string {
  const placed = html.replaceAll('"./assets/', `"${base}/assets/`);
  // Customers see these names in the source of the portal.
  const facts = {
    "server-base": base,
    ...(ingestUrl === "" ? {} : { "server-ingest": ingestUrl }),
    ...(hasDocs ? { "server-docs": `${base}/docs` } : {}),
  };
  const metas = Object.entries(facts).map(([name, content]) => `\n    <meta name="${name}" content="${content}" />`);
  // In an attribute that scripts can read as a property, and style sheets cannot read at all.
  const styles = `\n    <meta name="server-styles" nonce="${NONCE_PLACE}" />`;
  return placed.replace("<head>", `<head>${styles}${metas.join("")}`);
}

/** The page of the portal: before its script has started, the title and the icon are those of the operator's product, or neutral. */
function portalPageOf(html: string, { portalLook: { name, logo }, portalLanguages }: WebOptions): string {
  const own = JSON.stringify(portalLanguages.map(({ tag, name: label }) => [tag, label]));
  const languages =
    portalLanguages.length === 0 ? "" : `\n    <meta name="portal-languages" content="${escapeHtml(own)}" />`;
  return html
    .replace("<head>", () => `<head>${languages}`)
    .replace(/<title>[^<]*<\/title>/, () => `<title>${escapeHtml(name ?? "Webhooks")}</title>`)
    .replace(/<link rel="icon"[^>]*>/, () => `<link rel="icon" href="${escapeHtml(logo ?? NO_ICON)}" />`);
}

/** Without an icon, browsers ask for `/favicon.ico`. */
const NO_ICON = "data:,";

/** Serves the languages that the operator has added, and the built-in ones, from which translators start. */
async function registerLanguages(app: FastifyInstance, { folder, portalLanguages }: WebOptions): Promise<void> {
  const builtIn = `${folder}/languages`;
  // Older builds have none.
  const tags = existsSync(builtIn) ? (await readdir(builtIn)).map((file) => file.replace(/\.json$/, "")) : [];
  const documents = new Map<string, string>();
  for (const tag of tags) documents.set(tag, await readFile(`${builtIn}/${tag}.json`, "utf8"));
  const english = textsOf(JSON.parse(documents.get("en") ?? "{}") as object);
  for (const language of portalLanguages) {
    const { missing, unknown } = gapsOf(language, english);
    const { tag, content } = language;
    if (unknown.length > 0) app.log.warn({ language: tag, unknown }, "a language of the portal has unknown texts");
    if (!documents.has(tag) && missing > 0) {
      app.log.warn({ language: tag, missing }, "a language of the portal lacks texts, which are shown in English");
    }
    documents.set(tag, content);
  }
  app.get<{ Params: { file: string } }>("/portal/languages/:file", (request, response) => {
    const document = documents.get(request.params.file.replace(/\.json$/, ""));
    if (document === undefined) return response.code(404).send();
    return response
      .headers({
        "content-type": "application/json; charset=utf-8",
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
      })
      .send(document);
  });
}

/** Serves the script of `<posthorn-portal>`. Pages of other origins load it, so its URL never changes. */
async function registerEmbed(app: FastifyInstance, folder: string): Promise<void> {
  const script = await readFile(`${folder}/embed.js`);
  app.get("/portal/embed.js", (_request, response) =>
    response
      .headers({
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "public, max-age=3600",
        "cross-origin-resource-policy": "cross-origin",
        "access-control-allow-origin": "*",
        "x-content-type-options": "nosniff",
      })
      .send(script),
  );
}

/** Serves the licences of the packages in the page. */
async function registerNotices(app: FastifyInstance, folder: string): Promise<void> {
  const path = `${folder}/THIRD-PARTY-NOTICES.txt`;
  // The file is missing from older builds, which must not prevent the server from starting.
  if (!existsSync(path)) return;
  const notices = await readFile(path);
  app.get(NOTICES_PATH, (_request, response) =>
    response
      .headers({
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-cache",
        "content-security-policy": "default-src 'none'",
        "x-content-type-options": "nosniff",
      })
      .send(notices),
  );
}

/** Content security policy. The page shows untrusted bodies, so only the prebuilt scripts may run. */
function policy(frameAncestors: string, ingestUrl: string, nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    // The code editor adds its style sheet when it opens.
    `style-src 'self' 'nonce-${nonce}'`,
    // A customer can set a logo URL.
    "img-src 'self' data: https:",
    "font-src 'self'",
    // The dashboard sends test requests to a source URL.
    `connect-src 'self' ${ingestUrl}`.trimEnd(),
    `frame-ancestors ${frameAncestors}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
