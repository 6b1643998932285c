import { createSource as createVerb } from "../../domain/source/create.ts";
import { IngestSourceIn, IngestSourceOut } from "../models/source.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { sourceInput } from "./input.ts";
import { sourceWarnings, withWarnings } from "./secret-warnings.ts";
import { sourceOut } from "./wire.ts";

export const createSource = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source",
  operationId: "v1.ingest.source.create",
  tag: "Ingest",
  summary: "Create a source",
  description:
    "For webhooks, the response contains `ingestUrl`, the URL to enter at the provider. Sources of other kinds are read from now on.",
  access: "organisation",
  permission: "sources:write",
  body: IngestSourceIn,
  responses: { 201: IngestSourceOut },
  warnings: sourceWarnings,
  handle: async ({ ctx, body }) => {
    const input = sourceInput(body);
    const made = await createVerb({
      ctx,
      input: { ...input, secrets: input.secrets ?? [], config: input.config ?? {} },
    });
    return created(withWarnings(sourceOut(made.source, made.ingestUrl), sourceWarnings(body)));
  },
});
