/** The routes of feeds, their consumers and pollers. */
import type { Route } from "../route.ts";
import { AUTO_CONFIG_ROUTES } from "./auto-config.ts";
import { consumerRoutes } from "./consumers.ts";
import { consumerPoll, consumerSeek, leasedCommit, leasedPoll, poll } from "./pollers.ts";
import { getPollerToken, listPollerTokens, revokePollerToken, rotatePollerToken } from "./poller-token.ts";
import { readRoute } from "./read.ts";
import { SCOPES } from "./scope.ts";

export const FEED_ROUTES: readonly Route[] = [
  ...SCOPES.flatMap((scope) => [readRoute(scope), ...consumerRoutes(scope)]),
  poll,
  consumerPoll,
  consumerSeek,
  leasedPoll,
  leasedCommit,
  getPollerToken,
  rotatePollerToken,
  listPollerTokens,
  revokePollerToken,
  ...AUTO_CONFIG_ROUTES,
];
