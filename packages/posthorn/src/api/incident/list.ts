import { Type } from "typebox";
import { listIncidents as listVerb } from "../../domain/incident/find.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { IncidentList, IncidentStateModel } from "../models/incident.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { incidentOut } from "./wire.ts";

export const listIncidents = defineRoute({
  method: "GET",
  path: "/api/v1/incident",
  operationId: "v1.incident.list",
  tag: "Incident",
  summary: "List incidents",
  description: "Newest first by default. Unless a state is given, those that are not resolved, muted or not.",
  access: "organisation",
  permission: "read",
  query: Type.Object({
    ...PageQuery,
    ...OrderQuery,
    state: Type.Optional(IncidentStateModel),
    muted: Type.Optional(Type.Boolean()),
    search: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "A part of the host or the cause, such as `502` or `timeout`, in any case.",
      }),
    ),
  }),
  responses: { 200: IncidentList },
  handle: async ({ ctx, query }) => {
    const states = query.state === undefined ? (["open", "acknowledged"] as const) : [query.state];
    const filter = { states, muted: query.muted ?? null, search: query.search ?? null };
    const order = query.order ?? "descending";
    const page = await listVerb({ ctx, input: { ...pageOf(query), ...filter, order } });
    return list(page, ({ id }) => id, incidentOut);
  },
});
