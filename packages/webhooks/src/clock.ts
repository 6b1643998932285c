import { WebhookError, type WebhookErrorDetails } from "./errors.ts";

/** Clock and tolerance for signed timestamps. */
export interface ClockOptions {
  /** Current time in milliseconds since the Unix epoch. Defaults to `Date.now`. */
  readonly now?: () => number;
  /**
   * Maximum age of a signed timestamp in seconds, and the maximum distance into the future unless
   * `futureToleranceSeconds` is set. Defaults to the tolerance of the scheme, usually 300. `Infinity` disables the
   * check.
   */
  readonly toleranceSeconds?: number;
  /** Maximum distance of a signed timestamp into the future in seconds: allows for clocks that differ. */
  readonly futureToleranceSeconds?: number;
}

/** Throws `timestamp_too_old` or `timestamp_too_new` when `signedAtMs` is outside the tolerance. */
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
    `The request was signed ${seconds} s ${old ? "ago" : "in the future"}; the tolerance is ${toleranceSeconds} s. ` +
      "Check this machine's clock and whether the request is a replay.",
    { ...details, ageSeconds, toleranceSeconds },
  );
}
