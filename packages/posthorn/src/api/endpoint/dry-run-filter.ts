import {
  dryRunFilter as dryRunVerb,
  type FilterSample,
  MAX_FILTER_DRY_RUN,
} from "../../domain/endpoint/dry-run-filter.ts";
import { memberText } from "../filter/text.ts";
import { EndpointFilterDryRunIn, EndpointFilterDryRunOut } from "../models/filter.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

export const dryRunEndpointFilter = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/filter/dry-run",
  operationId: "v1.endpoint.dry-run-filter",
  tag: "Filter",
  summary: "Try a filter on recent messages",
  description:
    "Checks the event types, channels and filter of the endpoint, or a filter given in the request, against the newest messages. Returns how many match, why the others do not, and samples of both. Nothing is stored or sent.",
  access: "ViewBase",
  permission: "payloads:read",
  idempotency: "none",
  body: EndpointFilterDryRunIn,
  responses: { 200: EndpointFilterDryRunOut },
  audit: "view",
  handle: async ({ ctx, params, body, rawBody }) => {
    const { limit = MAX_FILTER_DRY_RUN } = body;
    const filter = memberText(rawBody, "filter");
    const input = { app: params.app_id, endpoint: params.endpoint_id, filter, limit };
    const { from, to, matching, notMatching, ...counts } = await dryRunVerb({ ctx, input });
    return ok({
      ...counts,
      from: dateTimeOrNull(from),
      to: dateTimeOrNull(to),
      matching: matching.map(sampleOut),
      notMatching: notMatching.map(sampleOut),
    });
  },
});

function sampleOut({ explanation, timestamp, ...message }: FilterSample) {
  return { ...message, timestamp: dateTime(timestamp), ...explanation };
}
