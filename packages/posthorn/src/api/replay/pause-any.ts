import { pauseReplay } from "../../domain/replay/control.ts";
import { ReplayJobOut } from "../models/replay.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut } from "./wire.ts";

export const pauseAnyReplay = defineRoute({
  method: "POST",
  path: "/api/v1/replay/:replay_id/pause",
  operationId: "v1.replay.pause-any",
  tag: "Replay",
  summary: "Pause a replay of any application",
  description: "No more deliveries are queued until you resume it. Deliveries that are already queued are still sent.",
  access: "organisation",
  permission: "messages:replay",
  responses: { 200: ReplayJobOut },
  handle: async ({ ctx, params }) => {
    const task = await pauseReplay({ ctx, input: { app: null, replay: params.replay_id } });
    return ok(await replayOut(ctx, task));
  },
});
