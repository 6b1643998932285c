/** Routes of the subscriptions at the WebSub hub. */
import { Type } from "typebox";
import {
  getSubscription as getVerb,
  listSubscriptions,
  type Subscription,
} from "../../domain/subscription/subscription.ts";
import { endByPublisher } from "../../domain/websub/deny.ts";
import { getTopic } from "../../domain/websub/topic.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { UrlSearch, WebSubSubscriptionList, WebSubSubscriptionOut } from "../models/subscription.ts";
import { list, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime } from "../wire.ts";

const PATH = "/api/v1/app/:app_id/websub/subscription";
const refOf = (params: { readonly app_id: string; readonly subscription_id: string }) =>
  ({ app: params.app_id, protocol: "websub", subscription: params.subscription_id }) as const;

function subscriptionOut(subscription: Subscription): object {
  const { id, topic, endpoint, leaseSeconds, expiresAt, createdAt, updatedAt } = subscription;
  return {
    id,
    topicId: topic?.id ?? "",
    callback: endpoint.url,
    endpointId: endpoint.id,
    state: endpoint.disabled ? "disabled" : "active",
    isSigned: endpoint.config?.secrets["secret"] === true,
    leaseSeconds,
    expiresAt: dateTime(expiresAt!),
    createdAt: dateTime(createdAt),
    renewedAt: dateTime(updatedAt),
  };
}

const listWebSubSubscriptions = defineRoute({
  method: "GET",
  path: PATH,
  operationId: "v1.websub.subscription.list",
  tag: "WebSub",
  summary: "List subscriptions at the hub",
  description: "Those whose subscribers have confirmed them.",
  access: "ManageEndpoint",
  permission: "read",
  query: Type.Object({ ...PageQuery, topic_id: Type.Optional(Type.String({ maxLength: 100 })), search: UrlSearch }),
  responses: { 200: WebSubSubscriptionList },
  handle: async ({ ctx, params, query }) => {
    const app = params.app_id;
    const topic = query.topic_id === undefined ? null : await getTopic(ctx, { app, topic: query.topic_id });
    const search = query.search ?? null;
    const input = { ...pageOf(query), app, protocol: "websub", topicKey: topic?.key ?? null, search } as const;
    return list(await listSubscriptions(ctx, input), ({ id }) => id, subscriptionOut);
  },
});

const getWebSubSubscription = defineRoute({
  method: "GET",
  path: `${PATH}/:subscription_id`,
  operationId: "v1.websub.subscription.get",
  tag: "WebSub",
  summary: "Get a subscription at the hub",
  description: "Returns the callback, the state, and when the lease ends.",
  access: "ManageEndpoint",
  permission: "read",
  responses: { 200: WebSubSubscriptionOut },
  handle: async ({ ctx, params }) => ok(subscriptionOut((await getVerb(ctx, refOf(params))).subscription)),
});

const deleteWebSubSubscription = defineRoute({
  method: "DELETE",
  path: `${PATH}/:subscription_id`,
  operationId: "v1.websub.subscription.delete",
  tag: "WebSub",
  summary: "End a subscription at the hub",
  description: "Pending deliveries are canceled. The subscriber receives `hub.mode=denied`.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await endByPublisher({ ctx, input: { app: params.app_id, subscription: params.subscription_id } });
    return noContent();
  },
});

export const WEBSUB_SUBSCRIPTION_ROUTES: readonly Route[] = [
  listWebSubSubscriptions,
  getWebSubSubscription,
  deleteWebSubSubscription,
];
