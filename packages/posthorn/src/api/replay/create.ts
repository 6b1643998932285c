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
  summary: "Start a replay",
  description:
    "Sends messages again: to the endpoints of their deliveries, to another endpoint, or to a URL (which an application token may do with ManageEndpoint). Each existing delivery gets one manual attempt in addition to its schedule. An endpoint that never had the message gets a new delivery with all its retries.",
  access: "CreateAttempts",
  permission: "messages:replay",
  body: ReplayJobIn,
  responses: { 202: ReplayJobOut },
  handle: async ({ ctx, params, body }) => {
    const { ratePerSecond = null, reason = "" } = body;
    const input = { ...replayRequest(params.app_id, body), ratePerSecond, reason };
    return accepted(await replayOut(ctx, await startReplay({ ctx, input })));
  },
});
