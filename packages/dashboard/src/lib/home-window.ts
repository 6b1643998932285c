/** The stretches of time that the home page can show. */
export const HOME_WINDOWS = ["24h", "7d", "30d"] as const;
export type HomeWindow = (typeof HOME_WINDOWS)[number];

const HOURS: Readonly<Record<HomeWindow, number>> = { "24h": 24, "7d": 168, "30d": 720 };
const HOUR_MS = 3_600_000;

/** Its beginning at a full hour, so that a page that is asked again a moment later asks the same. */
export function sinceOf(window: HomeWindow): string {
  const hour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  return new Date(hour - (HOURS[window] - 1) * HOUR_MS).toISOString();
}
