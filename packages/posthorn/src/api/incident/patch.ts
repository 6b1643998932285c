import { changeIncident } from "../../domain/incident/change.ts";
import { IncidentOut, IncidentPatch } from "../models/incident.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { toMs } from "../wire.ts";
import { incidentOut } from "./wire.ts";

export const patchIncident = defineRoute({
  method: "PATCH",
  path: "/api/v1/incident/:incident_id",
  operationId: "v1.incident.patch",
  tag: "Incident",
  summary: "Acknowledge, mute or resolve an incident",
  description:
    "A muted incident raises no alerts until `mutedUntil`. A resolved incident stays resolved: further failures open a new one.",
  access: "organisation",
  permission: "messages:replay",
  body: IncidentPatch,
  responses: { 200: IncidentOut },
  handle: async ({ ctx, params, body }) => {
    const { state, mutedUntil } = body;
    const muted = mutedUntil === undefined ? {} : { mutedUntil: toMs(mutedUntil) };
    return ok(incidentOut(await changeIncident({ ctx, input: { incident: params.incident_id, state, ...muted } })));
  },
});
