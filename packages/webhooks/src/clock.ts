import { WebhookError, type WebhookErrorDetails } from "./errors.ts";

/** Where the current time comes from, and how far a signed time may be from it. */
export interface ClockOptions {
  /** Current time in milliseconds since 1970. Defaults to `Date.now`. */
  readonly now?: () => number;
  /**
   * How many seconds a signed time may lie in the past (and, unless `futureToleranceSeconds` says otherwise, in the
   * future). Defaults to the scheme's own window, usually 300. `Infinity` turns the check off.
   */
  readonly toleranceSeconds?: number;
  /** How many seconds a signed time may lie in the future: the clocks' difference only. */
  readonly futureToleranceSeconds?: number;
}

/** Throws `timestamp_too_old` or `timestamp_too_new` when `signedAtMs` is outside the window. */
export function checkFreshness(
  signedAtMs: number,
  options: ClockOptions,
  defaultToleranceSeconds = 300,
  details: WebhookErrorDetails = {},
): void {
  const now = options.now === undefined ? Date.now() : options.now();
  const past = options.toleranceSeconds ?? defaultToleranceSeconds;
  const future = options.futureToleranceSeconds ?? past;
  const ageSeconds = (now - signedAtMs) / 1000;
  if (ageSeconds <= past && -ageSeconds <= future) return;
  const old = ageSeconds > past;
  const toleranceSeconds = old ? past : future;
  const seconds = Math.round(Math.abs(ageSeconds));
  throw new WebhookError(
    old ? "timestamp_too_old" : "timestamp_too_new",
    `The request was signed ${seconds} s ${old ? "ago" : "in the future"}; ${toleranceSeconds} s are allowed. ` +
      "Check this machine's clock, and that the request is not a replay.",
    { ...details, ageSeconds, toleranceSeconds },
  );
}
