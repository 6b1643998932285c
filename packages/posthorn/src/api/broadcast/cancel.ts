import { cancelBroadcast as cancelVerb } from "../../domain/broadcast/cancel.ts";
import { BackgroundTaskOut } from "../models/task.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { backgroundTaskOut } from "../wire.ts";

export const cancelBroadcast = defineRoute({
  method: "POST",
  path: "/api/v1/msg/broadcast/:task_id/cancel",
  operationId: "v1.message.cancel-broadcast",
  tag: "Message",
  summary: "Cancel a broadcast",
  description:
    "The remaining applications do not get the message. Messages already published are kept, and the task ends as failed.",
  access: "organisation",
  permission: "messages:delete",
  filtersApplications: true,
  responses: { 200: BackgroundTaskOut },
  handle: async ({ ctx, params }) => ok(backgroundTaskOut(await cancelVerb({ ctx, input: { task: params.task_id } }))),
});
