/** Routes of requests at the WebSub hub that their subscribers have not confirmed. */
import { Type } from "typebox";
import { deleteHubRequest, type HubRequestState, listHubRequests } from "../../domain/websub/pending.ts";
import { getTopic } from "../../domain/websub/topic.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { WebSubRequestList } from "../models/subscription.ts";
import { list, noContent } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

const PATH = "/api/v1/app/:app_id/websub/request";

function requestOut(request: HubRequestState): object {
  const { id, topicId, mode, callback, state, tries, failure, createdAt, triedAt, nextTryAt } = request;
  return {
    id,
    topicId,
    mode,
    callback,
    state,
    tries,
    error: failure,
    createdAt: dateTime(createdAt),
    lastTryAt: dateTimeOrNull(triedAt),
    nextTryAt: dateTimeOrNull(nextTryAt),
  };
}

const listRequests = defineRoute({
  method: "GET",
  path: PATH,
  operationId: "v1.websub.request.list",
  tag: "WebSub",
  summary: "List requests that were not confirmed",
  description:
    "Newest first: requests that wait for their callback, and those that failed in the last 7 days (up to 100 of each topic), with the cause. A confirmed request becomes a subscription.",
  access: "ManageEndpoint",
  permission: "read",
  query: Type.Object({ ...PageQuery, topic_id: Type.Optional(Type.String({ maxLength: 100 })) }),
  responses: { 200: WebSubRequestList },
  handle: async ({ ctx, params, query }) => {
    const app = params.app_id;
    const topic = query.topic_id === undefined ? null : await getTopic(ctx, { app, topic: query.topic_id });
    const input = { ...pageOf(query), app, topicKey: topic?.key ?? null };
    return list(await listHubRequests(ctx, input), ({ id }) => id, requestOut);
  },
});

const deleteRequest = defineRoute({
  method: "DELETE",
  path: `${PATH}/:request_id`,
  operationId: "v1.websub.request.delete",
  tag: "WebSub",
  summary: "Delete a request that was not confirmed",
  description:
    "A pending request is no longer verified. The subscriber is not notified, and can send the request again.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteHubRequest({ ctx, input: { app: params.app_id, request: params.request_id } });
    return noContent();
  },
});

export const WEBSUB_REQUEST_ROUTES: readonly Route[] = [listRequests, deleteRequest];
