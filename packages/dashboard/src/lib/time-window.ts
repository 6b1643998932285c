/** Time windows of the overview. */
export const TIME_WINDOWS = ["1h", "24h", "7d", "30d"] as const;
export type TimeWindow = (typeof TIME_WINDOWS)[number];

/** Lengths of the steps of sums and chart points. */
export const STEP_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

interface WindowSteps {
  readonly sums: "minute" | "hour";
  readonly points: keyof typeof STEP_MS;
  /** Number of `sums` steps in the window. */
  readonly count: number;
}

export const WINDOW_STEPS: Readonly<Record<TimeWindow, WindowSteps>> = {
  "1h": { sums: "minute", points: "minute", count: 60 },
  "24h": { sums: "hour", points: "hour", count: 24 },
  "7d": { sums: "hour", points: "hour", count: 168 },
  "30d": { sums: "hour", points: "day", count: 720 },
};

/** Start of the window at a full minute or hour, so that repeated requests have the same parameters. */
export function sinceOf(window: TimeWindow, now = Date.now()): string {
  const { sums, count } = WINDOW_STEPS[window];
  const step = STEP_MS[sums];
  return new Date((Math.floor(now / step) - (count - 1)) * step).toISOString();
}

/** Number of previous windows from which the usual level is calculated. */
export const USUAL_WINDOWS: Readonly<Record<TimeWindow, number>> = { "1h": 24, "24h": 7, "7d": 4, "30d": 2 };

/**
 * Range before this window that serves as its baseline. For the last hour it consists of full hours, because sums per minute are kept only
 * briefly.
 */
export function usualRange(window: TimeWindow, now = Date.now()): { readonly since: string; readonly until: string } {
  const { sums, count } = WINDOW_STEPS[window];
  const until = Math.floor(Date.parse(sinceOf(window, now)) / STEP_MS.hour) * STEP_MS.hour;
  const since = until - USUAL_WINDOWS[window] * count * STEP_MS[sums];
  return { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
}
