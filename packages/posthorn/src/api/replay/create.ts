import { startReplay } from "../../domain/replay/start.ts";
import { ReplayJobIn, ReplayJobOut } from "../models/replay.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut, replayRequest } from "./wire.ts";

export const createReplay = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/replay",
  operationId: "v1.replay.create",
  tag: "Replay",
  summary: "Send again what fits a filter",
  description:
    "To the endpoints that the deliveries are of, to another endpoint, or to a URL (a token of an application needs ManageEndpoint for that). " +
    "Every delivery gets one attempt by hand beside its schedule; an endpoint that was never owed the message gets its full schedule.",
  access: "CreateAttempts",
  body: ReplayJobIn,
  responses: { 202: ReplayJobOut },
  handle: async ({ ctx, params, body }) => {
    const { ratePerSecond = null, reason = "" } = body;
    const input = { ...replayRequest(params.app_id, body), ratePerSecond, reason };
    return accepted(await replayOut(ctx, await startReplay({ ctx, input })));
  },
});
