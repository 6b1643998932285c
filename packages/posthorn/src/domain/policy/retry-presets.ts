/** Schedules and defaults of retries, also shown by the dashboard. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Delays in seconds, by preset. */
export const RETRY_SCHEDULES = {
  /** A single attempt. */
  none: [],
  /** For events that are useless later: five attempts within about two minutes. */
  minutes: [1, 5, 20, 60],
  /** For receivers that recover soon: seven attempts within about an hour. */
  hour: [5, 30, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  /** The schedule that Standard Webhooks recommends: ten attempts within about three days. */
  days: [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
} as const satisfies Record<string, readonly number[]>;

/** Default jitter. It is only added, so that no retry is early. */
export const RETRY_JITTER = 0.2;

/** Defaults of an exponential backoff. */
export const EXPONENTIAL = { factor: 2, maxSeconds: 12 * HOUR } as const;
