import { sendTestRequest as sendVerb } from "../../domain/source/test-request.ts";
import { SourceTestOut } from "../models/source-kind.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const testSource = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/test",
  operationId: "v1.ingest.source.test",
  tag: "Ingest",
  summary: "Send a signed test request to a source",
  description:
    "The server sends a prepared event of the provider, signed with the newest secret of the source, through the same checks as a request from outside. Returns 409 if the source has no usable secret (`source_secret_invalid`) or lacks a setting (`source_setting_missing`), and for providers whose requests only they can sign (`signing_key_unavailable`).",
  access: "organisation",
  permission: "messages:publish",
  idempotency: "claim",
  responses: { 200: SourceTestOut },
  handle: async ({ ctx, params }) => ok(await sendVerb({ ctx, input: { source: params.source_id } })),
});
