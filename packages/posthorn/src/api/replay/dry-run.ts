import { planReplay } from "../../domain/replay/plan.ts";
import { ReplayPlanIn, ReplayPlanOut } from "../models/replay.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayPlanOut, replayRequest } from "./wire.ts";

export const dryRunReplay = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/replay/dry-run",
  operationId: "v1.replay.dry-run",
  tag: "Replay",
  summary: "Preview a replay",
  description:
    "Counts what a replay would send, without sending anything. Examines up to 200,000 rows within 2 seconds; `exact` is false when there were more.",
  access: "CreateAttempts",
  permission: "messages:replay",
  body: ReplayPlanIn,
  responses: { 200: ReplayPlanOut },
  // Changes nothing, and must not hold a write transaction while it counts.
  idempotency: "none",
  audit: "none",
  handle: async ({ ctx, params, body }) => {
    const input = { ...replayRequest(params.app_id, body), ratePerSecond: null, reason: "" };
    return ok(replayPlanOut(await planReplay({ ctx, input })));
  },
});
