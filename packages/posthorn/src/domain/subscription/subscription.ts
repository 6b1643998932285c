/** Subscriptions that receivers create and end themselves, at the WebSub hub or as REST hooks. An endpoint delivers to each of them. */
import { createHash } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import { containsText } from "../../store/portable-sql.ts";
import type { Database } from "../../store/schema.ts";
import type { SubscriptionTable } from "../../store/subscription-schema.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { findResource } from "../application/resource.ts";
import { type Context, reader } from "../context.ts";
import { type Endpoint, toEndpoint } from "../endpoint/endpoint.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";

export type SubscriptionProtocol = SubscriptionTable["protocol"];

export interface Subscription {
  readonly key: number;
  readonly id: string;
  readonly protocol: SubscriptionProtocol;
  /** Its topic; `null`: a REST hook. */
  readonly topic: { readonly key: number; readonly id: string } | null;
  readonly endpoint: Endpoint;
  /** `null`: it does not expire. */
  readonly leaseSeconds: number | null;
  /** Unix milliseconds. */
  readonly expiresAt: number | null;
  readonly createdAt: number;
  /** Last subscription or renewal. */
  readonly updatedAt: number;
}

export interface SubscriptionRef {
  /** Id or uid of the application. */
  readonly app: string;
  readonly protocol: SubscriptionProtocol;
  readonly subscription: string;
}

/** Recognises the URL of a subscription without storing it outside its endpoint. */
export function targetHash(url: string): Uint8Array {
  return createHash("sha256").update(url).digest();
}

export interface ListSubscriptions extends PageRequest {
  readonly app: string;
  readonly protocol: SubscriptionProtocol;
  /** Key of a topic; `null`: all. */
  readonly topicKey: number | null;
  /** A part of the URL, in any case; `null`: any. */
  readonly search: string | null;
}

export async function listSubscriptions(ctx: Context, input: ListSubscriptions): Promise<Page<Subscription>> {
  const { key } = await getApplication(ctx, input.app);
  const { protocol, topicKey, search } = input;
  const page = await readPage(input, { order: "asc", keyOf: idIterator("sub_") }, (slice) => {
    let query = alive(reader(ctx))
      .where("s.app_id", "=", key)
      .where("s.protocol", "=", protocol)
      .orderBy("s.id", slice.order)
      .limit(slice.limit);
    if (topicKey !== null) query = query.where("s.topic_id", "=", topicKey);
    if (search !== null) query = query.where(containsText(["e.url"], search));
    if (slice.from !== null) query = query.where("s.id", comparison(slice.order), slice.from);
    return query.execute();
  });
  const endpoints = await endpointsOf(
    ctx,
    page.rows.map((row) => row.endpoint_id),
  );
  return { ...page, rows: page.rows.map((row) => toSubscription(row, endpoints.get(row.endpoint_id)!)) };
}

/** Throws `not_found`. */
export async function getSubscription(
  ctx: Context,
  { app, protocol, subscription: ref }: SubscriptionRef,
): Promise<{ readonly application: Application; readonly subscription: Subscription }> {
  const its = { app, prefix: "sub_", ref, alias: "s", name: "subscription" } as const;
  const { application, row } = await findResource(ctx, its, (isIt) =>
    alive(reader(ctx)).where(isIt).where("s.protocol", "=", protocol).executeTakeFirst(),
  );
  const endpoints = await endpointsOf(ctx, [row.endpoint_id]);
  return { application, subscription: toSubscription(row, endpoints.get(row.endpoint_id)!) };
}

/** Subscriptions with an endpoint that still exists. */
function alive(db: Kysely<Database>) {
  return db
    .selectFrom("subscription as s")
    .innerJoin("endpoint as e", "e.id", "s.endpoint_id")
    .leftJoin("websub_topic as t", "t.id", "s.topic_id")
    .selectAll("s")
    .select("t.public_id as topic")
    .where("e.deleted_at", "is", null);
}

function toSubscription(
  row: Selectable<SubscriptionTable> & { readonly topic: string | null },
  endpoint: Endpoint,
): Subscription {
  return {
    key: row.id,
    id: row.public_id,
    protocol: row.protocol,
    topic: row.topic_id === null || row.topic === null ? null : { key: row.topic_id, id: row.topic },
    endpoint,
    leaseSeconds: row.lease_seconds,
    expiresAt: row.lease_until,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

async function endpointsOf(ctx: Context, keys: readonly number[]): Promise<ReadonlyMap<number, Endpoint>> {
  if (keys.length === 0) return new Map();
  const rows = await reader(ctx).selectFrom("endpoint").selectAll().where("id", "in", keys).execute();
  return new Map(rows.map((row) => [row.id, toEndpoint(ctx, row)]));
}

/**
 * Deliveries of a subscription end with 410 Gone, regardless of the settings of the application, because the receiver has no other way to
 * unsubscribe.
 */
export const SUBSCRIPTION_POLICY: string = JSON.stringify({ autoDisable: { enabled: true, onGone: true } });
