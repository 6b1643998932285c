/** The public page of a shared link: HTML without scripts, rendered here, so that payloads never reach a page that could run code. */
import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Services } from "../../domain/context.ts";
import type { ShownBody } from "../../domain/share/redact.ts";
import { type SharedAttempt, type SharedHeader, type SharedView, viewShareLink } from "../../domain/share/view.ts";
import { escapeHtml } from "../../lib/html.ts";
import { RateLimiter } from "../../lib/rate-limiter.ts";
import { TEXTS, type ShareTexts } from "./texts.ts";

/** Requests of one address in a minute. Tokens have 256 bits: the limit bounds the load, not the chance of a guess. */
const PER_MINUTE = 60;

export function registerSharePage(app: FastifyInstance, services: Services): void {
  const limiter = new RateLimiter(PER_MINUTE, services.now);
  const show = async (request: SharedRequest, response: FastifyReply): Promise<FastifyReply> => {
    const texts = textsFor(request);
    if (!limiter.take(request.ip)) {
      return send(response.header("retry-after", "60"), 429, document(texts, texts.busyTitle, `<p>${texts.busy}</p>`));
    }
    const view = await viewShareLink(services, {
      token: request.params.token,
      ip: request.ip,
      userAgent: request.headers["user-agent"] ?? null,
    });
    // The same for every link that cannot be opened, so that it does not reveal that there was one.
    if (view === null) return send(response, 404, document(texts, texts.goneTitle, `<p>${texts.gone}</p>`));
    return send(response, 200, pageOf(texts, view));
  };
  app.route({ method: "GET", url: "/share/:token", handler: show });
}

type SharedRequest = FastifyRequest<{ readonly Params: { readonly token: string } }>;

const STYLE = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5a6472;--line:#d9dee5;--page:#f6f7f9;--card:#fff;--good:#1a7f4b;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebef;--soft:#a1abb8;--line:#333a44;--page:#14171b;--card:#1c2026;--good:#5fd39b;--bad:#ff8a80}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:860px;margin:0 auto;padding:24px 16px}h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:0 0 12px}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:16px;margin:16px 0}
p{margin:0 0 8px}.soft{color:var(--soft)}dl{display:grid;grid-template-columns:minmax(120px,max-content) 1fr;gap:4px 16px;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}pre{margin:8px 0 0;padding:12px;border:1px solid var(--line);border-radius:6px;overflow:auto;max-height:480px;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,monospace}
table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:6px 8px;border-bottom:1px solid var(--line);overflow-wrap:anywhere}th{color:var(--soft);font-weight:500}.good{color:var(--good)}.bad{color:var(--bad)}`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox`,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "x-robots-tag": "noindex, nofollow, noarchive",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

function send(response: FastifyReply, status: number, html: string): FastifyReply {
  return response.code(status).headers(HEADERS).send(html);
}

function textsFor({ headers }: FastifyRequest): ShareTexts {
  return /^\s*de\b/i.test(headers["accept-language"] ?? "") ? TEXTS.de : TEXTS.en;
}

function document({ language }: ShareTexts, title: string, body: string): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body><main><h1>${escapeHtml(title)}</h1>${body}</main></body>
</html>
`;
}

function pageOf(texts: ShareTexts, { message, attempts, expiresAt }: SharedView): string {
  const facts = terms([
    [texts.id, message.id],
    [texts.published, timeText(message.timestamp)],
    [texts.contentType, message.contentType],
  ]);
  const parts = [
    `<p class="soft">${texts.intro} ${texts.expires} ${timeText(expiresAt)}.</p>`,
    section(texts.message, `${facts}${bodyOf(texts, message.body)}`),
    ...attempts.flatMap((attempt) => (attempt.detail === null ? [] : detailOf(texts, attempt, attempt.detail))),
  ];
  if (attempts.every(({ detail }) => detail === null)) parts.push(section(texts.attempts, tableOf(texts, attempts)));
  return document(texts, message.eventType, parts.join(""));
}

function detailOf(
  texts: ShareTexts,
  attempt: SharedAttempt,
  detail: NonNullable<SharedAttempt["detail"]>,
): readonly string[] {
  const { method, requestHeaders, responseHeaders, responseBody } = detail;
  const request = terms([
    [texts.time, timeText(attempt.timestamp)],
    [texts.endpoint, attempt.origin],
    ...(method === null ? [] : [[texts.method, method] as const]),
    [texts.duration, `${attempt.durationMs} ms`],
  ]);
  return [
    section(texts.request, `${request}${headersOf(texts, requestHeaders)}`),
    section(
      texts.response,
      `<p>${resultOf(texts, attempt)}</p>${headersOf(texts, responseHeaders)}${bodyOf(texts, responseBody)}`,
    ),
  ];
}

function tableOf(texts: ShareTexts, attempts: readonly SharedAttempt[]): string {
  if (attempts.length === 0) return `<p class="soft">${texts.noAttempts}</p>`;
  const rows = attempts.map(
    (attempt) =>
      `<tr><td>${timeText(attempt.timestamp)}</td><td>${escapeHtml(attempt.origin)}</td><td>${resultOf(texts, attempt)}</td><td>${attempt.durationMs} ms</td></tr>`,
  );
  const head = [texts.time, texts.endpoint, texts.result, texts.duration].map((name) => `<th>${name}</th>`).join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function resultOf(texts: ShareTexts, { isSuccess, responseCode }: SharedAttempt): string {
  const code = responseCode === 0 ? texts.noResponse : `HTTP ${responseCode}`;
  return `<span class="${isSuccess ? "good" : "bad"}">${isSuccess ? texts.succeeded : texts.failed}</span> · ${code}`;
}

function headersOf(texts: ShareTexts, headers: readonly SharedHeader[]): string {
  if (headers.length === 0) return "";
  return `<pre aria-label="${texts.headers}">${headers.map(({ name, value }) => escapeHtml(`${name}: ${value}`)).join("\n")}</pre>`;
}

function bodyOf(texts: ShareTexts, body: ShownBody): string {
  if (body.kind === "missing") return `<p class="soft">${texts.noBody}</p>`;
  if (body.kind === "binary") return `<p class="soft">${texts.binary} (${body.bytes} B)</p>`;
  if (body.kind === "hidden") return `<p class="soft">${texts.hidden}</p>`;
  return `<pre aria-label="${texts.body}">${escapeHtml(body.text)}</pre>`;
}

function section(title: string, content: string): string {
  return `<section><h2>${title}</h2>${content}</section>`;
}

function terms(pairs: readonly (readonly [string, string])[]): string {
  return `<dl>${pairs.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join("")}</dl>`;
}

/** In UTC: the page has no script that knows the zone of the reader. */
function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
