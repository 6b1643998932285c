import { Type } from "typebox";
import { listMessageEndpoints } from "../../domain/delivery/list.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { MessageEndpointList } from "../models/message.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { messageEndpointOut } from "../wire.ts";

export const listAttemptedDestinations = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/msg/:msg_id/endpoint",
  operationId: "v1.message-attempt.list-attempted-destinations",
  tag: "Message Attempt",
  summary: "List the endpoints of a message",
  description:
    "Lists every endpoint the message was matched with or sent to, including deleted ones, with the status of its delivery.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object(PageQuery),
  responses: { 200: MessageEndpointList },
  handle: async ({ ctx, params, query }) => {
    const input = { ...pageOf(query), app: params.app_id, message: params.msg_id };
    const page = await listMessageEndpoints({ ctx, input });
    return list(
      page,
      (row) => row.endpoint.id,
      (row) => messageEndpointOut(row.endpoint, row.delivery),
    );
  },
});
