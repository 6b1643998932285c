import { startBackfill } from "../../domain/backfill/run.ts";
import { BackfillRunIn, BackfillRunOut } from "../models/backfill.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { backfillRunOut } from "./wire.ts";

export const runBackfill = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/backfill/run",
  operationId: "v1.ingest.backfill.run",
  tag: "Backfill",
  summary: "Start a backfill run",
  description:
    "Compares the events listed by the provider with those received, and fetches the missing ones in the background. Without `since`, the run starts where the last one ended.",
  access: "organisation",
  permission: "sources:write",
  body: BackfillRunIn,
  responses: { 202: BackfillRunOut },
  handle: async ({ ctx, params, body }) => {
    const { since = null, until = null, dryRun = false } = body;
    const input = { source: params.source_id, since: timeOf(since), until: timeOf(until), dryRun };
    return accepted(backfillRunOut(await startBackfill({ ctx, input })));
  },
});

function timeOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
