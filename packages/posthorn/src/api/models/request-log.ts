/** Models of the log of API requests. */
import { Type } from "typebox";
import { DateTime, listOf, nullable } from "./common.ts";
import { AuditActor } from "./audit.ts";

const Text = Type.String();

export const ApiRequestOut = Type.Object(
  {
    id: Type.String({ description: "ID of the entry." }),
    timestamp: DateTime,
    caller: AuditActor,
    method: Text,
    route: Type.String({ description: "Pattern of the path, such as `/api/v1/app/{app_id}`." }),
    operation: Type.String({ description: "Operation ID, such as `v1.endpoint.patch`." }),
    status: Type.Integer(),
    errorCode: nullable(Type.String({ description: "`code` of the error; `validation` for an invalid field." })),
    durationMs: Type.Integer(),
    requestId: nullable(Type.String({ description: "The `x-request-id` header of the request." })),
  },
  {
    $id: "ApiRequestOut",
    description: "API request. It contains nothing of the path, query, headers or body except the request ID.",
  },
);

export const ApiRequestList = listOf(ApiRequestOut);

export const REQUEST_LOG_MODELS = [ApiRequestOut, ApiRequestList] as const;
