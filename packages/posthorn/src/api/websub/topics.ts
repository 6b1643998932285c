/** Routes of the topics of the WebSub hub. */
import { type Static, Type } from "typebox";
import {
  createTopic as createVerb,
  deleteTopic as deleteVerb,
  getTopic as getVerb,
  LEASE_DEFAULTS,
  listTopics as listVerb,
  MAX_SUBSCRIPTIONS,
  patchTopic as patchVerb,
  rotateTopic as rotateVerb,
  type Topic,
  type TopicInput,
} from "../../domain/websub/topic.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { WebSubTopicIn, WebSubTopicList, WebSubTopicOut, WebSubTopicPatch } from "../models/subscription.ts";
import { created, list, noContent, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime } from "../wire.ts";

const PATH = "/api/v1/app/:app_id/websub/topic";

function topicOut(topic: Topic): object {
  const { id, url, hub, description, eventTypes, channels, disabled, lease, maxSubscriptions } = topic;
  const { createdAt, updatedAt } = topic;
  return {
    id,
    url,
    hub,
    description,
    eventTypes,
    channels,
    disabled,
    leaseSeconds: lease,
    maxSubscriptions,
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

function topicInput(body: Static<typeof WebSubTopicIn>): TopicInput {
  return {
    description: body.description ?? "",
    eventTypes: orAll(body.eventTypes),
    channels: orAll(body.channels),
    disabled: body.disabled ?? false,
    lease: { ...LEASE_DEFAULTS, ...body.leaseSeconds },
    maxSubscriptions: body.maxSubscriptions ?? MAX_SUBSCRIPTIONS,
  };
}

function orAll(names: readonly string[] | null | undefined): readonly string[] | null {
  return names === undefined || names === null || names.length === 0 ? null : names;
}

const refOf = (params: { readonly app_id: string; readonly topic_id: string }) => ({
  app: params.app_id,
  topic: params.topic_id,
});

const createTopic = defineRoute({
  method: "POST",
  path: PATH,
  operationId: "v1.websub.topic.create",
  tag: "WebSub",
  summary: "Create a topic",
  description: "Returns its URL, which third parties use to read its newest event and to subscribe at the hub.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: WebSubTopicIn,
  responses: { 201: WebSubTopicOut },
  handle: async ({ ctx, params, body }) =>
    created(topicOut(await createVerb({ ctx, input: { app: params.app_id, fields: topicInput(body) } }))),
});

const listTopics = defineRoute({
  method: "GET",
  path: PATH,
  operationId: "v1.websub.topic.list",
  tag: "WebSub",
  summary: "List topics",
  description: "Pages through the topics of the application.",
  access: "ManageEndpoint",
  permission: "read",
  query: Type.Object(PageQuery),
  responses: { 200: WebSubTopicList },
  handle: async ({ ctx, params, query }) =>
    list(await listVerb({ ctx, input: { ...pageOf(query), app: params.app_id } }), ({ id }) => id, topicOut),
});

const getTopic = defineRoute({
  method: "GET",
  path: `${PATH}/:topic_id`,
  operationId: "v1.websub.topic.get",
  tag: "WebSub",
  summary: "Get a topic",
  description: "Returns its URL and its settings.",
  access: "ManageEndpoint",
  permission: "read",
  responses: { 200: WebSubTopicOut },
  handle: async ({ ctx, params }) => ok(topicOut(await getVerb(ctx, refOf(params)))),
});

const patchTopic = defineRoute({
  method: "PATCH",
  path: `${PATH}/:topic_id`,
  operationId: "v1.websub.topic.patch",
  tag: "WebSub",
  summary: "Change a topic",
  description: "Its subscriptions receive the topic's new events from now on. Granted leases do not change.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  body: WebSubTopicPatch,
  responses: { 200: WebSubTopicOut },
  handle: async ({ ctx, params, body }) => {
    const before = await getVerb(ctx, refOf(params));
    const { leaseSeconds, eventTypes, channels, ...rest } = body;
    const changes = {
      ...rest,
      ...(eventTypes === undefined ? {} : { eventTypes: orAll(eventTypes) }),
      ...(channels === undefined ? {} : { channels: orAll(channels) }),
      ...(leaseSeconds === undefined ? {} : { lease: { ...before.lease, ...leaseSeconds } }),
    };
    return ok(topicOut(await patchVerb({ ctx, input: { ...refOf(params), changes } })));
  },
});

const rotateTopic = defineRoute({
  method: "POST",
  path: `${PATH}/:topic_id/rotate`,
  operationId: "v1.websub.topic.rotate",
  tag: "WebSub",
  summary: "Replace the URL of a topic",
  description: "The old URL stops working at once. Its subscriptions cannot be renewed, and end with their leases.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 200: WebSubTopicOut },
  handle: async ({ ctx, params }) => ok(topicOut(await rotateVerb({ ctx, input: refOf(params) }))),
});

const deleteTopic = defineRoute({
  method: "DELETE",
  path: `${PATH}/:topic_id`,
  operationId: "v1.websub.topic.delete",
  tag: "WebSub",
  summary: "Delete a topic",
  description: "Its subscriptions end. Their subscribers receive `hub.mode=denied`.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: refOf(params) });
    return noContent();
  },
});

export const TOPIC_ROUTES: readonly Route[] = [createTopic, listTopics, getTopic, patchTopic, rotateTopic, deleteTopic];
