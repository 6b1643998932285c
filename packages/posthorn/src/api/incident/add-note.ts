import { addNote } from "../../domain/incident/change.ts";
import { IncidentNoteIn } from "../models/incident.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const addIncidentNote = defineRoute({
  method: "POST",
  path: "/api/v1/incident/:incident_id/note",
  operationId: "v1.incident.add-note",
  tag: "Incident",
  summary: "Add a note to an incident",
  description: "Notes are plain text. At most 100 for each incident.",
  access: "organisation",
  permission: "messages:replay",
  body: IncidentNoteIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    await addNote({ ctx, input: { incident: params.incident_id, text: body.text } });
    return noContent();
  },
});
