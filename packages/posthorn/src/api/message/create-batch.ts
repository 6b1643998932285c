import { BatchOut, MessageBatchIn } from "../models/message-batch.ts";
import { defineRoute } from "../route.ts";
import { handleBatch } from "./batch.ts";

export const createMessageBatch = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg/batch",
  operationId: "v1.message.create-batch",
  tag: "Message",
  summary: "Publish up to 1,000 messages",
  description:
    "Each message is accepted or refused individually, and `data` contains the results in the order of the messages. Responds with 202 once all accepted messages are on disk. Also accepts `application/x-ndjson`, with one message per line.",
  access: "organisation",
  permission: "messages:publish",
  idempotency: "own",
  large: true,
  lines: true,
  body: MessageBatchIn,
  responses: { 202: BatchOut },
  audit: "none",
  handle: (request) => handleBatch(request, () => request.params.app_id),
});
