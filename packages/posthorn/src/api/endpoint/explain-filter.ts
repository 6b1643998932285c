import { explainEndpointFilter as explainVerb } from "../../domain/endpoint/explain-filter.ts";
import { memberText } from "../filter/text.ts";
import { EndpointFilterExplainIn, FilterExplanationOut } from "../models/filter.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { sampleOf } from "../sample.ts";

export const explainEndpointFilter = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/filter/explain",
  operationId: "v1.endpoint.explain-filter",
  tag: "Filter",
  summary: "Explain whether an endpoint matches a message",
  description:
    "Checks the event types, channels and filter of the endpoint, or a filter given in the request, against a published message or one given in the request. Nothing is stored or sent.",
  access: "ViewBase",
  permission: "payloads:read",
  idempotency: "none",
  body: EndpointFilterExplainIn,
  responses: { 200: FilterExplanationOut },
  audit: "view",
  handle: async ({ ctx, params, body, rawBody }) => {
    const filter = memberText(rawBody, "filter");
    const input = { app: params.app_id, endpoint: params.endpoint_id, filter, sample: sampleOf(body, rawBody) };
    return ok(await explainVerb({ ctx, input }));
  },
});
