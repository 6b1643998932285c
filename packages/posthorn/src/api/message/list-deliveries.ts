import { Type } from "typebox";
import { listMessageDeliveries, type MessageDelivery } from "../../domain/delivery/list-of-message.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { MessageDeliveryList } from "../models/delivery.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { canceledOut, dateTime, dateTimeOrNull } from "../wire.ts";

export const listDeliveries = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/msg/:msg_id/delivery",
  operationId: "v1.message.list-deliveries",
  tag: "Message",
  summary: "List the deliveries of a message",
  description:
    "Lists every endpoint that matched, including deleted ones, with the state of the delivery, its attempts, and what it is waiting for.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object(PageQuery),
  responses: { 200: MessageDeliveryList },
  handle: async ({ ctx, params, query }) => {
    const input = { ...pageOf(query), app: params.app_id, message: params.msg_id };
    return list(await listMessageDeliveries({ ctx, input }), (row) => row.endpointId, deliveryOut);
  },
});

function deliveryOut({ status, lastAttempt, heldUntil, nextAttempt, ...rest }: MessageDelivery): object {
  return {
    ...rest,
    status: status.status,
    canceled: canceledOut(status.canceled ?? null),
    lastAttempt:
      lastAttempt === null
        ? null
        : {
            id: lastAttempt.id,
            status: lastAttempt.status,
            responseStatusCode: lastAttempt.responseCode,
            errorCode: lastAttempt.errorCode,
            timestamp: dateTime(lastAttempt.timestamp),
            changed: lastAttempt.changed,
          },
    heldUntil: dateTimeOrNull(heldUntil),
    nextAttempt: dateTimeOrNull(nextAttempt),
  };
}
