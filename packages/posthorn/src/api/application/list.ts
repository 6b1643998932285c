import { Type } from "typebox";
import {
  APPLICATION_SORTS,
  type ApplicationSort,
  listApplications as listVerb,
} from "../../domain/application/list.ts";
import { HEALTH_FILTERS } from "../../domain/endpoint/list-all.ts";
import { pageOf } from "../inputs.ts";
import { ApplicationList } from "../models/application.ts";
import { literals, OrderQuery, PageQuery } from "../models/common.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { applicationOut } from "../wire.ts";

export const listApplications = defineRoute({
  method: "GET",
  path: "/api/v1/app",
  operationId: "v1.application.list",
  tag: "Application",
  summary: "List applications",
  description: "Pages through the applications in the order of their creation, or by name.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    ...PageQuery,
    ...OrderQuery,
    sort: Type.Optional(
      Type.Unsafe<ApplicationSort>({
        ...literals(APPLICATION_SORTS),
        default: "created",
        description: "What `order` applies to.",
      }),
    ),
    search: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: "A part of the name, the uid or the ID, in any case." }),
    ),
    health: Type.Optional(
      Type.Union(
        HEALTH_FILTERS.map((health) => Type.Literal(health)),
        {
          description:
            "`failing`: applications with an endpoint that had no success since its last failure. `healthy`: all others.",
        },
      ),
    ),
    exclude_apps_with_no_endpoints: Type.Optional(Type.Boolean({ default: false })),
    exclude_apps_with_disabled_endpoints: Type.Optional(Type.Boolean({ default: false })),
  }),
  responses: { 200: ApplicationList },
  handle: async ({ ctx, query }) => {
    const input = {
      ...pageOf(query),
      sort: query.sort ?? "created",
      order: query.order ?? "ascending",
      search: query.search ?? null,
      health: query.health ?? null,
      excludeWithNoEndpoints: query.exclude_apps_with_no_endpoints ?? false,
      excludeWithDisabledEndpoints: query.exclude_apps_with_disabled_endpoints ?? false,
    };
    return list(await listVerb({ ctx, input }), (row) => row.id, applicationOut);
  },
});
