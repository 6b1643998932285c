import { resumeReplay } from "../../domain/replay/control.ts";
import { ReplayJobOut } from "../models/replay.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut } from "./wire.ts";

export const resumeAnyReplay = defineRoute({
  method: "POST",
  path: "/api/v1/replay/:replay_id/resume",
  operationId: "v1.replay.resume-any",
  tag: "Replay",
  summary: "Resume a replay of any application",
  description: "Continues a paused replay from its last position.",
  access: "organisation",
  permission: "messages:replay",
  responses: { 200: ReplayJobOut },
  handle: async ({ ctx, params }) => {
    const task = await resumeReplay({ ctx, input: { app: null, replay: params.replay_id } });
    return ok(await replayOut(ctx, task));
  },
});
