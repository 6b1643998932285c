/**
 * Topics of the WebSub hub: events of an application, as a URL that third parties can read and subscribe to. The URL contains a token; anyone
 * with it may do both, and nothing else.
 */
import { randomBytes } from "node:crypto";
import type { Selectable } from "kysely";
import { invalid, PosthornError } from "../../lib/errors.ts";
import type { WebSubTopicTable } from "../../store/subscription-schema.ts";
import type { Application } from "../application/application.ts";
import { getApplication, ofCustomers } from "../application/find.ts";
import { findResource } from "../application/resource.ts";
import { hashToken } from "../auth/hash-token.ts";
import { atomically, type Call, type Context, reader, type TransactionContext } from "../context.ts";
import { checkEventTypes } from "../endpoint/endpoint.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { endTopicSubscriptions } from "./deny.ts";
import { hubUrl, topicUrl } from "./urls.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

export interface LeaseLimits {
  /** In seconds. */
  readonly min: number;
  readonly max: number;
  /** For requests without `hub.lease_seconds`. */
  readonly default: number;
}

export interface TopicInput {
  readonly description: string;
  /** `null`: all. */
  readonly eventTypes: readonly string[] | null;
  readonly channels: readonly string[] | null;
  readonly disabled: boolean;
  readonly lease: LeaseLimits;
  readonly maxSubscriptions: number;
}

export interface Topic extends TopicInput {
  readonly key: number;
  readonly id: string;
  readonly appKey: number;
  readonly url: string;
  readonly hub: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface TopicRef {
  /** Id or uid of the application. */
  readonly app: string;
  readonly topic: string;
}

/** The specification recommends ten days. */
export const LEASE_DEFAULTS: LeaseLimits = { min: 300, max: 2_592_000, default: 864_000 };
export const MAX_SUBSCRIPTIONS = 1000;
const MAX_TOPICS = 100;

export function toTopic({ services }: Context, row: Selectable<WebSubTopicTable>): Topic {
  return {
    key: row.id,
    id: row.public_id,
    appKey: row.app_id,
    url: topicUrl(
      services.rules,
      services.secretBox.open(row.token_sealed, sealedIn("websub_topic.token_sealed", row.id)),
    ),
    hub: hubUrl(services.rules),
    description: row.description,
    eventTypes: row.event_types_json === null ? null : (JSON.parse(row.event_types_json) as string[]),
    channels: row.channels_json === null ? null : (JSON.parse(row.channels_json) as string[]),
    disabled: row.disabled === 1,
    lease: { min: row.lease_min, max: row.lease_max, default: row.lease_default },
    maxSubscriptions: row.max_subscriptions,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toColumns({ description, eventTypes, channels, disabled, lease, maxSubscriptions }: TopicInput) {
  if (lease.min > lease.default || lease.default > lease.max) {
    throw invalid("leaseSeconds", "The default lease must be between the shortest and the longest lease.");
  }
  return {
    description,
    event_types_json: eventTypes === null ? null : JSON.stringify(eventTypes),
    channels_json: channels === null ? null : JSON.stringify(channels),
    disabled: disabled ? 1 : 0,
    lease_min: lease.min,
    lease_max: lease.max,
    lease_default: lease.default,
    max_subscriptions: maxSubscriptions,
  };
}

export function createTopic(call: Call<{ readonly app: string; readonly fields: TopicInput }>): Promise<Topic> {
  return atomically(call, async ({ ctx, input }) => {
    const application = await getApplication(ofCustomers(ctx), input.app);
    const { fields } = input;
    await checkEventTypes(ctx, fields.eventTypes, null);
    await checkRoom(ctx, application);
    const { ids, secretBox, now } = ctx.services;
    const token = newToken();
    const { key, id } = ids.next("topic_");
    const row = {
      ...toColumns(fields),
      id: key,
      public_id: id,
      app_id: application.key,
      token_hash: hashToken(token),
      token_sealed: secretBox.seal(token, sealedIn("websub_topic.token_sealed", key)),
      created_at: now(),
      updated_at: now(),
    };
    await ctx.tx.db.insertInto("websub_topic").values(row).execute();
    ctx.audit?.created("topic", id, fields.description || null);
    return toTopic(ctx, row);
  });
}

function newToken(): string {
  return randomBytes(32).toString("base64url");
}

async function checkRoom({ tx }: TransactionContext, { key }: Application): Promise<void> {
  const { topics } = await tx.db
    .selectFrom("websub_topic")
    .select((eb) => eb.fn.countAll<number>().as("topics"))
    .where("app_id", "=", key)
    .executeTakeFirstOrThrow();
  if (topics < MAX_TOPICS) return;
  throw new PosthornError("limit_reached", `An application can have up to ${MAX_TOPICS} topics. Delete one first.`);
}

export async function listTopics({ ctx, input }: Call<PageRequest & { readonly app: string }>): Promise<Page<Topic>> {
  const { key } = await getApplication(ofCustomers(ctx), input.app);
  const page = await readPage(input, { order: "asc", keyOf: idIterator("topic_") }, (slice) => {
    let query = reader(ctx)
      .selectFrom("websub_topic")
      .selectAll()
      .where("app_id", "=", key)
      .orderBy("id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map((row) => toTopic(ctx, row)) };
}

export async function getTopic(ctx: Context, ref: TopicRef): Promise<Topic> {
  return (await findTopic(ctx, ref)).topic;
}

async function findTopic(
  ctx: Context,
  ref: TopicRef,
): Promise<{ readonly application: Application; readonly topic: Topic }> {
  const { application, row } = await findResource(
    ofCustomers(ctx),
    { app: ref.app, prefix: "topic_", ref: ref.topic, name: "topic" },
    (isIt) => reader(ctx).selectFrom("websub_topic").selectAll().where(isIt).executeTakeFirst(),
  );
  return { application, topic: toTopic(ctx, row) };
}

/** Changes the given fields. Its subscriptions get other events from now on; their leases stay as they were granted. */
export function patchTopic(call: Call<TopicRef & { readonly changes: Partial<TopicInput> }>): Promise<Topic> {
  return atomically(call, async ({ ctx, input }) => {
    const { application, topic } = await findTopic(ctx, input);
    const changed = { ...topic, ...input.changes, updatedAt: ctx.services.now() };
    await checkEventTypes(ctx, changed.eventTypes, topic.eventTypes);
    const { event_types_json, channels_json, ...columns } = toColumns(changed);
    await ctx.tx.db
      .updateTable("websub_topic")
      .set({ ...columns, event_types_json, channels_json, updated_at: changed.updatedAt })
      .where("id", "=", topic.key)
      .execute();
    await ctx.tx.db
      .updateTable("endpoint")
      .set({ event_types_json, channels_json })
      .where("app_id", "=", application.key)
      .where("id", "in", (eb) => eb.selectFrom("subscription").select("endpoint_id").where("topic_id", "=", topic.key))
      .execute();
    ctx.tx.signal({ kind: "application", key: application.key });
    return changed;
  });
}

/** Replaces the URL. Subscribers with the old one cannot renew; their subscriptions end with their leases. */
export function rotateTopic(call: Call<TopicRef>): Promise<Topic> {
  return atomically(call, async ({ ctx, input }) => {
    const { topic } = await findTopic(ctx, input);
    const { secretBox, rules, now } = ctx.services;
    const token = newToken();
    await ctx.tx.db
      .updateTable("websub_topic")
      .set({
        token_hash: hashToken(token),
        token_sealed: secretBox.seal(token, sealedIn("websub_topic.token_sealed", topic.key)),
        updated_at: now(),
      })
      .where("id", "=", topic.key)
      .execute();
    await ctx.tx.db.deleteFrom("websub_request").where("topic_id", "=", topic.key).execute();
    return { ...topic, url: topicUrl(rules, token), updatedAt: now() };
  });
}

/** Deletes a topic. Its subscriptions end, and their subscribers are notified. */
export function deleteTopic(call: Call<TopicRef>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { application, topic } = await findTopic(ctx, input);
    await ctx.tx.db.deleteFrom("websub_request").where("topic_id", "=", topic.key).execute();
    await endTopicSubscriptions(ctx, application, topic);
    await ctx.tx.db.deleteFrom("websub_topic").where("id", "=", topic.key).execute();
  });
}

/** The topic behind a URL; `null`: there is none, or it is disabled. */
export async function topicOfToken(ctx: Omit<Context, "actor">, token: string): Promise<Topic | null> {
  const { store } = ctx.services;
  const row = await (ctx.tx?.db ?? store.db)
    .selectFrom("websub_topic as t")
    .innerJoin("application as a", "a.id", "t.app_id")
    .selectAll("t")
    .where("t.token_hash", "=", hashToken(token))
    .where("t.disabled", "=", 0)
    .where("a.deleted_at", "is", null)
    .executeTakeFirst();
  return row === undefined ? null : toTopic(ctx as Context, row);
}
