import { recoverEndpoint as recoverVerb } from "../../domain/replay/start.ts";
import { windowOf } from "../inputs.ts";
import { RecoverIn } from "../models/endpoint.ts";
import { RecoverOut } from "../models/task.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { taskOut } from "../wire.ts";

export const recoverEndpoint = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/recover",
  operationId: "v1.endpoint.recover",
  tag: "Endpoint",
  summary: "Recover failed deliveries",
  description:
    "Makes one manual attempt for every message of the time window that failed at the endpoint and has not succeeded since.",
  access: "CreateAttempts",
  permission: "messages:replay",
  body: RecoverIn,
  responses: { 202: RecoverOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, ...windowOf(body) };
    return accepted(taskOut(await recoverVerb({ ctx, input })));
  },
});
