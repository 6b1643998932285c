import { destinationEndpoint } from "../../domain/destination/destination.ts";
import { getTransformation } from "../../domain/endpoint/transformation.ts";
import { DestinationTransformationOut } from "../models/destination.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getDestinationTransformation = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/destination/:destination_id/transformation",
  operationId: "v1.destination.transformation.get",
  tag: "Destination",
  summary: "Get the transformation of a destination",
  description: "Returns the code, and whether it is enabled.",
  access: "ManageTransformations",
  permission: "read",
  responses: { 200: DestinationTransformationOut },
  handle: async ({ ctx, params }) => {
    const input = { app: params.app_id, endpoint: params.destination_id };
    await destinationEndpoint(ctx, input);
    const { enabled, transformation } = await getTransformation({ ctx, input });
    return ok({ code: transformation?.code ?? null, enabled });
  },
});
