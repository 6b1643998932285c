/** Decides what to do after a failed request to a provider's API: wait and retry, or fail with a reason. */
import type { ApiResponse, ApiFailure } from "./types.ts";

export type Refusal =
  | { readonly kind: "wait"; readonly ms: number; readonly reason: string }
  | { readonly kind: "fail"; readonly reason: string };

/** Consecutive failures after which the run fails. */
export const MAX_FAILURES = 12;
const FIRST_WAIT_MS = 2000;
const MAX_WAIT_MS = 900_000;
/** Wait that GitHub asks for after a secondary rate limit without a time. */
const SECONDARY_WAIT_MS = 60_000;
/** Longest rate limit that a run waits for. */
const MAX_LIMIT_MS = 2 * 3_600_000;

/** `null` if the response is a success. @param failures Consecutive failures before this one. */
export function refusalOf(response: ApiResponse | ApiFailure, failures: number, now: number): Refusal | null {
  if (response.status === null) return waitOrFail(backoff(failures), response.message, failures);
  if (response.status >= 200 && response.status < 300) return null;
  const limit = limitOf(response, failures, now);
  if (limit !== null)
    return waitOrFail(limit, `The rate limit of the provider's API is exhausted (HTTP ${response.status}).`, failures);
  if (response.status >= 500)
    return waitOrFail(backoff(failures), `The provider's API returned HTTP ${response.status}.`, failures);
  return { kind: "fail", reason: explain(response) };
}

function waitOrFail(ms: number, reason: string, failures: number): Refusal {
  if (failures + 1 < MAX_FAILURES && ms <= MAX_LIMIT_MS) return { kind: "wait", ms, reason };
  return {
    kind: "fail",
    reason: `${reason} The backfill stopped after ${failures + 1} consecutive failed attempts. Start it again later.`,
  };
}

/** Wait requested by a rate limit; `null` if the response is not one. */
function limitOf({ status, headers, body }: ApiResponse, failures: number, now: number): number | null {
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

function explain({ status }: ApiResponse): string {
  switch (status) {
    case 401:
      return "The provider's API rejected the token (HTTP 401). Set a new token in the backfill settings.";
    case 403:
      return "The token lacks permission (HTTP 403). It needs permission to read webhooks and to redeliver them.";
    case 404:
      return "The provider's API did not find the webhook or event, or the token has no access to it (HTTP 404). Check `owner` and `hookId`.";
    default:
      return `The provider's API returned HTTP ${status}. Check the backfill settings.`;
  }
}
