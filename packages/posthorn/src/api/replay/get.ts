import { getReplay as getVerb, replayParts } from "../../domain/replay/list.ts";
import { ReplayJobDetailOut } from "../models/replay.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut, replayPartOut } from "./wire.ts";

export const getReplay = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/replay/:replay_id",
  operationId: "v1.replay.get",
  tag: "Replay",
  summary: "Get a replay and its progress",
  description: "Returns its parameters, its state, and how many messages it has sent so far.",
  access: "ViewBase",
  permission: "read",
  responses: { 200: ReplayJobDetailOut },
  handle: async ({ ctx, params }) => {
    const { task } = await getVerb({ ctx, input: { app: params.app_id, replay: params.replay_id } });
    const parts = await replayParts(ctx, task.key);
    return ok({ ...(await replayOut(ctx, task)), endpoints: parts.map(replayPartOut) });
  },
});
