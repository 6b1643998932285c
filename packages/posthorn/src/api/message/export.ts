import { isUtf8 } from "node:buffer";
import { Type } from "typebox";
import { type ExportedDelivery, type ExportedMessage, exportMessages } from "../../domain/export/messages.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { ExportedMessageList } from "../models/export.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { attemptFields, dateTime } from "../wire.ts";

export const exportMessagesRoute = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/export",
  operationId: "v1.message.export",
  tag: "Message",
  summary: "Export the messages of an application",
  description:
    "Pages through all messages of an application or source, oldest first, each with its exact body, deliveries and attempts. A page can have fewer messages than `limit`, because it has at most 8 MiB of bodies and responses. To resume an export, pass the ID of the last message as `iterator`.",
  access: "organisation",
  permission: "payloads:read",
  query: Type.Object(PageQuery),
  responses: { 200: ExportedMessageList },
  handle: async ({ ctx, params, query }) =>
    list(
      await exportMessages({ ctx, input: { ...pageOf(query), app: params.app_id } }),
      ({ message }) => message.id,
      exportedOut,
    ),
});

function exportedOut({ message, deliveries, attempts }: ExportedMessage): object {
  const { id, eventId, eventType, channels, tags, orderingKey, contentType, payload } = message;
  const bytes = payload === null ? null : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const encoding = bytes === null || isUtf8(bytes) ? "utf-8" : "base64";
  return {
    id,
    eventId,
    eventType,
    channels,
    tags,
    orderingKey,
    contentType,
    timestamp: dateTime(message.timestamp),
    deliverAt: timeOf(message.deliverAt),
    expiresAt: timeOf(message.deliverUntil),
    erasedAt: timeOf(message.erasedAt ?? null),
    body: bytes?.toString(encoding) ?? null,
    bodyEncoding: encoding,
    deliveries: deliveries.map(deliveryOut),
    attempts: attempts.map((attempt) => attemptFields(attempt, { withContent: true })),
  };
}

function deliveryOut({ endpointId, status, attempts, nextAttempt, canceled = null }: ExportedDelivery): object {
  return {
    endpointId,
    status,
    attempts,
    nextAttempt: timeOf(nextAttempt),
    ...(canceled === null ? {} : { canceled: { ...canceled, at: dateTime(canceled.at) } }),
  };
}

function timeOf(at: number | null): string | null {
  return at === null ? null : dateTime(at);
}
