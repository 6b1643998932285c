/** Reads how long a receiver asks to wait, from `Retry-After` and rate limit headers. */
import { headerValue } from "@posthorn/egress";

/** Longest wait that is honored. */
const MAX_MS = 24 * 3_600_000;
/** Larger reset values are points in time, not durations: no duration lasts thirty years. */
const MIN_EPOCH_SECONDS = 1_000_000_000;
const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
/** The three forms of RFC 9110, section 5.6.7, which are all in GMT. */
const HTTP_DATES = [
  new RegExp(`^\\w{3}, \\d\\d (?:${MONTHS}) \\d{4} \\d\\d:\\d\\d:\\d\\d GMT$`),
  new RegExp(`^\\w{6,9}, \\d\\d-(?:${MONTHS})-\\d\\d \\d\\d:\\d\\d:\\d\\d GMT$`),
  new RegExp(`^\\w{3} (?:${MONTHS}) [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4}$`),
] as const;

/**
 * Milliseconds that a response asks to wait, up to a day; `null` if it does not ask, or if the value cannot be parsed.
 *
 * A time is compared with the `Date` of the same response, so that the receiver's clock may be wrong. Rate limit headers count only if the
 * status says that a limit was hit: 429 or 503.
 *
 * @param headers Alternating names and values.
 * @param now Unix milliseconds, for a response without a `Date`.
 */
export function retryAfterMs(status: number, headers: readonly string[], now: number): number | null {
  const wait = fromRetryAfter(headers, now) ?? (status === 429 || status === 503 ? fromRateLimit(headers, now) : null);
  return wait === null || wait <= 0 ? null : Math.min(Math.round(wait), MAX_MS);
}

/** RFC 9110, section 10.2.3. */
function fromRetryAfter(headers: readonly string[], now: number): number | null {
  const text = headerValue(headers, "retry-after")?.trim();
  if (text === undefined) return null;
  const seconds = secondsOf(text);
  if (seconds !== null) return seconds * 1000;
  const time = timeOf(text);
  return time === null ? null : time - clockOf(headers, now);
}

/**
 * Prefers the newest form: `RateLimit: "name";r=0;t=30` (IETF drafts from the eighth on), `RateLimit: limit=10, remaining=0, reset=30`
 * (seventh draft), `RateLimit-Reset: 30` (earlier drafts), and `X-RateLimit-Reset` with a duration or a time.
 */
function fromRateLimit(headers: readonly string[], now: number): number | null {
  const limit = headerValue(headers, "ratelimit");
  if (limit !== undefined) {
    const spans = [...limit.slice(0, 1024).matchAll(/(?:^|[;,\s])(?:t|reset)\s*=\s*(\d{1,10})(?=$|[;,\s])/g)];
    // Of several limits, the longest applies.
    if (spans.length > 0) return Math.max(...spans.map((span) => Number(span[1]))) * 1000;
  }
  for (const name of ["ratelimit-reset", "x-ratelimit-reset-after", "x-ratelimit-reset"]) {
    const seconds = secondsOf(headerValue(headers, name)?.trim() ?? "");
    if (seconds === null) continue;
    if (seconds < MIN_EPOCH_SECONDS) return seconds * 1000;
    // Some senders use milliseconds.
    const ms = seconds < MIN_EPOCH_SECONDS * 100 ? seconds * 1000 : seconds;
    return ms - clockOf(headers, now);
  }
  return null;
}

function secondsOf(text: string): number | null {
  return /^\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : null;
}

/** Current time by the receiver's clock. */
function clockOf(headers: readonly string[], now: number): number {
  const date = headerValue(headers, "date")?.trim();
  return (date === undefined ? null : timeOf(date)) ?? now;
}

function timeOf(text: string): number | null {
  const form = HTTP_DATES.findIndex((pattern) => pattern.test(text));
  if (form === -1) return null;
  const time = Date.parse(form === 2 ? `${text} GMT` : text);
  return Number.isFinite(time) ? time : null;
}
