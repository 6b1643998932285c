import { destinationEndpoint } from "../../domain/destination/destination.ts";
import { patchTransformation } from "../../domain/endpoint/transformation.ts";
import { EmptyResponse } from "../models/common.ts";
import { DestinationTransformIn } from "../models/destination.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const patchDestinationTransformation = defineRoute({
  method: "PATCH",
  path: "/api/v1/app/:app_id/destination/:destination_id/transformation",
  operationId: "v1.destination.transformation.patch",
  tag: "Destination",
  summary: "Set or remove the transformation of a destination",
  description: "The code has the form of an endpoint transformation and receives one message at a time.",
  access: "ManageTransformations",
  permission: "endpoints:write",
  body: DestinationTransformIn,
  responses: { 200: EmptyResponse },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.destination_id };
    await destinationEndpoint(ctx, input);
    const change = body.code === undefined ? {} : { code: body.code, enabled: body.code !== null };
    await patchTransformation({ ctx, input: { ...input, change } });
    return ok({});
  },
});
