import { Type } from "typebox";
import { listEventTypes as listVerb } from "../../domain/event-type/list.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { EventTypeList } from "../models/event-type.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { eventTypeOut } from "../wire.ts";

export const listEventTypes = defineRoute({
  method: "GET",
  path: "/api/v1/event-type",
  operationId: "v1.event-type.list",
  tag: "Event Type",
  summary: "List event types",
  description: "Ordered by name. Schemas are only included with `with_content=true`.",
  access: "ViewBase",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    ...PageQuery,
    ...OrderQuery,
    search: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: "A part of the name or the description, in any case." }),
    ),
    include_archived: Type.Optional(Type.Boolean({ default: false })),
    with_content: Type.Optional(Type.Boolean({ default: false })),
  }),
  responses: { 200: EventTypeList },
  handle: async ({ ctx, query }) => {
    const input = {
      ...pageOf(query),
      order: query.order ?? "ascending",
      search: query.search ?? null,
      includeArchived: query.include_archived ?? false,
    };
    const withContent = query.with_content ?? false;
    const page = await listVerb({ ctx, input });
    return list(
      page,
      (row) => row.name,
      (row) => eventTypeOut(row, withContent),
    );
  },
});
