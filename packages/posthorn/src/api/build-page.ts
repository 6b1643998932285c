/** The page that stands in for one that is still being built, or whose build failed. */
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { escapeHtml } from "../lib/html.ts";
import { pageHtml } from "./page-html.ts";
import type { PageBuildState } from "./page-build.ts";

const STYLE = `:root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-content:center;font:15px/1.5 system-ui,sans-serif}
main{max-width:640px;padding:24px}h1{font-size:20px;margin:0 0 8px}p{margin:0 0 8px}pre{white-space:pre-wrap;overflow-wrap:anywhere}`;

/** A reload keeps the fragment, which may hold the code of a sign-in link; a refresh in the markup may not. */
const SCRIPT = "setTimeout(() => location.reload(), 1000);";

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
} as const;

export type UnfinishedBuild = Exclude<PageBuildState, { readonly kind: "ready" }>;

/**
 * Sends the page with status 503: it reloads itself until the build has ended.
 *
 * @param subject What is being built, as the start of a sentence, such as "The dashboard".
 */
export function sendBuildPage(response: FastifyReply, subject: string, state: UnfinishedBuild): FastifyReply {
  const [title, body] =
    state.kind === "building"
      ? [
          `${subject} is being built`,
          `<p>Now ${escapeHtml(state.step)}. This page reloads by itself; the API already works.</p><script>${SCRIPT}</script>`,
        ]
      : [
          `${subject} could not be built`,
          `<pre>${escapeHtml(state.message)}</pre><p>The API works. The terminal has the output of the build; \`npm start\` builds again.</p>`,
        ];
  const html = pageHtml({ language: "en", title, style: STYLE, body });
  return response
    .code(503)
    .headers({ ...HEADERS, "retry-after": "1" })
    .send(html);
}
