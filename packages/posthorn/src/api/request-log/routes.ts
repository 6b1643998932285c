import { Type } from "typebox";
import { AUDIT_ACTOR_KINDS } from "../../domain/audit/entry.ts";
import { listRequests, REQUEST_RESULTS } from "../../domain/request-log/list.ts";
import { pageOf, timesOf } from "../inputs.ts";
import { literals, PageQuery, TimeQuery } from "../models/common.ts";
import { ApiRequestList } from "../models/request-log.ts";
import { list } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime } from "../wire.ts";

const Name = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }));

const listApiRequests = defineRoute({
  method: "GET",
  path: "/api/v1/request-log",
  operationId: "v1.request-log.list",
  tag: "Audit",
  summary: "List API requests",
  description:
    "Newest first. All requests of a known caller that failed, and successful ones except publishes and the reads of dashboard and portal. Entries are kept for POSTHORN_REQUEST_LOG_DAYS, up to 80,000 of the callers of an organisation and 20,000 of its applications. Entries beyond the limits of a caller or an organisation in five seconds are dropped.",
  access: "organisation",
  permission: "audit:read",
  query: Type.Object({
    ...PageQuery,
    ...TimeQuery,
    caller: Name("Id of an API key, a user or an application."),
    caller_kind: Type.Optional(literals(AUDIT_ACTOR_KINDS)),
    method: Type.Optional(literals(["GET", "POST", "PUT", "PATCH", "DELETE"])),
    operation: Name("Operation ID, or its beginning up to a dot, such as `v1.endpoint`."),
    result: Type.Optional(literals(REQUEST_RESULTS)),
    status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
    error_code: Name("Code of an error."),
    request_id: Name("ID of an entry, or the `x-request-id` of a request."),
    search: Name("Finds entries with this text as `operation`, `error_code`, `caller` or `request_id`."),
  }),
  responses: { 200: ApiRequestList },
  handle: async ({ ctx, query }) => {
    const filter = {
      ...timesOf(query),
      caller: query.caller ?? null,
      callerKind: query.caller_kind ?? null,
      method: query.method ?? null,
      operation: query.operation ?? null,
      result: query.result ?? null,
      status: query.status ?? null,
      errorCode: query.error_code ?? null,
      requestId: query.request_id ?? null,
      search: query.search ?? null,
    };
    return list(
      await listRequests({ ctx, input: { ...pageOf(query), ...filter } }),
      ({ id }) => id,
      ({ callerKind, callerId, callerName, at, clientRequestId, route, ...entry }) => ({
        ...entry,
        timestamp: dateTime(at),
        caller: { kind: callerKind, id: callerId, name: callerName },
        route: route.replaceAll(/:(\w+)/g, "{$1}"),
        requestId: clientRequestId,
      }),
    );
  },
});

export const REQUEST_LOG_ROUTES: readonly Route[] = [listApiRequests];
