import { cancelReplay } from "../../domain/replay/control.ts";
import { ReplayJobOut } from "../models/replay.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut } from "./wire.ts";

export const cancelAnyReplay = defineRoute({
  method: "POST",
  path: "/api/v1/replay/:replay_id/cancel",
  operationId: "v1.replay.cancel-any",
  tag: "Replay",
  summary: "Cancel a replay of any application",
  description:
    "Ends the replay. Deliveries that are already queued are still sent, except those to a URL, which are canceled.",
  access: "organisation",
  permission: "messages:replay",
  responses: { 200: ReplayJobOut },
  handle: async ({ ctx, params }) => {
    const task = await cancelReplay({ ctx, input: { app: null, replay: params.replay_id } });
    return ok(await replayOut(ctx, task));
  },
});
