/**
 * Settles requests at the hub: asks the callback whether the request was intended, and applies it if it was (WebSub, section 5.3). Requests are
 * stored until then, so that a node that stops in between loses none.
 */
import { recordSystemChange } from "../audit/trail.ts";
import { randomBytes } from "node:crypto";
import { toApplication } from "../application/application.ts";
import { applicationEgress } from "../application/egress.ts";
import type { OutsideContext, Services, TransactionContext } from "../context.ts";
import type { SubscriberResponse } from "../ports.ts";
import { insertEndpoint } from "../endpoint/create.ts";
import { newTarget } from "../endpoint/target.ts";
import { actorOf } from "../subscription/actor.ts";
import { endSubscription } from "../subscription/end.ts";
import { SUBSCRIPTION_POLICY } from "../subscription/subscription.ts";
import { deny } from "./deny.ts";
import { openDetail, type RequestDetail } from "./detail.ts";
import { failureOf, isPassing, TOPIC_DISABLED, TOPIC_FULL } from "./failure.ts";
import { dropEarlier, markFailed, postpone, type RequestRow } from "./pending.ts";
import { isServed } from "./request.ts";
import { toTopic } from "./topic.ts";
import { hubUrl, withParameters } from "./urls.ts";

/**
 * Calls the callback of a request once, and applies or drops the request, or puts it back. If the signal is aborted, the request stays as it
 * is.
 */
export async function settleRequest(services: Services, row: RequestRow, signal: AbortSignal): Promise<void> {
  const detail = openDetail(services.secretBox, row);
  const application = await services.store.db
    .selectFrom("application")
    .select("deleted_at")
    .where("id", "=", row.app_id)
    .executeTakeFirst();
  if (application === undefined || application.deleted_at !== null || !isServed(services)) {
    await remove(services, row);
    return;
  }
  const challenge = randomBytes(32).toString("base64url");
  const response = await call(services, row, detail, { challenge, signal });
  if (signal.aborted) return;
  const failure = failureOf(response, challenge);
  if (row.mode === "denied" && (failure === null || !isPassing(failure))) await remove(services, row);
  else if (failure === null) await apply(services, row, detail);
  else await postpone(services, row, failure);
}

async function call(
  services: Services,
  { app_id, mode }: RequestRow,
  { callback, topicUrl, leaseSeconds, reason }: RequestDetail,
  { challenge, signal }: { readonly challenge: string; readonly signal: AbortSignal },
): Promise<SubscriberResponse> {
  const parameters: Record<string, string> = { "hub.mode": mode, "hub.topic": topicUrl };
  if (mode === "denied") parameters["hub.reason"] = reason ?? "";
  else parameters["hub.challenge"] = challenge;
  if (leaseSeconds !== null) parameters["hub.lease_seconds"] = String(leaseSeconds);
  const ctx: OutsideContext = { services, tx: null, actor: await actorOf(services.store.db, app_id) };
  const network = await applicationEgress(ctx, app_id);
  const url = withParameters(callback, parameters);
  return services.subscribers.send({ ...network, method: "GET", url, headers: [], signal });
}

function remove({ store }: Services, { id }: RequestRow): Promise<void> {
  return store.transaction(async ({ db }) => {
    await db.deleteFrom("websub_request").where("id", "=", id).execute();
  }, "websub.settle");
}

/** Applies a confirmed request, unless another node did, or the subscriber has confirmed a later one in the meantime. */
function apply(services: Services, row: RequestRow, detail: RequestDetail): Promise<void> {
  return services.store.transaction(async (tx) => {
    const { numDeletedRows } = await tx.db
      .deleteFrom("websub_request")
      .where("id", "=", row.id)
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) return;
    await dropEarlier(tx, row);
    const topicRow = await tx.db
      .selectFrom("websub_topic")
      .selectAll()
      .where("id", "=", row.topic_id)
      .executeTakeFirst();
    if (topicRow === undefined) return;
    const application = await tx.db
      .selectFrom("application")
      .selectAll()
      .where("id", "=", row.app_id)
      .executeTakeFirstOrThrow();
    const ctx: TransactionContext = { services, tx, actor: await actorOf(tx.db, row.app_id) };
    const scene = { ctx, topic: toTopic(ctx, topicRow), application: toApplication(application), row, detail };
    if (row.mode === "subscribe") await subscribe(scene);
    else await unsubscribe(scene);
    await recordSystemChange(services, tx, {
      orgId: application.org_id,
      action: `system.websub.${row.mode}`,
      target: { kind: "topic", id: topicRow.public_id, name: topicRow.description || null },
      application: { key: application.id, id: application.public_id },
      facts: { host: row.host },
    });
  }, "websub.settle");
}

interface Scene {
  readonly ctx: TransactionContext;
  readonly topic: ReturnType<typeof toTopic>;
  readonly application: ReturnType<typeof toApplication>;
  readonly row: RequestRow;
  readonly detail: RequestDetail;
}

async function existing({ ctx, row }: Scene) {
  const found = await ctx.tx.db
    .selectFrom("subscription as s")
    .innerJoin("endpoint as e", "e.id", "s.endpoint_id")
    .select(["s.id as key", "e.id as endpointKey", "e.public_id as endpointId", "e.uid as endpointUid"])
    .select(["e.deleted_at", "e.disabled_json", "e.disabled"])
    .where("s.topic_id", "=", row.topic_id)
    .where("s.target_hash", "=", row.target_hash)
    .executeTakeFirst();
  if (found?.deleted_at === null) return found;
  if (found !== undefined) await ctx.tx.db.deleteFrom("subscription").where("id", "=", found.key).execute();
  return undefined;
}

async function unsubscribe(scene: Scene): Promise<void> {
  const found = await existing(scene);
  if (found === undefined) return;
  const endpoint = { key: found.endpointKey, id: found.endpointId, uid: found.endpointUid };
  await endSubscription(scene.ctx, scene.application, { key: found.key, endpoint });
}

async function subscribe(scene: Scene): Promise<void> {
  const { ctx, topic, application, row, detail } = scene;
  const { services, tx } = ctx;
  const found = await existing(scene);
  const now = services.now();
  const leaseSeconds = detail.leaseSeconds!;
  const lease = { lease_seconds: leaseSeconds, lease_until: now + leaseSeconds * 1000, updated_at: now };
  if (found !== undefined) {
    await renew(scene, found);
    await tx.db.updateTable("subscription").set(lease).where("id", "=", found.key).execute();
    tx.signal({ kind: "subscriptions" });
    return;
  }
  const refusal = topic.disabled ? TOPIC_DISABLED : (await isFull(scene)) ? TOPIC_FULL : null;
  if (refusal !== null) {
    const { callback, topicUrl } = detail;
    await tx.db.insertInto("websub_request").values(row).execute();
    await markFailed(services, tx, row, refusal);
    await deny(ctx, { appKey: row.app_id, topicKey: topic.key, callback, topicUrl, reason: refusal.message });
    return;
  }
  const endpoint = await insertEndpoint(
    ctx,
    application,
    {
      ...targetOf(scene),
      uid: null,
      description: topic.description,
      version: 1,
      throttleRate: null,
      disabled: false,
      metadata: {},
      eventTypes: topic.eventTypes,
      channels: topic.channels,
      secret: null,
      headers: {},
    },
    { isSubscription: true },
  );
  await tx.db
    .updateTable("endpoint")
    .set({ policy_json: SUBSCRIPTION_POLICY })
    .where("id", "=", endpoint.key)
    .execute();
  const { key, id } = services.ids.next("sub_");
  await tx.db
    .insertInto("subscription")
    .values({
      id: key,
      public_id: id,
      app_id: application.key,
      protocol: "websub",
      topic_id: topic.key,
      endpoint_id: endpoint.key,
      target_hash: row.target_hash,
      created_at: now,
      ...lease,
    })
    .execute();
  tx.signal({ kind: "subscriptions" });
}

function targetOf({ ctx, detail }: Scene) {
  const { callback, topicUrl: topic, secret } = detail;
  const config = { callback, topic, hub: hubUrl(ctx.services.rules), ...(secret === null ? {} : { secret }) };
  return { kind: "webSub", url: null, config } as const;
}

async function isFull({ ctx, topic }: Scene): Promise<boolean> {
  const { subscriptions } = await ctx.tx.db
    .selectFrom("subscription")
    .select((eb) => eb.fn.countAll<number>().as("subscriptions"))
    .where("topic_id", "=", topic.key)
    .executeTakeFirstOrThrow();
  return subscriptions >= topic.maxSubscriptions;
}

/** Replaces the secret, and enables an endpoint that Posthorn had disabled: the subscriber has just responded. */
async function renew(
  scene: Scene,
  found: { readonly endpointKey: number; readonly disabled: number; readonly disabled_json: string | null },
): Promise<void> {
  const { ctx, application } = scene;
  const { tx, services } = ctx;
  const { columns } = await newTarget(ctx, { appKey: application.key, key: found.endpointKey }, targetOf(scene), {
    isSubscription: true,
  });
  const isAutomatic = found.disabled === 1 && found.disabled_json?.includes('"trigger":"automatic"') === true;
  await tx.db
    .updateTable("endpoint")
    .set({
      config_sealed: columns.config_sealed,
      updated_at: services.now(),
      ...(isAutomatic ? { disabled: 0, disabled_json: null } : {}),
    })
    .where("id", "=", found.endpointKey)
    .execute();
  tx.signal({ kind: "application", key: application.key }, { kind: "try", endpointId: found.endpointKey });
  if (isAutomatic) tx.signal({ kind: "healthy", endpointId: found.endpointKey });
}
