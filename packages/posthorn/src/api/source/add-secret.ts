import { addSecret as addVerb } from "../../domain/source/secret.ts";
import { IngestSourceSecretIn, IngestSourceSecretOut } from "../models/source.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { secretOut } from "./list-secrets.ts";

export const addSecret = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/secret",
  operationId: "v1.ingest.source.add-secret",
  tag: "Ingest",
  summary: "Add a secret of the provider",
  description: "With `overlapSeconds` the ones before end after that time: a rotation without a gap.",
  access: "organisation",
  body: IngestSourceSecretIn,
  responses: { 201: IngestSourceSecretOut },
  handle: async ({ ctx, params, body }) => {
    const { secret, overlapSeconds = null } = body;
    return created(secretOut(await addVerb({ ctx, input: { source: params.source_id, secret, overlapSeconds } })));
  },
});
