import { getSource as findSource } from "../../domain/source/find.ts";
import { currentTokens, ingestUrl } from "../../domain/source/token.ts";
import { IngestSourceOut } from "../models/source.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { sourceOut } from "./wire.ts";

export const getSource = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id",
  operationId: "v1.ingest.source.get",
  tag: "Ingest",
  summary: "Get a source",
  description: "Finds the source by its ID or UID. Secrets are not returned.",
  access: "organisation",
  permission: "read",
  responses: { 200: IngestSourceOut },
  handle: async ({ ctx, params }) => {
    const source = await findSource(ctx, params.source_id);
    const tokens = await currentTokens(ctx, [source.key]);
    return ok(sourceOut(source, ingestUrl(ctx, source.kind, tokens.get(source.key)!)));
  },
});
