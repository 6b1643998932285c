/** Warnings about an attempt that did not make it fail. */
import type { Attempt } from "./attempt.ts";
import type { AttemptFacts } from "./detail.ts";

const DAY_MS = 86_400_000;
const EXPIRY_DAYS = 14;
/** Characters of a response that are searched. */
const SEARCHED = 2000;

export interface Warning {
  readonly code: "certificate_expires" | "success_doubtful" | "response_cut";
  readonly message: string;
}

export function warningsOf(attempt: Attempt, facts: AttemptFacts | null): readonly Warning[] {
  if (facts === null) return [];
  return [expiry(attempt, facts), doubt(attempt, facts), cut(facts)].filter((warning) => warning !== null);
}

function expiry({ timestamp }: Attempt, { tls }: AttemptFacts): Warning | null {
  if (tls === null) return null;
  const days = Math.floor((tls.certificateValidTo - timestamp) / DAY_MS);
  if (days >= EXPIRY_DAYS) return null;
  const date = new Date(tls.certificateValidTo).toISOString().slice(0, 10);
  return {
    code: "certificate_expires",
    message: `The TLS certificate of the endpoint expires on ${date}, ${days === 1 ? "1 day" : `${days} days`} after this attempt. Renew it.`,
  };
}

/** Signs of a failure in a response that counts as success, and the success preset that would detect it. */
const DOUBTS: readonly (readonly [pattern: RegExp, preset: string])[] = [
  [/"ok"\s{0,9}:\s{0,9}false/, "slack"],
  [/webhook message delivery failed/i, "teams"],
  [/"errors"\s{0,9}:\s{0,9}\[\s{0,9}\{/, "graphql"],
  [/"error"\s{0,9}:\s{0,9}\{\s{0,9}"code"/, "json-rpc"],
];

function doubt({ status, response }: Attempt, { response: facts }: AttemptFacts): Warning | null {
  if (status !== 0 || facts === null) return null;
  const text = response.slice(0, SEARCHED);
  // Some receivers, such as incoming webhooks of Slack, respond with a plain "ok" that is declared as HTML.
  const isPage = isHtml(facts.headers) && /^\s*</.test(text);
  const preset = isPage ? "no-html" : DOUBTS.find(([pattern]) => pattern.test(text))?.[1];
  if (preset === undefined) return null;
  const what = preset === "no-html" ? "is an HTML page" : "contains an error";
  return {
    code: "success_doubtful",
    message: `The status is a success, but the response ${what}. If that is a failure, set the success preset "${preset}" in the policy of this endpoint.`,
  };
}

function isHtml(headers: readonly (string | null)[]): boolean {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name?.toLowerCase() === "content-type");
  return at !== -1 && /^\s*text\/html\b/i.test(headers[at + 1] ?? "");
}

function cut({ response }: AttemptFacts): Warning | null {
  if (response === null || (!response.truncated && response.bodyError === null)) return null;
  const message = response.truncated
    ? "The response is longer than what is kept. The rest was not read."
    : `The response broke off (${response.bodyError}).`;
  return { code: "response_cut", message };
}
