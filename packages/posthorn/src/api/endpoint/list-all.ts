import { Type } from "typebox";
import {
  ENDPOINT_SORTS,
  HEALTH_FILTERS,
  listAllEndpoints as listVerb,
  type ListedEndpoint,
  STORED_STATES,
} from "../../domain/endpoint/list-all.ts";
import { pageOf } from "../inputs.ts";
import { literals, PageQuery } from "../models/common.ts";
import { ListedEndpointList } from "../models/endpoint-list.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

/** A host name or address, with or without a port. */
const HOST_PATTERN = "^[A-Za-z0-9._:\\[\\]-]+$";

export const listAllEndpoints = defineRoute({
  method: "GET",
  path: "/api/v1/endpoint",
  operationId: "v1.endpoint.list-all",
  tag: "Endpoint",
  summary: "List the endpoints of all applications",
  description:
    "Pages through the endpoints of all applications and sources, newest first, with their health, the attempts of the last 24 hours, their newest message and their queue. A page scans up to 250,000 endpoints, so a short page is not necessarily the last one: continue with `iterator` until `done` is true.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    ...PageQuery,
    sort: Type.Optional(
      Type.Union([Type.Literal(ENDPOINT_SORTS[0]), Type.Literal(ENDPOINT_SORTS[1])], {
        description: "`created` (default): newest first. `url`: by the first 256 characters of the URL.",
      }),
    ),
    reverse: Type.Optional(Type.Boolean({ default: false, description: "Reverses the order." })),
    state: Type.Optional(literals(STORED_STATES)),
    health: Type.Optional(
      Type.Union(
        HEALTH_FILTERS.map((health) => Type.Literal(health)),
        { description: "`failing`: endpoints without a success since their last failure. `healthy`: all others." },
      ),
    ),
    kind: Type.Optional(Type.String({ maxLength: 64, description: "Name of a destination kind, such as `http`." })),
    host: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 260,
        pattern: HOST_PATTERN,
        description: "Host of the URL, or a domain that it belongs to: `example.com` also finds `hooks.example.com`.",
      }),
    ),
    search: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "Part of the URL, the description, the uid or the ID, in any case.",
      }),
    ),
  }),
  responses: { 200: ListedEndpointList },
  handle: async ({ ctx, query }) => {
    const { state, health, kind, host, search } = query;
    const input = {
      ...pageOf(query),
      sort: query.sort ?? "created",
      reverse: query.reverse ?? false,
      state: state ?? null,
      health: health ?? null,
      kind: kind ?? null,
      host: host ?? null,
      search: search ?? null,
    };
    return list(await listVerb({ ctx, input }), (row) => row.id, listedOut);
  },
});

function listedOut({ failingSince, lastEventAt, createdAt, ...rest }: ListedEndpoint): object {
  return {
    ...rest,
    failingSince: dateTimeOrNull(failingSince),
    lastEventAt: dateTimeOrNull(lastEventAt),
    createdAt: dateTime(createdAt),
  };
}
