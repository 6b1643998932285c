/** Models of incidents. */
import { type TSchema, Type } from "typebox";
import { INCIDENT_STATES } from "../../domain/incident/incident.ts";
import { DateTime, listOf, nullable } from "./common.ts";

export const IncidentStateModel = Type.Union(INCIDENT_STATES.map((state) => Type.Literal(state)));

const incidentFields = {
  id: Type.String(),
  host: Type.String({ description: "Host of the endpoints; `*` for several hosts, if there are too many incidents." }),
  cause: Type.String({ description: "An HTTP status such as `502`, or an error code such as `timeout`." }),
  state: IncidentStateModel,
  mutedUntil: nullable(Type.String({ format: "date-time", description: "Null: not muted." })),
  firstAt: DateTime,
  lastAt: DateTime,
  attempts: Type.Integer({ description: "Failed attempts." }),
  events: Type.Integer({ description: "Deliveries with at least one failed attempt." }),
  endpoints: Type.Integer({ description: "Affected endpoints." }),
  applications: Type.Integer({ description: "Affected applications and sources." }),
  changedBy: nullable(Type.String({ description: "Who changed its state last; null: Posthorn." })),
  changedAt: nullable(DateTime),
  resolvedAt: nullable(DateTime),
};

export const IncidentOut = Type.Object(incidentFields, {
  $id: "IncidentOut",
  description: "Failed attempts with one cause at one host, over all endpoints of the organisation.",
});
export const IncidentList = listOf(IncidentOut);

const appFields = {
  appId: Type.String({ description: "ID of the application or source." }),
  endpointId: Type.String(),
  url: Type.String({ description: "URL of the endpoint." }),
};

const callerNameField = nullable(
  Type.String({ description: "Name of the user or the API key; null: neither, or no longer in the organisation." }),
);

export const IncidentDetailOut = Type.Object(
  {
    ...incidentFields,
    changedByName: callerNameField,
    replaySince: Type.String({
      format: "date-time",
      description: "When the oldest affected message was published. A replay of the incident starts there by default.",
    }),
    affected: Type.Array(
      Type.Object({
        ...appFields,
        appName: Type.String(),
        disabled: Type.Boolean(),
        attempts: Type.Integer(),
        events: Type.Integer(),
        firstAt: DateTime,
        lastAt: DateTime,
      }),
      { description: "Affected endpoints, those with the most events first, at most 250." },
    ),
    samples: Type.Array(
      Type.Object({ attemptId: Type.String(), messageId: Type.String(), ...appFields, at: DateTime }),
      { description: "Recent failed attempts of different endpoints, at most 5." },
    ),
    chart: Type.Array(Type.Object({ at: DateTime, attempts: Type.Integer() }), {
      description: "Failed attempts in periods of 5 minutes, without the periods that had none.",
    }),
    notes: Type.Array(
      Type.Object({
        id: Type.String(),
        author: Type.String(),
        authorName: callerNameField,
        text: Type.String(),
        at: DateTime,
      }),
      {
        description: "Newest first.",
      },
    ),
  },
  { $id: "IncidentDetailOut", description: "An incident, whom it affects, and what people noted." },
);

export const IncidentPatch = Type.Object(
  {
    state: Type.Optional(IncidentStateModel),
    mutedUntil: Type.Optional(nullable(Type.String({ format: "date-time" }))),
  },
  { $id: "IncidentPatch", description: "Acknowledges, resolves or mutes an incident.", minProperties: 1 },
);

export const IncidentNoteIn = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: 4000 }) },
  { $id: "IncidentNoteIn" },
);

export const INCIDENT_MODELS: readonly TSchema[] = [
  IncidentOut,
  IncidentList,
  IncidentDetailOut,
  IncidentPatch,
  IncidentNoteIn,
];
