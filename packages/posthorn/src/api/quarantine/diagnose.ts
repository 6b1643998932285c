import { diagnoseQuarantined as diagnoseVerb } from "../../domain/quarantine/diagnose.ts";
import { DiagnosisOut } from "../models/quarantine.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { diagnosisOut } from "./wire.ts";

export const diagnoseQuarantined = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/quarantine/:request_id/diagnose",
  operationId: "v1.ingest.quarantine.diagnose",
  tag: "Ingest",
  summary: "Diagnose a quarantined request",
  description:
    "Determines why the signature is wrong by undoing likely mistakes until the request passes verification: a wrong secret, a body changed by a proxy, a clock that is off. It also tries the secrets of your other sources of this provider. The search is limited; `stopped` is set if it ended early. An organisation can run one diagnosis at a time; a second one gets a 429 with `retry-after`.",
  access: "organisation",
  permission: "payloads:read",
  idempotency: "none",
  responses: { 200: DiagnosisOut },
  audit: "view",
  handle: async ({ ctx, params }) => {
    const input = { source: params.source_id, request: params.request_id };
    return ok(diagnosisOut(await diagnoseVerb({ ctx, input })));
  },
});
