import { invalid } from "../../lib/errors.ts";
import { BatchOut, MessageBatchIn } from "../models/message-batch.ts";
import { defineRoute } from "../route.ts";
import { handleBatch } from "./batch.ts";

export const createMessageBatchOfAll = defineRoute({
  method: "POST",
  path: "/api/v1/msg/batch",
  operationId: "v1.message.create-batch-of-all",
  tag: "Message",
  summary: "Publish up to 1,000 messages to any applications",
  description:
    "Works like the batch for one application, but each message names its application in `app`, by ID or uid.",
  access: "organisation",
  permission: "messages:publish",
  filtersApplications: true,
  idempotency: "own",
  large: true,
  lines: true,
  body: MessageBatchIn,
  responses: { 202: BatchOut },
  audit: "none",
  handle: (request) =>
    handleBatch(request, ({ app }) => {
      if (app !== null && app !== undefined) return app;
      throw invalid("app", "Set the application of the message, by id or uid.", "value_error.jsondecode");
    }),
});
