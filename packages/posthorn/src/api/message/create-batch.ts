import { BatchOut, MessageBatchIn } from "../models/message-batch.ts";
import { defineRoute } from "../route.ts";
import { answerBatch } from "./batch.ts";

export const createMessageBatch = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg/batch",
  operationId: "v1.message.create-batch",
  tag: "Message",
  summary: "Publish up to 1,000 messages",
  description:
    "Each message is stored or refused for itself, and has its result at its place in `data`. Answered with 202 once all that were stored are on disk. Also as `application/x-ndjson`, one message a line.",
  access: "organisation",
  idempotency: "own",
  large: true,
  lines: true,
  body: MessageBatchIn,
  responses: { 202: BatchOut },
  handle: (request) => answerBatch(request, () => request.params.app_id),
});
