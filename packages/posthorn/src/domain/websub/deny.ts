/** Tells subscribers that their subscription was denied or has ended (WebSub, section 5.2). */
import type { Application } from "../application/application.ts";
import { atomically, type Call, type TransactionContext } from "../context.ts";
import type { KindConfig } from "../../destinations/kind.ts";
import { openConfig } from "../endpoint/sealed-config.ts";
import { endSubscription } from "../subscription/end.ts";
import { getSubscription, targetHash } from "../subscription/subscription.ts";
import { type RequestDetail, sealDetail } from "./detail.ts";
import { hostOf } from "../../destinations/kinds.ts";

interface DenyInput extends Pick<RequestDetail, "callback" | "topicUrl"> {
  readonly appKey: number;
  readonly topicKey: number;
  readonly reason: string;
}

/** Puts a notice on the list of pending requests. */
export async function deny(
  { services, tx }: TransactionContext,
  { appKey, topicKey, callback, topicUrl, reason }: DenyInput,
): Promise<void> {
  const target_hash = targetHash(callback);
  await tx.db
    .deleteFrom("websub_request")
    .where("topic_id", "=", topicKey)
    .where("target_hash", "=", target_hash)
    .where("intent_hash", "=", "")
    .execute();
  const { key: id } = services.ids.next("key_");
  await tx.db
    .insertInto("websub_request")
    .values({
      id,
      app_id: appKey,
      topic_id: topicKey,
      target_hash,
      host: hostOf(callback),
      mode: "denied",
      detail_sealed: sealDetail(
        services.secretBox,
        { topic_id: topicKey, id },
        {
          callback,
          topicUrl,
          leaseSeconds: null,
          secret: null,
          reason,
        },
      ),
      intent_hash: "",
      tries: 0,
      tried_at: null,
      failure_json: null,
      due: services.now(),
    })
    .execute();
  tx.signal({ kind: "subscriptions" });
}

const ENDED = "The publisher has ended this subscription.";

interface EndedSubscription {
  readonly key: number;
  readonly topicKey: number;
  readonly endpoint: { readonly key: number; readonly id: string; readonly uid: string | null };
}

/** Ends a subscription of the hub and tells its subscriber, whose pending requests are dropped: they came before the end. */
export async function endAndDeny(
  ctx: TransactionContext,
  application: Pick<Application, "key" | "id" | "uid">,
  subscription: EndedSubscription,
): Promise<void> {
  const config = await configOf(ctx, subscription.endpoint.key);
  await endSubscription(ctx, application, subscription);
  if (config === null) return;
  const callback = String(config["callback"]);
  await ctx.tx.db
    .deleteFrom("websub_request")
    .where("topic_id", "=", subscription.topicKey)
    .where("target_hash", "=", targetHash(callback))
    .where("state", "=", "pending")
    .execute();
  await deny(ctx, {
    appKey: application.key,
    topicKey: subscription.topicKey,
    callback,
    topicUrl: String(config["topic"]),
    reason: ENDED,
  });
}

/** Ends a subscription of the hub through the API. */
export function endByPublisher(call: Call<{ readonly app: string; readonly subscription: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { application, subscription } = await getSubscription(ctx, { ...input, protocol: "websub" });
    const { key, topic, endpoint } = subscription;
    await endAndDeny(ctx, application, { key, topicKey: topic!.key, endpoint });
  });
}

async function configOf({ tx, services }: TransactionContext, endpointKey: number): Promise<KindConfig | null> {
  const row = await tx.db
    .selectFrom("endpoint")
    .select(["id", "kind", "config_sealed"])
    .where("id", "=", endpointKey)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  return row === undefined ? null : openConfig(services.secretBox, row);
}

/** Ends every subscription of a topic. */
export async function endTopicSubscriptions(
  ctx: TransactionContext,
  application: Pick<Application, "key" | "id" | "uid">,
  { key }: { readonly key: number },
): Promise<void> {
  const rows = await ctx.tx.db
    .selectFrom("subscription as s")
    .innerJoin("endpoint as e", "e.id", "s.endpoint_id")
    .select(["s.id as key", "e.id as endpointKey", "e.public_id as endpointId", "e.uid as endpointUid"])
    .where("s.topic_id", "=", key)
    .execute();
  for (const row of rows) {
    const endpoint = { key: row.endpointKey, id: row.endpointId, uid: row.endpointUid };
    await endAndDeny(ctx, application, { key: row.key, topicKey: key, endpoint });
  }
}
