import { upsertSource as upsertVerb } from "../../domain/source/update.ts";
import { IngestSourceIn, IngestSourceOut } from "../models/source.ts";
import { created, ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { sourceInput } from "./input.ts";
import { sourceWarnings, withWarnings } from "./secret-warnings.ts";
import { sourceOut } from "./wire.ts";

export const upsertSource = defineRoute({
  method: "PUT",
  path: "/ingest/api/v1/source/:source_id",
  operationId: "v1.ingest.source.update",
  tag: "Ingest",
  summary: "Create or replace a source",
  description:
    "Omitted fields are reset to their defaults. The URL does not change; secrets and `config` change only if the request contains them. If no such source exists, a new one is created with its own ID.",
  access: "organisation",
  permission: "sources:write",
  body: IngestSourceIn,
  responses: { 200: IngestSourceOut, 201: IngestSourceOut },
  warnings: sourceWarnings,
  handle: async ({ ctx, params, body }) => {
    const result = await upsertVerb({ ctx, input: { ...sourceInput(body), ref: params.source_id } });
    const out = withWarnings(sourceOut(result.source, result.ingestUrl), sourceWarnings(body));
    return result.created ? created(out) : ok(out);
  },
});
