import { rotateToken as rotateVerb } from "../../domain/source/token.ts";
import { RotateTokenIn, RotateTokenOut } from "../models/source.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

const DEFAULT_OVERLAP_SECONDS = 86_400;

export const rotateToken = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/token/rotate",
  operationId: "v1.ingest.source.rotate-token",
  tag: "Ingest",
  summary: "Rotate the URL of a source",
  description:
    "The previous URL keeps working until the overlap ends, so you can change it at the provider without downtime.",
  access: "organisation",
  permission: "sources:write",
  body: RotateTokenIn,
  responses: { 200: RotateTokenOut },
  handle: async ({ ctx, params, body }) => {
    const overlapSeconds = body.overlapSeconds ?? DEFAULT_OVERLAP_SECONDS;
    return ok({ ingestUrl: await rotateVerb({ ctx, input: { source: params.source_id, overlapSeconds } }) });
  },
});
