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
  summary: "Say whether an endpoint wants a message, and why not",
  description:
    "By its event types, its channels and its filter, or one that is given in its place. On a published message or one that is given. Nothing is stored or sent.",
  access: "ViewBase",
  idempotency: "none",
  body: EndpointFilterExplainIn,
  responses: { 200: FilterExplanationOut },
  handle: async ({ ctx, params, body, rawBody }) => {
    const filter = memberText(rawBody, "filter");
    const input = { app: params.app_id, endpoint: params.endpoint_id, filter, sample: sampleOf(body, rawBody) };
    return ok(await explainVerb({ ctx, input }));
  },
});
