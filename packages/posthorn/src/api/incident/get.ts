import { incidentDetail } from "../../domain/incident/find.ts";
import { IncidentDetailOut } from "../models/incident.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { incidentDetailOut } from "./wire.ts";

export const getIncident = defineRoute({
  method: "GET",
  path: "/api/v1/incident/:incident_id",
  operationId: "v1.incident.get",
  tag: "Incident",
  summary: "Get an incident",
  description: "With the affected endpoints, recent failed attempts, a chart and notes.",
  access: "organisation",
  permission: "read",
  responses: { 200: IncidentDetailOut },
  handle: async ({ ctx, params }) =>
    ok(await incidentDetailOut(ctx, await incidentDetail({ ctx, input: { incident: params.incident_id } }))),
});
