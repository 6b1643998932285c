import { getReplay, replayParts } from "../../domain/replay/list.ts";
import { ReplayJobDetailOut } from "../models/replay.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut, replayPartOut } from "./wire.ts";

export const getAnyReplay = defineRoute({
  method: "GET",
  path: "/api/v1/replay/:replay_id",
  operationId: "v1.replay.get-any",
  tag: "Replay",
  summary: "Get a replay of any application",
  description:
    "Returns its parameters, its state, and how many messages it has sent so far. Also for replays across applications.",
  access: "organisation",
  permission: "read",
  responses: { 200: ReplayJobDetailOut },
  handle: async ({ ctx, params }) => {
    const { task } = await getReplay({ ctx, input: { app: null, replay: params.replay_id } });
    const parts = await replayParts(ctx, task.key);
    return ok({ ...(await replayOut(ctx, task)), endpoints: parts.map(replayPartOut) });
  },
});
