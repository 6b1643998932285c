import { pauseReplay as pauseVerb } from "../../domain/replay/control.ts";
import { ReplayJobOut } from "../models/replay.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut } from "./wire.ts";

export const pauseReplay = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/replay/:replay_id/pause",
  operationId: "v1.replay.pause",
  tag: "Replay",
  summary: "Pause a replay",
  description: "No more deliveries are queued until you resume it. Deliveries that are already queued are still sent.",
  access: "CreateAttempts",
  permission: "messages:replay",
  responses: { 200: ReplayJobOut },
  handle: async ({ ctx, params }) => {
    const task = await pauseVerb({ ctx, input: { app: params.app_id, replay: params.replay_id } });
    return ok(await replayOut(ctx, task));
  },
});
