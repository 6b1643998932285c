/** HTML without scripts, for people without an account. It is rendered here, so that it needs no session and no code in the browser. */
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { pageHtml } from "./page-html.ts";

const STYLE = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5a6472;--line:#d9dee5;--page:#f6f7f9;--card:#fff;--good:#1a7f4b;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebef;--soft:#a1abb8;--line:#333a44;--page:#14171b;--card:#1c2026;--good:#5fd39b;--bad:#ff8a80}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:860px;margin:0 auto;padding:24px 16px}h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:0 0 12px}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:16px;margin:16px 0}
p{margin:0 0 8px}.soft{color:var(--soft)}dl{display:grid;grid-template-columns:minmax(120px,max-content) 1fr;gap:4px 16px;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}pre{margin:8px 0 0;padding:12px;border:1px solid var(--line);border-radius:6px;overflow:auto;max-height:480px;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,monospace}
table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:6px 8px;border-bottom:1px solid var(--line);overflow-wrap:anywhere}th{color:var(--soft);font-weight:500}button{font:inherit;padding:8px 16px;border:0;border-radius:6px;background:var(--ink);color:var(--card);cursor:pointer}button:focus-visible{outline:3px solid var(--good);outline-offset:2px}.good{color:var(--good)}.bad{color:var(--bad)}`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

export interface PublicPage {
  readonly language: string;
  readonly title: string;
  /** HTML. */
  readonly body: string;
  /** Whether it has a form, which is sent to its own URL. */
  readonly hasForm?: boolean;
}

/** Sends a page that no browser or crawler keeps, and that no other page can embed. */
export function sendPublicPage(response: FastifyReply, status: number, page: PublicPage): FastifyReply {
  const { language, title, body, hasForm = false } = page;
  return response
    .code(status)
    .headers({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action ${hasForm ? "'self'" : "'none'"}; sandbox${hasForm ? " allow-forms" : ""}`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-robots-tag": "noindex, nofollow, noarchive",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    })
    .send(pageHtml({ language, title, style: STYLE, body }));
}
