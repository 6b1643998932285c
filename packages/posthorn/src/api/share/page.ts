/** The public page of a shared link: HTML without scripts, rendered here, so that payloads never reach a page that could run code. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Services } from "../../domain/context.ts";
import type { ShownBody } from "../../domain/share/redact.ts";
import { type SharedAttempt, type SharedHeader, type SharedView, viewShareLink } from "../../domain/share/view.ts";
import { escapeHtml } from "../../lib/html.ts";
import { type PublicPage, sendPublicPage } from "../public-page.ts";
import { TEXTS, type ShareTexts } from "./texts.ts";

/** Requests of one address in a minute. Tokens have 256 bits: the limit bounds the load, not the chance of a guess. */
const PER_MINUTE = 60;

export function registerSharePage(app: FastifyInstance, services: Services): void {
  const limiter = services.rateLimits.limiter("share", PER_MINUTE);
  const show = async (request: SharedRequest, response: FastifyReply): Promise<FastifyReply> => {
    const texts = textsFor(request);
    if (!limiter.take(request.ip)) {
      return sendPublicPage(
        response.header("retry-after", "60"),
        429,
        document(texts, texts.busyTitle, `<p>${texts.busy}</p>`),
      );
    }
    const view = await viewShareLink(services, {
      token: request.params.token,
      ip: request.ip,
      userAgent: request.headers["user-agent"] ?? null,
    });
    // The same for every link that cannot be opened, so that it does not reveal that there was one.
    if (view === null) return sendPublicPage(response, 404, document(texts, texts.goneTitle, `<p>${texts.gone}</p>`));
    return sendPublicPage(response, 200, pageOf(texts, view));
  };
  app.route({ method: "GET", url: "/share/:token", handler: show });
}

type SharedRequest = FastifyRequest<{ readonly Params: { readonly token: string } }>;

function textsFor({ headers }: FastifyRequest): ShareTexts {
  return /^\s*de\b/i.test(headers["accept-language"] ?? "") ? TEXTS.de : TEXTS.en;
}

function document({ language }: ShareTexts, title: string, body: string): PublicPage {
  return { language, title, body };
}

function pageOf(texts: ShareTexts, { message, attempts, expiresAt }: SharedView): PublicPage {
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

/** In UTC, because the page has no script that could find out the time zone of the reader. */
function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
