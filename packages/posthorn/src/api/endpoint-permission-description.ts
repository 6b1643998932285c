/** The callback URL of endpoint verification in the OpenAPI document. It requires no token. */
import type { RouteOptions } from "fastify";
import { Type } from "typebox";
import { PERMISSION_PATH } from "../domain/endpoint/permission.ts";
import { HttpError, ref } from "./models/common.ts";

const error = ref(HttpError);

/** Routes for the document, without their handlers. */
export const PERMISSION_ROUTES: readonly Omit<RouteOptions, "handler">[] = (["GET", "POST"] as const).map((method) => ({
  method,
  url: `${PERMISSION_PATH}/:endpoint/:secret`,
  schema: {
    operationId: `endpoint.permission.${method === "GET" ? "open" : "grant"}`,
    tags: ["Endpoint"],
    summary: "Grant permission to send to an endpoint",
    description:
      "For receivers, without a token. The URL is `WebHook-Request-Callback` of a verification request (CloudEvents webhooks). The header `WebHook-Allowed-Rate` limits the deliveries per minute.",
    security: [],
    params: Type.Object({ endpoint: Type.String(), secret: Type.String() }),
    response: {
      200: {
        description: "The endpoint is verified.",
        ...Type.Object({ granted: Type.Boolean(), ratePerMinute: Type.Union([Type.Integer(), Type.Null()]) }),
      },
      404: { description: "The URL has expired, or was replaced by a later request.", ...error },
      429: { description: "Too many requests. Try again in a minute.", ...error },
      503: { description: "The server cannot process the request now. Try again later.", ...error },
    },
  },
}));
