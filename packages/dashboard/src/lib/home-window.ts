/** The stretches of time that the home page can show. */
export const HOME_WINDOWS = ["1h", "24h", "7d", "30d"] as const;
export type HomeWindow = (typeof HOME_WINDOWS)[number];

/** What is summed up by minutes and by hours, and what a point of a chart stands for. */
export const STEP_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

interface Stretch {
  readonly sums: "minute" | "hour";
  readonly points: keyof typeof STEP_MS;
  /** Of `sums`. */
  readonly count: number;
}

export const STRETCHES: Readonly<Record<HomeWindow, Stretch>> = {
  "1h": { sums: "minute", points: "minute", count: 60 },
  "24h": { sums: "hour", points: "hour", count: 24 },
  "7d": { sums: "hour", points: "hour", count: 168 },
  "30d": { sums: "hour", points: "day", count: 720 },
};

/** Its beginning at a full minute or hour, so that a page that is asked again a moment later asks the same. */
export function sinceOf(window: HomeWindow, now = Date.now()): string {
  const { sums, count } = STRETCHES[window];
  const step = STEP_MS[sums];
  return new Date((Math.floor(now / step) - (count - 1)) * step).toISOString();
}
