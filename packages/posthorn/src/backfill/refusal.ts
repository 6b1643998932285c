/** What to do when a provider's API does not do what was asked: wait and try again, or give up and say why. */
import type { ApiAnswer, ApiSilence } from "./types.ts";

export type Refusal =
  | { readonly kind: "wait"; readonly ms: number; readonly reason: string }
  | { readonly kind: "fail"; readonly reason: string };

/** Failures in a row after which nothing more is tried. */
export const MAX_FAILURES = 12;
const FIRST_WAIT_MS = 2000;
const MAX_WAIT_MS = 900_000;
/** What GitHub asks for after a secondary limit that names no time. */
const SECONDARY_WAIT_MS = 60_000;
/** A limit that is over by then is waited for. */
const MAX_LIMIT_MS = 2 * 3_600_000;

/** `null`: the answer is a success. @param failures How many came before, in a row. */
export function refusalOf(answer: ApiAnswer | ApiSilence, failures: number, now: number): Refusal | null {
  if (answer.status === null) return waitOrFail(backoff(failures), answer.message, failures);
  if (answer.status >= 200 && answer.status < 300) return null;
  const limit = limitOf(answer, failures, now);
  if (limit !== null) return waitOrFail(limit, `The provider's rate limit is used up (${answer.status}).`, failures);
  if (answer.status >= 500)
    return waitOrFail(backoff(failures), `The provider's API answered ${answer.status}.`, failures);
  return { kind: "fail", reason: explain(answer) };
}

function waitOrFail(ms: number, reason: string, failures: number): Refusal {
  if (failures + 1 < MAX_FAILURES && ms <= MAX_LIMIT_MS) return { kind: "wait", ms, reason };
  return { kind: "fail", reason: `${reason} It was asked ${failures + 1} times. Run it again later.` };
}

/** How long a rate limit asks to wait; `null`: it is none. */
function limitOf({ status, headers, body }: ApiAnswer, failures: number, now: number): number | null {
  if (status !== 429 && status !== 403) return null;
  const retryAfter = headers.get("retry-after");
  if (retryAfter !== undefined && /^\d+$/.test(retryAfter)) return Math.max(1000, Number(retryAfter) * 1000);
  const reset = Number(headers.get("x-ratelimit-reset"));
  if (headers.get("x-ratelimit-remaining") === "0" && reset > 0) return Math.max(1000, reset * 1000 - now + 1000);
  if (/secondary rate limit/i.test(body.toString("utf8", 0, 1000)))
    return Math.max(SECONDARY_WAIT_MS, backoff(failures));
  return status === 429 ? backoff(failures) : null;
}

function backoff(failures: number): number {
  return Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
}

function explain({ status }: ApiAnswer): string {
  switch (status) {
    case 401:
      return "The provider's API does not know the token (401): store a new one with the settings of the reconciliation.";
    case 403:
      return "The token may not do this (403): it needs the right to read webhooks, and to redeliver them.";
    case 404:
      return "The provider's API knows no such hook or event, or the token may not see it (404): check owner and hook.";
    default:
      return `The provider's API answered ${status}: check the settings of the reconciliation.`;
  }
}
