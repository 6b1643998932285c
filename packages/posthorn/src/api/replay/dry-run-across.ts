import { planAcross } from "../../domain/replay/plan-across.ts";
import { AcrossPlanIn, AcrossPlanOut } from "../models/replay-across.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { acrossPlanOut, acrossRequest } from "./wire.ts";

export const dryRunAcrossReplay = defineRoute({
  method: "POST",
  path: "/api/v1/replay/dry-run",
  operationId: "v1.replay.dry-run-across",
  tag: "Replay",
  summary: "Preview a replay across applications",
  description:
    "Counts what a replay would send and why it leaves messages out, without sending anything. Examines up to 200,000 rows within 5 seconds; `exact` is false when there were more.",
  access: "organisation",
  permission: "messages:replay",
  body: AcrossPlanIn,
  responses: { 200: AcrossPlanOut },
  // Changes nothing, and must not hold a write transaction while it counts.
  idempotency: "none",
  audit: "none",
  handle: async ({ ctx, body }) => {
    const input = { ...acrossRequest(body), ratePerSecond: null, reason: "" };
    return ok(acrossPlanOut(await planAcross({ ctx, input })));
  },
});
