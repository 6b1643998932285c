import { keptBody } from "../../domain/attempt/sent-body.ts";
import { type Tried, tryMessage as tryVerb } from "../../domain/endpoint/try.ts";
import { pairs } from "../attempt-wire.ts";
import { memberText } from "../filter/text.ts";
import { EndpointTryIn, EndpointTryOut } from "../models/transformation.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { sampleOf } from "../sample.ts";

export const tryMessage = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/try",
  operationId: "v1.endpoint.try",
  tag: "Transformation",
  summary: "Test filter, transformation and format on a message",
  description: "Uses a published message or one given in the request. Nothing is stored or sent.",
  access: "ManageTransformations",
  permission: "payloads:read",
  idempotency: "none",
  body: EndpointTryIn,
  responses: { 200: EndpointTryOut },
  audit: "view",
  handle: async ({ ctx, params, body, rawBody }) => {
    const { code, variables = null } = body;
    const input = {
      app: params.app_id,
      endpoint: params.endpoint_id,
      sample: sampleOf(body, rawBody),
      filter: memberText(rawBody, "filter"),
      ...(code === undefined ? {} : { code }),
      variables,
      format: body.format ?? {},
    };
    return ok(triedOut(await tryVerb({ ctx, input })));
  },
});

function triedOut({ match, outcome, run, request, differs, error }: Tried): object {
  return {
    outcome,
    match,
    logs: run?.logs ?? [],
    cpuMs: run?.cpuMs ?? null,
    request:
      request === null
        ? null
        : {
            method: request.method,
            url: request.url,
            contentType: request.contentType,
            headers: pairs(request.headers),
            body: keptBody(request.body),
            bodyBytes: request.body.byteLength,
            differs,
          },
    error,
  };
}
