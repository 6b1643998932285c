/** Classifies responses of services by status, as far as this is the same for all of them. Kinds handle their own codes first. */
import { retryAfterMs } from "../http/retry-after.ts";
import type {
  DestinationErrorCode,
  DocumentedErrors,
  ItemResult,
  KindMessage,
  KindRequest,
  KindResponse,
} from "../kind.ts";

type Failed = Exclude<ItemResult, { kind: "ok" }>;

/** How long an endpoint waits if a service is rate limited and does not say for how long. */
const DEFAULT_WAIT_MS = 30_000;
const MAX_QUOTED = 200;

/** The response as text, for sentences: one line, shortened. */
export function quoted({ body }: KindResponse): string {
  const text = new TextDecoder()
    .decode(body.subarray(0, 4 * MAX_QUOTED))
    .replace(/\s+/g, " ")
    .trim();
  // oxlint-disable-next-line no-control-regex -- removes control characters
  const clean = text.replace(/[\0-\x1f\x7f]/g, "");
  return clean.length > MAX_QUOTED ? `${clean.slice(0, MAX_QUOTED).toWellFormed()}…` : clean;
}

/** The body as a JSON object; `null` if it is something else. */
export function jsonBody({ body }: KindResponse): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

/** A string in a JSON object, shortened for sentences; empty: there is none. */
export function stringIn(object: unknown, name: string): string {
  const value =
    typeof object === "object" && object !== null ? (object as Readonly<Record<string, unknown>>)[name] : undefined;
  return typeof value === "string" ? value.slice(0, MAX_QUOTED).toWellFormed() : "";
}

export function failed(kind: "retry" | "refused" | "closed", code: DestinationErrorCode, sentence: string): Failed {
  return { kind, code, sentence };
}

export function rateLimited(
  response: KindResponse,
  now: number,
  sentence: string,
  waitMs: number | null = null,
): Failed {
  const asked = waitMs ?? waitOf(response, now) ?? DEFAULT_WAIT_MS;
  return { kind: "later", code: "rate_limited", afterMs: asked, sentence };
}

function waitOf({ status, headers }: KindResponse, now: number): number | null {
  return retryAfterMs(status, Object.entries(headers).flat(), now);
}

interface Said {
  readonly product: string;
  readonly text: string;
  /** Quoted in the sentence instead of `text`. */
  readonly shown?: string;
}

/** The result that the table has for this error; `null`: the service does not document it. */
export function documentedResult({ rows }: DocumentedErrors, { product, text, shown = text }: Said): Failed | null {
  const row = rows.find(({ said, pattern }) => pattern?.test(text) ?? said.includes(text));
  return row === undefined ? null : failed(row.kind, row.code, `${product} responded with "${shown}". ${row.fix}`);
}

export interface ServiceNames {
  /** The product, at the beginning of a sentence: `Slack`. */
  readonly product: string;
  /** What to do if the address or the token is wrong: a whole sentence. */
  readonly fix: string;
}

/** What a response other than success means, by its status alone. */
export function classifyByStatus(response: KindResponse, now: number, { product, fix }: ServiceNames): Failed {
  const { status } = response;
  const said = saidOf(response);
  if (status === 429) return rateLimited(response, now, `${product} limits how many messages it accepts (HTTP 429).`);
  if (status === 401 || status === 403)
    return failed(
      "closed",
      "credentials_refused",
      `${product} refused the credentials (HTTP ${status})${said}. ${fix}`,
    );
  if (status === 404 || status === 410)
    return failed(
      "closed",
      "target_not_found",
      `${product} does not know this address (HTTP ${status})${said}. ${fix}`,
    );
  if (status === 413)
    return failed("refused", "message_too_large", `${product} considers the message too large (HTTP 413)${said}.`);
  if (status === 408 || status === 425)
    return failed("retry", "timeout", `${product} did not receive the request in time (HTTP ${status}).`);
  if (status === 503 && waitOf(response, now) !== null) {
    const afterMs = waitOf(response, now)!;
    return {
      kind: "later",
      code: "target_unavailable",
      afterMs,
      sentence: `${product} is unavailable and asks to wait (HTTP 503).`,
    };
  }
  if (status >= 500)
    return failed("retry", "target_unavailable", `${product} failed (HTTP ${status})${said}. We retry.`);
  if (status >= 400)
    return failed("refused", "message_invalid", `${product} refused the message (HTTP ${status})${said}.`);
  return failed(
    "retry",
    "protocol_error",
    `${product} returned HTTP ${status}, which it does not document${said}. ${fix}`,
  );
}

function saidOf(response: KindResponse): string {
  const text = quoted(response);
  return text === "" ? "" : `: ${text}`;
}

/** `T02/B03/****`: a path whose last segments are secret. */
export function maskedUrl(url: string, shownSegments: number): string {
  const { origin, pathname } = new URL(url);
  const segments = pathname.split("/").filter((segment) => segment !== "");
  const shown = segments.slice(0, Math.min(shownSegments, Math.max(0, segments.length - 1)));
  return `${[origin, ...shown].join("/")}/****`;
}

export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

export const JSON_HEADERS = ["content-type", "application/json; charset=utf-8"] as const;

/** A request that posts JSON, whose credentials are in the URL or in the body. */
export function jsonPost(url: string, body: unknown): KindRequest {
  return { method: "POST", url, headers: JSON_HEADERS, secretHeaders: [], body: jsonBytes(body), auth: null };
}

/** Classifies responses of a kind that sends each message in a separate request. */
export function oneByOne(classify: (response: KindResponse, now: number) => ItemResult) {
  return (response: KindResponse, messages: readonly KindMessage[], now: number): readonly ItemResult[] =>
    messages.map(() => classify(response, now));
}

/** Responses of receivers without their own error table: only 410 and 415 are permanent, as for webhooks. */
export function classifyReceiverResponse(response: KindResponse, now: number): ItemResult {
  const { status } = response;
  if (status >= 200 && status < 300) return { kind: "ok", reference: null };
  const said = saidOf(response);
  if (status === 410)
    return failed("closed", "target_not_found", `The receiver accepts no more events at this URL (HTTP 410)${said}.`);
  if (status === 415)
    return failed(
      "closed",
      "message_invalid",
      `The receiver does not accept this content mode or content type (HTTP 415)${said}. Select another content mode.`,
    );
  const waitMs = waitOf(response, now);
  if (status === 429) return rateLimited(response, now, "The receiver limits how many events it accepts (HTTP 429).");
  if (waitMs !== null) {
    return {
      kind: "later",
      code: "target_unavailable",
      afterMs: waitMs,
      sentence: `The receiver asks to wait (HTTP ${status})${said}.`,
    };
  }
  const code =
    status === 401 || status === 403
      ? "credentials_refused"
      : status === 413
        ? "message_too_large"
        : status >= 500
          ? "target_unavailable"
          : "message_invalid";
  return failed("retry", code, `The receiver did not accept the event (HTTP ${status})${said}.`);
}
