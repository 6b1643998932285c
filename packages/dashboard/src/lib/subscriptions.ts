/** Keys of the lists of subscriptions, and values of their forms. */
import type { QueryKey } from "@tanstack/react-query";
import { baseUrl } from "./base.ts";

export const topicsKey = (app: string): QueryKey => ["hub", app, "topics"];
export const hubSubscriptionsKey = (app: string): QueryKey => ["hub", app, "subscriptions"];
export const hubRequestsKey = (app: string): QueryKey => ["hub", app, "requests"];
export const restHooksKey = (app: string): QueryKey => ["rest-hooks", app];
export const restHookTokensKey = (app: string): QueryKey => ["rest-hook-tokens", app];

const DAY_SECONDS = 86_400;

/** Seconds until a token expires; `null`: never. */
export const LIVES = {
  never: null,
  month: 30 * DAY_SECONDS,
  quarter: 90 * DAY_SECONDS,
  year: 365 * DAY_SECONDS,
} as const;
export type Life = keyof typeof LIVES;

/** Command with which a subscriber subscribes. */
export function subscribeCommand(topic: string): string {
  return [
    `curl ${baseUrl()}/websub \\`,
    `  -d hub.mode=subscribe -d hub.topic=${topic} \\`,
    "  -d hub.callback=https://subscriber.example.com/callback -d hub.secret=SECRET",
  ].join("\n");
}
