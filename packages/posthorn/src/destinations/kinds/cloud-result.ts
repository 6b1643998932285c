/** Results of requests to cloud services: the shared part of classifying their responses. */
import type { DestinationErrorCode, ItemResult, KindMessage, KindResponse } from "../kind.ts";

/** An outcome that is not `ok`. */
export type Failure = Exclude<ItemResult, { readonly kind: "ok" }>;

/** This message can never be sent. */
export interface Refusal {
  readonly kind: "refused";
  readonly code: DestinationErrorCode;
  readonly sentence: string;
}

/** The meaning of a failure, without the message of the service. */
export interface FailureClass {
  readonly kind: Failure["kind"];
  readonly code: DestinationErrorCode;
  readonly advice: string;
}

/** Error of a service: its own code, and a message that may be empty. */
export interface Said {
  readonly service: string;
  readonly code: string;
  readonly message: string;
}

const utf8 = new TextDecoder();
/** Longest part of a foreign message that is shown. */
const MAX_QUOTE = 300;
/** Wait after a rate limit response without a time. */
const DEFAULT_WAIT_MS = 5000;
const MAX_WAIT_MS = 3_600_000;

export function bodyText({ body }: Pick<KindResponse, "body">): string {
  return utf8.decode(body);
}

/** The JSON object in a response; an empty object if there is none. */
export function bodyObject(response: Pick<KindResponse, "body">): Readonly<Record<string, unknown>> {
  return asObject(parsed(bodyText(response)));
}

export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The objects of a list; empty if it is not one. */
export function asObjects(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

export function isSuccess({ status }: KindResponse): boolean {
  return status >= 200 && status <= 299;
}

/** The same outcome for every message of a request. */
export function forAll(messages: readonly KindMessage[], result: ItemResult): readonly ItemResult[] {
  return messages.map(() => result);
}

export function refused(code: DestinationErrorCode, sentence: string): Refusal {
  return { kind: "refused", code, sentence };
}

/** @param headers Of the response, for the time that a rate limit asks to wait. */
export function failed(
  { kind, code, advice }: FailureClass,
  { service, code: theirs, message }: Said,
  headers: KindResponse["headers"] = {},
): Failure {
  const quote = quoted(message);
  const sentence = `${service}: ${quoted(theirs)}${quote === "" ? "" : ` (${quote})`}. ${advice}`;
  return kind === "later" ? { kind, code, sentence, afterMs: waitMs(headers) } : { kind, code, sentence };
}

/** The response does not follow the service's protocol: something else responded, such as a proxy. */
export function unreadable(service: string, { status }: KindResponse): Failure {
  return {
    kind: "retry",
    code: "protocol_error",
    sentence: `${service} responded with HTTP ${status} and a body that is not its own. Check the URL, and whether a proxy responded instead.`,
  };
}

/** Meaning of a status if the service returned no code, or an unknown one. */
export function classOfStatus(status: number): FailureClass {
  if (status === 401 || status === 403) {
    return { kind: "closed", code: "credentials_refused", advice: "Check the credentials and their permissions." };
  }
  if (status === 404 || status === 410) {
    return { kind: "closed", code: "target_not_found", advice: "Check that the target exists." };
  }
  if (status === 413) {
    return { kind: "refused", code: "message_too_large", advice: "Send smaller messages." };
  }
  if (status === 429) return { kind: "later", code: "rate_limited", advice: "We wait and try again." };
  if (status === 408 || status >= 500) return UNAVAILABLE;
  if (status === 400 || status === 422) {
    return { kind: "refused", code: "message_invalid", advice: "Change the message or the configuration." };
  }
  return { kind: "retry", code: "protocol_error", advice: "Check the URL and the configuration." };
}

export const UNAVAILABLE: FailureClass = {
  kind: "retry",
  code: "target_unavailable",
  advice: "We try again.",
};
export const RATE_LIMITED: FailureClass = {
  kind: "later",
  code: "rate_limited",
  advice: "We wait and try again. Raise the limit of the target if this happens often.",
};

function quoted(text: string): string {
  // eslint-disable-next-line no-control-regex -- line breaks and other control characters are what it replaces
  const line = text.replace(/[\0-\x1f\x7f]+/g, " ").trim();
  return (line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line).replace(/\.$/, "");
}

function waitMs(headers: KindResponse["headers"]): number {
  const text = headers["retry-after"]?.trim() ?? "";
  if (/^\d{1,6}$/.test(text)) return Math.min(Math.max(1, Number(text)) * 1000, MAX_WAIT_MS);
  const theirs = Date.parse(headers["date"] ?? "");
  const until = Date.parse(text) - theirs;
  return Number.isFinite(until) && until > 0 ? Math.min(until, MAX_WAIT_MS) : DEFAULT_WAIT_MS;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
