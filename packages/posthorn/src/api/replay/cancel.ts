import { cancelReplay as cancelVerb } from "../../domain/replay/control.ts";
import { ReplayJobOut } from "../models/replay.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut } from "./wire.ts";

export const cancelReplay = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/replay/:replay_id/cancel",
  operationId: "v1.replay.cancel",
  tag: "Replay",
  summary: "Cancel a replay",
  description: "Deliveries that are already queued are still sent, except those to a URL, which are canceled.",
  access: "CreateAttempts",
  permission: "messages:replay",
  responses: { 200: ReplayJobOut },
  handle: async ({ ctx, params }) => {
    const task = await cancelVerb({ ctx, input: { app: params.app_id, replay: params.replay_id } });
    return ok(await replayOut(ctx, task));
  },
});
