import { addSecret as addVerb } from "../../domain/source/secret.ts";
import { IngestSourceSecretIn, IngestSourceSecretOut } from "../models/source.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { secretOut } from "./list-secrets.ts";
import { addedSecretWarnings, withWarnings } from "./secret-warnings.ts";

export const addSecret = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/secret",
  operationId: "v1.ingest.source.add-secret",
  tag: "Ingest",
  summary: "Add a signing secret to a source",
  description: "With `overlapSeconds`, earlier secrets stay valid for that time, so you can rotate without downtime.",
  access: "organisation",
  permission: "sources:write",
  body: IngestSourceSecretIn,
  responses: { 201: IngestSourceSecretOut },
  handle: async ({ ctx, params, body }) => {
    const { secret, overlapSeconds = null } = body;
    const added = await addVerb({ ctx, input: { source: params.source_id, secret, overlapSeconds } });
    return created(withWarnings(secretOut(added), addedSecretWarnings(body)));
  },
});
