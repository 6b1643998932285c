import { dryRun } from "../../domain/watch/dry-run.ts";
import { WatchDryRunIn, WatchDryRunOut } from "../models/watch.ts";
import { ok } from "../reply.ts";
import { toMs } from "../wire.ts";
import { dryRunOut } from "./wire.ts";
import { defineRoute } from "../route.ts";

export const dryRunWatch = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/watch/dry-run",
  operationId: "v1.watch.dry-run",
  tag: "Watch",
  summary: "Try a rule on stored messages",
  description:
    "Evaluates the newest messages and returns the transitions that the rule would have reported. Stores and publishes nothing.",
  access: "ManageWatch",
  permission: "payloads:read",
  idempotency: "none",
  body: WatchDryRunIn,
  responses: { 200: WatchDryRunOut },
  audit: "view",
  handle: async ({ ctx, params, body }) => {
    const { rule, eventTypes = null, limit = 500, since, valuePage = 0 } = body;
    const input = { app: params.app_id, rule, eventTypes, limit, since: toMs(since ?? undefined), valuePage };
    return ok(dryRunOut(await dryRun({ ctx, input })));
  },
});
