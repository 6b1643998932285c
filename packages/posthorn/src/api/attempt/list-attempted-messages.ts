import { Type } from "typebox";
import type { Status } from "../../domain/delivery/delivery.ts";
import { listEndpointMessages } from "../../domain/delivery/list.ts";
import { messageFilterOf, pageOf, timesOf } from "../inputs.ts";
import { MessageFilterQuery, PageQuery, TimeQuery, WithContentQuery } from "../models/common.ts";
import { EndpointMessageList } from "../models/message.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { endpointMessageOut } from "../wire.ts";
import { ExpandedQuery, StatusQuery } from "./query.ts";

export const listAttemptedMessages = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/msg",
  operationId: "v1.message-attempt.list-attempted-messages",
  tag: "Message Attempt",
  summary: "List the messages of an endpoint",
  description: "Newest first, each with the status of its delivery to this endpoint. `status` filters by that status.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object({
    ...PageQuery,
    ...MessageFilterQuery,
    ...TimeQuery,
    ...WithContentQuery,
    ...StatusQuery,
    ...ExpandedQuery,
  }),
  responses: { 200: EndpointMessageList },
  audit: "view",
  handle: async ({ ctx, params, query }) => {
    const options = { withContent: query.with_content ?? true, expanded: query.expanded_statuses ?? false };
    const input = {
      ...pageOf(query),
      ...messageFilterOf(query),
      ...timesOf(query),
      app: params.app_id,
      endpoint: params.endpoint_id,
      status: (query.status ?? null) as Status | null,
      withContent: options.withContent,
    };
    const page = await listEndpointMessages({ ctx, input });
    return list(
      page,
      (row) => row.message.id,
      (row) => endpointMessageOut(row.message, row.delivery, options),
    );
  },
});
