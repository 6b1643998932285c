/** Sentences that the server sends in English, in the language of the page. Translations are keyed by the code sent with the sentence. */
import type { i18n } from "i18next";

/** Namespace of the translations: see `i18n/de/server.ts`. English has none. */
export const SERVER_TEXTS = "server";

export interface ServerText {
  readonly text: string;
  /** The server's own sentence, if it has details that the translation does not have. */
  readonly original: string | null;
}

type Kind =
  | "attempt"
  | "status"
  | "warning"
  | "quarantine"
  | "api"
  | "doctor"
  | "kind"
  | "hub"
  | "hubHint"
  | "reading"
  | "readingHint";

/** @param code Stable code of the sentence; one without a translation is shown as the server sent it. */
export function serverText(i18next: i18n, kind: Kind, code: string, sentence: string): ServerText {
  const textIn = (group: string): unknown =>
    i18next.getResource(i18next.language, SERVER_TEXTS, `${group}.${kind}.${code}`);
  const full = textIn("sentences");
  if (typeof full === "string") return { text: full, original: null };
  const summary = textIn("summaries");
  return typeof summary === "string" ? { text: summary, original: sentence } : { text: sentence, original: null };
}

/** Message of an error. Those of the API have a code. */
export function errorText(i18next: i18n, error: Error): ServerText {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return serverText(i18next, "api", code, error.message);
}

interface FailedAttempt {
  readonly responseStatusCode: number;
  readonly errorCode: string | null;
}

/** The sentence that explains a failed attempt. */
export function attemptText(
  i18next: i18n,
  { responseStatusCode, errorCode }: FailedAttempt,
  sentence: string,
): ServerText {
  if (errorCode !== null && errorCode !== "status") return serverText(i18next, "attempt", errorCode, sentence);
  const exact = serverText(i18next, "status", String(responseStatusCode), sentence);
  if (exact.text !== sentence) return exact;
  return serverText(i18next, "status", classOf(responseStatusCode), sentence);
}

function classOf(status: number): string {
  if (status >= 500) return "5xx";
  return status >= 400 ? "4xx" : "other";
}
