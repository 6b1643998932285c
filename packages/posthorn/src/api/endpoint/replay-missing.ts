import { replayMissing as replayVerb } from "../../domain/replay/start.ts";
import { windowOf } from "../inputs.ts";
import { RecoverIn } from "../models/endpoint.ts";
import { ReplayOut } from "../models/task.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { taskOut } from "../wire.ts";

export const replayMissing = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/replay-missing",
  operationId: "v1.endpoint.replay-missing",
  tag: "Endpoint",
  summary: "Replay messages an endpoint has missed",
  description:
    "Sends the messages of the time window that match the endpoint but were published before it existed or before it subscribed to them.",
  access: "CreateAttempts",
  permission: "messages:replay",
  body: RecoverIn,
  responses: { 202: ReplayOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, ...windowOf(body) };
    return accepted(taskOut(await replayVerb({ ctx, input })));
  },
});
