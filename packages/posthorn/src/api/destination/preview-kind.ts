import { previewDestination } from "../../domain/endpoint/preview-destination.ts";
import { notFound, ValidationError } from "../../lib/errors.ts";
import { findMembers } from "../../lib/json-range.ts";
import { DestinationPreviewIn, DestinationPreviewOut } from "../models/destination-preview.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

const NO_TYPE = "example";

export const previewDestinationKind = defineRoute({
  method: "POST",
  path: "/api/v1/destination-kinds/:kind/preview",
  operationId: "v1.destination-kind.preview",
  tag: "Destination",
  summary: "Preview what a destination receives",
  description:
    "Renders an event with a configuration, which may lack required fields and secrets. Nothing is stored or sent. " +
    "`card` is what people see in a chat; null for kinds that send the event itself.",
  access: "ViewBase",
  permission: "read",
  filtersApplications: true,
  idempotency: "none",
  body: DestinationPreviewIn,
  responses: { 200: DestinationPreviewOut },
  audit: "none",
  handle: ({ ctx, params, body, rawBody }) => {
    const { config = {}, eventType = NO_TYPE } = body;
    const payload = findMembers(rawBody, ["payload"]).payload!;
    const input = { kind: params.kind, config, eventType, contentType: "application/json", body: payload };
    const preview = previewDestination(input, ctx.services.now());
    switch (preview.kind) {
      case "unknown_kind":
        throw notFound("destination kind");
      case "invalid":
        throw new ValidationError(
          preview.problems.map(({ field, problem }) => ({
            loc: ["body", "config", field],
            msg: problem,
            type: "value_error",
          })),
        );
      case "preview": {
        const { card, body: sent, refusal } = preview;
        return Promise.resolve(ok({ card, body: sent, refusal }));
      }
    }
  },
});
