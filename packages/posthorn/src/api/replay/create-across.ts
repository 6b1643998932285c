import { startAcross } from "../../domain/replay/across.ts";
import { AcrossReplayIn } from "../models/replay-across.ts";
import { ReplayJobOut } from "../models/replay.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { acrossRequest, replayOut } from "./wire.ts";

export const createAcrossReplay = defineRoute({
  method: "POST",
  path: "/api/v1/replay",
  operationId: "v1.replay.create-across",
  tag: "Replay",
  summary: "Start a replay across applications",
  description:
    "Sends messages again to the endpoints of their deliveries, whichever application they belong to. Each delivery gets one manual attempt in addition to its schedule. Endpoints that are disabled when the replay starts are left out.",
  access: "organisation",
  permission: "messages:replay",
  body: AcrossReplayIn,
  responses: { 202: ReplayJobOut },
  handle: async ({ ctx, body }) => {
    const { ratePerSecond = null, reason = "" } = body;
    return accepted(
      await replayOut(ctx, await startAcross({ ctx, input: { ...acrossRequest(body), ratePerSecond, reason } })),
    );
  },
});
