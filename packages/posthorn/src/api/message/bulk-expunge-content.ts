import { expungeMessages } from "../../domain/message/expunge.ts";
import { BulkExpungeContentsIn, BulkExpungeContentsOut } from "../models/replay.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const bulkExpungeContent = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg/bulk-expunge",
  operationId: "v1.message.bulk-expunge-content",
  tag: "Message",
  summary: "Delete the contents of selected messages",
  description: "Permanently deletes payloads and stored responses. The messages and their attempts remain visible.",
  access: "organisation",
  permission: "messages:delete",
  body: BulkExpungeContentsIn,
  responses: { 200: BulkExpungeContentsOut },
  handle: async ({ ctx, params, body }) => {
    const found = await expungeMessages({ ctx, input: { app: params.app_id, messages: body.ids ?? [] } });
    const results = [...found].map(([ref, known]) => [ref, known ? "expunged" : "not-found"]);
    return ok({ results: Object.fromEntries(results) as Record<string, string> });
  },
});
