/**
 * The dashboard and the customer portal: files that were built beforehand, and one page that loads them.
 *
 * The page runs no script but these files and asks no server but this one. Addresses within the dashboard are its own affair: any
 * page that a browser asks for and that is not the API's gets the dashboard.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** Where the build puts the files: beside `src` and `dist` alike. */
export const WEB_FOLDER = fileURLToPath(new URL("../../web", import.meta.url));

export interface WebOptions {
  readonly folder: string;
  /** Where a host has mounted the server, such as `/webhooks`; empty at the root. */
  readonly base: string;
  /** Origins that may show the portal in a frame, as in `frame-ancestors` of a content security policy. */
  readonly frameAncestors: readonly string[];
  /** The separate origin for inbound webhooks; empty: there is none. */
  readonly ingestUrl: string;
}

/** Answers a request for a page, or says that it is not one. */
export type PageServer = (request: FastifyRequest, answer: FastifyReply) => FastifyReply | null;

const NOTICES_PATH = "/third-party-notices.txt";
const RESERVED = /^\/+(api|in|ingest|health|docs|assets|\.well-known)(\/|%2f|$)/i;

/** Serves the files; the result answers for every address that is a page. */
export async function registerWeb(app: FastifyInstance, options: WebOptions): Promise<PageServer> {
  if (!existsSync(`${options.folder}/index.html`)) return () => null;
  const html = pageAt(options, await readFile(`${options.folder}/index.html`, "utf8"));
  await registerEmbed(app, options.folder);
  await registerNotices(app, options.folder);
  await app.register(fastifyStatic, {
    root: `${options.folder}/assets`,
    prefix: "/assets/",
    // Names carry a hash of what is in them.
    immutable: true,
    maxAge: "365d",
    preCompressed: true,
    index: false,
    setHeaders: (answer) => void answer.header("x-content-type-options", "nosniff"),
  });
  const ancestors = options.frameAncestors.length === 0 ? "'none'" : options.frameAncestors.join(" ");
  const page = (answer: FastifyReply, frames: string): FastifyReply =>
    answer
      .code(200)
      .headers({
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-cache",
        "content-security-policy": policy(frames, options.ingestUrl),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
      })
      .send(html);
  return (request, answer) => {
    const path = request.url.split("?")[0]!;
    const wanted = (request.method === "GET" || request.method === "HEAD") && !RESERVED.test(path);
    if (!wanted || !(request.headers.accept ?? "").includes("text/html")) return null;
    // The same page, but the portal alone may stand in a frame.
    return page(answer, path === "/portal" || path.startsWith("/portal/") ? ancestors : "'none'");
  };
}

/** The page, with the place of its files, of the API and of inbound webhooks. */
function pageAt({ base, ingestUrl }: WebOptions, html: string): Buffer {
  const placed = html.replaceAll('"./assets/', `"${base}/assets/`);
  const facts = { "posthorn-base": base, ...(ingestUrl === "" ? {} : { "posthorn-ingest": ingestUrl }) };
  const metas = Object.entries(facts).map(([name, content]) => `\n    <meta name="${name}" content="${content}" />`);
  return Buffer.from(placed.replace("<head>", `<head>${metas.join("")}`));
}

/** The script of `<posthorn-portal>`: loaded by pages of other origins, under a name that stays. */
async function registerEmbed(app: FastifyInstance, folder: string): Promise<void> {
  const script = await readFile(`${folder}/embed.js`);
  app.get("/portal/embed.js", { schema: { hide: true } }, (_request, answer) =>
    answer
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

/** The licences of the packages in the page. */
async function registerNotices(app: FastifyInstance, folder: string): Promise<void> {
  const path = `${folder}/THIRD-PARTY-NOTICES.txt`;
  // A build from before they were written does not keep the server from starting.
  if (!existsSync(path)) return;
  const notices = await readFile(path);
  app.get(NOTICES_PATH, { schema: { hide: true } }, (_request, answer) =>
    answer
      .headers({
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-cache",
        "content-security-policy": "default-src 'none'",
        "x-content-type-options": "nosniff",
      })
      .send(notices),
  );
}

/** Bodies of strangers are shown on this page: whatever slips through is text, since no script but the files may run. */
function policy(frameAncestors: string, ingestUrl: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // A logo of the customer's own, where one is set.
    "img-src 'self' data: https:",
    "font-src 'self'",
    // A capture can be sent a test request.
    `connect-src 'self' ${ingestUrl}`.trimEnd(),
    `frame-ancestors ${frameAncestors}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
