import { explainFilter as explainVerb } from "../../domain/endpoint/explain-filter.ts";
import { FilterExplainIn, FilterExplanationOut } from "../models/filter.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { sampleOf } from "../sample.ts";
import { memberText } from "./text.ts";

export const explainFilter = defineRoute({
  method: "POST",
  path: "/api/v1/filter/explain",
  operationId: "v1.filter.explain",
  tag: "Filter",
  summary: "Test a filter on a message",
  description: "Nothing is stored or sent.",
  access: "ViewBase",
  permission: "payloads:read",
  filtersApplications: true,
  idempotency: "none",
  body: FilterExplainIn,
  responses: { 200: FilterExplanationOut },
  audit: "view",
  handle: async ({ ctx, body, rawBody }) => {
    const filter = memberText(rawBody, "filter")!;
    return ok(await explainVerb({ ctx, input: { filter, sample: sampleOf(body, rawBody) } }));
  },
});
