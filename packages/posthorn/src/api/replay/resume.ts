import { resumeReplay as resumeVerb } from "../../domain/replay/control.ts";
import { ReplayJobOut } from "../models/replay.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut } from "./wire.ts";

export const resumeReplay = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/replay/:replay_id/resume",
  operationId: "v1.replay.resume",
  tag: "Replay",
  summary: "Resume a replay",
  description: "Continues where the replay was paused.",
  access: "CreateAttempts",
  permission: "messages:replay",
  responses: { 200: ReplayJobOut },
  handle: async ({ ctx, params }) => {
    const task = await resumeVerb({ ctx, input: { app: params.app_id, replay: params.replay_id } });
    return ok(await replayOut(ctx, task));
  },
});
