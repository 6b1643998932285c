/** Finds the feed that a request names, as far as the caller may read it. */
import { POLLING_KIND } from "../../destinations/kinds.ts";
import { notFound, PosthornError } from "../../lib/errors.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { type Context, reader } from "../context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { findEndpoint } from "../endpoint/find.ts";
import type { Feed } from "./position.ts";

export interface FeedRef {
  /** Id or uid of the application. */
  readonly app: string;
  /** Id or uid of the endpoint; `null`: the feed of the application. */
  readonly endpoint: string | null;
}

export interface FoundFeed {
  readonly feed: Feed;
  readonly application: Application;
  readonly endpoint: Endpoint | null;
}

/** Throws `not_found`, and `insufficient access` if the token is for something else. */
export async function getFeed(ctx: Context, { app, endpoint: ref }: FeedRef): Promise<FoundFeed> {
  const application = await getApplication(ctx, app);
  if (ref === null) {
    if (scopeOf(ctx) !== null) {
      throw new PosthornError("insufficient access", "This token can only read the feed of one endpoint.");
    }
    return { feed: { appKey: application.key, endpointKey: 0 }, application, endpoint: null };
  }
  const endpoint = await findEndpoint(ctx, application, ref);
  if (endpoint === null || !(await mayRead(ctx, endpoint.key))) throw notFound("endpoint");
  if (endpoint.disabled && endpoint.kind === POLLING_KIND) {
    throw new PosthornError(
      "endpoint_disabled",
      "This polling endpoint is disabled and cannot be read. When you enable it, you can read the messages that are on hold.",
    );
  }
  return { feed: { appKey: application.key, endpointKey: endpoint.key }, application, endpoint };
}

function scopeOf({ actor }: Context) {
  return actor.kind === "application" ? (actor.scope ?? null) : null;
}

async function mayRead(ctx: Context, endpointKey: number): Promise<boolean> {
  const scope = scopeOf(ctx);
  if (scope === null || scope.endpointKey === endpointKey) return true;
  if (scope.autoConfigKey === null) return false;
  const row = await reader(ctx)
    .selectFrom("auto_config")
    .select("endpoint_id")
    .where("id", "=", scope.autoConfigKey)
    .executeTakeFirst();
  return row?.endpoint_id === endpointKey;
}
