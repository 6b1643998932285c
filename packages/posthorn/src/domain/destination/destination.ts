/** Destinations of the compatible API: endpoints that receive their messages in order. */
import { WEBHOOK_KIND } from "../../destinations/kinds.ts";
import { notFound } from "../../lib/errors.ts";
import { DELIVERY_STATE } from "../../store/schema.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { type Call, type Context, reader } from "../context.ts";
import { deleteEndpoint } from "../endpoint/delete.ts";
import { type Endpoint, toEndpoint } from "../endpoint/endpoint.ts";
import { type EndpointRef, findEndpoint } from "../endpoint/find.ts";
import { getHeaders } from "../endpoint/headers.ts";
import type { HeaderMap } from "../endpoint/header-rules.ts";
import type { ListEndpoints } from "../endpoint/list.ts";
import { comparison, idIterator, type Page, readPage } from "../paging.ts";
import type { BatchValues } from "../policy/batch.ts";
import { layerOf } from "../policy/resolve.ts";
import { TYPED_KINDS, typeOfKind } from "./types.ts";

/** Times are Unix milliseconds. */
export interface Destination {
  readonly endpoint: Endpoint;
  readonly type: string;
  /** Headers of a webhook; `null` for other types. */
  readonly headers: { readonly headers: HeaderMap; readonly sensitive: readonly string[] } | null;
  readonly status: "enabled" | "paused" | "disabled" | "retrying";
  /** ID of the message that was sent last; empty: none was. */
  readonly position: string;
  /** Why the last attempt failed; `null`: it succeeded, or there was none. */
  readonly failureReason: string | null;
  readonly nextRetryAt: number | null;
  /** How its messages are sent together. */
  readonly batch: Pick<BatchValues, "maxItems" | "maxWaitSeconds">;
}

export async function getDestination({ ctx, input }: Call<EndpointRef>): Promise<Destination> {
  return toDestination(ctx, input.app, (await destinationEndpoint(ctx, input)).endpoint);
}

export async function deleteDestination({ ctx, input }: Call<EndpointRef>): Promise<void> {
  await destinationEndpoint(ctx, input);
  await deleteEndpoint({ ctx, input });
}

/** The endpoint of a destination. Throws `not_found`, also for endpoints that are not destinations. */
export async function destinationEndpoint(
  ctx: Context,
  ref: EndpointRef,
): Promise<{ readonly application: Application; readonly endpoint: Endpoint }> {
  const application = await getApplication(ctx, ref.app);
  const endpoint = await findEndpoint(ctx, application, ref.endpoint);
  if (endpoint === null || !(await isDestination(ctx, endpoint))) throw notFound("destination");
  return { application, endpoint };
}

/** Whether an endpoint is a destination: a webhook only if it is ordered by its own policy. */
export async function isDestination(ctx: Context, { key, kind }: Endpoint): Promise<boolean> {
  if (kind !== WEBHOOK_KIND) return typeOfKind(kind) !== null;
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select("policy_json")
    .where("id", "=", key)
    .executeTakeFirstOrThrow();
  return row.policy_json?.includes(ORDERED) === true;
}

/** Text in the policy of an endpoint that receives all its messages in order. */
const ORDERED = '"by":"endpoint"';

export async function listDestinations({ ctx, input }: Call<ListEndpoints>): Promise<Page<Destination>> {
  const application = await getApplication(ctx, input.app);
  const order = input.order === "descending" ? "desc" : "asc";
  const page = await readPage(input, { order, keyOf: idIterator("ep_") }, (slice) => {
    let query = reader(ctx)
      .selectFrom("endpoint")
      .selectAll()
      .where("app_id", "=", application.key)
      .where("deleted_at", "is", null)
      .where("replay_task_id", "is", null)
      .where(({ eb, and, or }) =>
        or([
          eb("kind", "in", TYPED_KINDS),
          and([eb("kind", "=", WEBHOOK_KIND), eb("policy_json", "like", `%${ORDERED}%`)]),
        ]),
      )
      .orderBy("id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    return query.execute();
  });
  const endpoints = page.rows.map((row) => toEndpoint(ctx, row));
  return { ...page, rows: await Promise.all(endpoints.map((one) => toDestination(ctx, input.app, one))) };
}

export async function toDestination(ctx: Context, app: string, endpoint: Endpoint): Promise<Destination> {
  const { kind, key, id } = endpoint;
  const headers = kind === WEBHOOK_KIND ? await getHeaders({ ctx, input: { app, endpoint: id } }) : null;
  const { position, failureReason, nextRetryAt } = await progressOf(ctx, key);
  return {
    endpoint,
    type: typeOfKind(kind)!,
    headers,
    status: await statusOf(ctx, endpoint, nextRetryAt),
    position,
    failureReason,
    nextRetryAt,
    batch: await batchOf(ctx, key),
  };
}

async function batchOf(ctx: Context, endpointKey: number): Promise<Destination["batch"]> {
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select("policy_json")
    .where("id", "=", endpointKey)
    .executeTakeFirst();
  const { maxItems = 1, maxWaitSeconds = 0 } =
    layerOf({ policy_json: row?.policy_json ?? null, throttle_rate: null }).policy.batch ?? {};
  return { maxItems, maxWaitSeconds };
}

/** Longest reason that is returned, in characters. */
const MAX_REASON = 1000;

async function progressOf(
  ctx: Context,
  endpointKey: number,
): Promise<Pick<Destination, "position" | "failureReason" | "nextRetryAt">> {
  const last = await reader(ctx)
    .selectFrom("attempt")
    .innerJoin("message", "message.id", "attempt.message_id")
    .select(["attempt.status", "attempt.response", "attempt.message_id", "message.public_id"])
    .where("attempt.endpoint_id", "=", endpointKey)
    .orderBy("attempt.id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return { position: "", failureReason: null, nextRetryAt: null };
  const position = last.public_id;
  if (last.status === 0) return { position, failureReason: null, nextRetryAt: null };
  const delivery = await reader(ctx)
    .selectFrom("delivery")
    .select("due")
    .where("message_id", "=", last.message_id)
    .where("endpoint_id", "=", endpointKey)
    .where("state", "=", DELIVERY_STATE.pending)
    .executeTakeFirst();
  return { position, failureReason: last.response.slice(0, MAX_REASON), nextRetryAt: delivery?.due ?? null };
}

async function statusOf(
  ctx: Context,
  { key, disabled }: Endpoint,
  nextRetryAt: number | null,
): Promise<Destination["status"]> {
  if (disabled) return "disabled";
  const known = await ctx.services.directory.endpoint(key);
  const { pausedUntil } = known?.policy.lane ?? { pausedUntil: null };
  const isPaused = pausedUntil !== null && pausedUntil > ctx.services.now();
  if (isPaused || known?.kindProblem) return "paused";
  return nextRetryAt === null ? "enabled" : "retrying";
}
