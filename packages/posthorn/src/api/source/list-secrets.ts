import { listSecrets as listVerb, type SourceSecret } from "../../domain/source/secret.ts";
import { IngestSourceSecretList } from "../models/source.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

export const listSecrets = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/secret",
  operationId: "v1.ingest.source.list-secrets",
  tag: "Ingest",
  summary: "List the secrets of a source",
  description: "Newest first, without their values.",
  access: "organisation",
  permission: "read",
  responses: { 200: IngestSourceSecretList },
  handle: async ({ ctx, params }) => {
    const secrets = await listVerb({ ctx, input: { source: params.source_id } });
    return ok({ data: secrets.map(secretOut) });
  },
});

export function secretOut({ id, createdAt, expiresAt }: SourceSecret): object {
  return { id, createdAt: dateTime(createdAt), expiresAt: dateTimeOrNull(expiresAt) };
}
