/** The two kinds of feeds that the routes are defined for. */
import type { FeedRef } from "../../domain/feed/find.ts";

export interface FeedScope {
  readonly path: string;
  /** Prefix of its operation IDs. */
  readonly operations: string;
  readonly of: string;
  readonly what: string;
}

export const SCOPES: readonly FeedScope[] = [
  {
    path: "/api/v1/app/:app_id/feed",
    operations: "v1.feed",
    of: "an application",
    what: "All messages of the application, in the order in which they were stored.",
  },
  {
    path: "/api/v1/app/:app_id/endpoint/:endpoint_id/feed",
    operations: "v1.endpoint.feed",
    of: "an endpoint",
    what: "The messages that matched the endpoint when they were published, without those that were canceled.",
  },
];

/** The feed that the path names. */
export function refOf(params: unknown): FeedRef {
  const { app_id: app, endpoint_id: endpoint } = params as { readonly app_id: string; readonly endpoint_id?: string };
  return { app, endpoint: endpoint ?? null };
}
