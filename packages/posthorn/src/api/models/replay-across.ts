/** Models of replays across applications. */
import { type TSchema, Type } from "typebox";
import { Name, nullable } from "./common.ts";
import { allSkippedFields, countFields, ReplayMessages, StatusWord } from "./replay.ts";

const queryFields = {
  since: Type.Optional(
    nullable(
      Type.String({
        format: "date-time",
        description: "Time of publishing. Required, unless `incident` is given: then its oldest message.",
      }),
    ),
  ),
  until: Type.Optional(nullable(Type.String({ format: "date-time", description: "Now by default." }))),
  incident: Type.Optional(
    nullable(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: "Only deliveries with a failed attempt that belongs to this incident.",
      }),
    ),
  ),
  apps: Type.Optional(
    nullable(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        minItems: 1,
        maxItems: 250,
        description: "Ids or uids of applications, or ids of sources; all by default.",
      }),
    ),
  ),
  hosts: Type.Optional(
    nullable(
      Type.Array(Type.String({ minLength: 1, maxLength: 2048 }), {
        minItems: 1,
        maxItems: 100,
        description: "Only endpoints whose URL has one of these hosts, such as `hooks.example.com` or `10.0.0.5:8080`.",
      }),
    ),
  ),
  causes: Type.Optional(
    nullable(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
        minItems: 1,
        maxItems: 50,
        description:
          "Only deliveries with a failed attempt of one of these causes: an HTTP status such as `502`, or an error code such as `timeout`.",
      }),
    ),
  ),
  eventTypes: Type.Optional(nullable(Type.Array(Name, { minItems: 1, maxItems: 250 }))),
  statuses: Type.Optional(
    nullable(
      Type.Array(StatusWord, {
        minItems: 1,
        maxItems: 5,
        description:
          "State of the delivery. By default `fail` and `sending`: everything that failed and is not delivered.",
      }),
    ),
  ),
  messages: ReplayMessages,
  order: Type.Optional(
    Type.Union([Type.Literal("oldest"), Type.Literal("newest")], {
      default: "oldest",
      description: "Which messages of an endpoint are sent first.",
    }),
  ),
};

export const AcrossPlanIn = Type.Object(queryFields, {
  $id: "AcrossPlanIn",
  description: "Which messages of which endpoints to replay, across applications.",
});

export const AcrossReplayIn = Type.Object(
  {
    ...queryFields,
    ratePerSecond: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          maximum: 10_000,
          description: "Deliveries per second over all endpoints; by default as fast as the endpoints accept them.",
        }),
      ),
    ),
    reason: Type.Optional(Type.String({ maxLength: 1024, description: "Note that is shown in the list of replays." })),
  },
  { $id: "AcrossReplayIn", description: "Which messages to replay, across applications, and the rate." },
);

const plannedFields = {
  endpointId: Type.String(),
  url: Type.String({ description: "URL of the endpoint." }),
  appId: Type.String({ description: "ID of the application or source." }),
  appName: Type.String(),
  disabled: Type.Boolean({ description: "Whether the endpoint is disabled. The replay leaves it out." }),
};

export const AcrossPlanOut = Type.Object(
  {
    toSend: Type.Integer(),
    exact: Type.Boolean({ description: "False when counting stopped early and the counts are lower bounds." }),
    applications: Type.Integer({ description: "Applications that would get messages." }),
    endpoints: Type.Integer({ description: "Endpoints that would get messages." }),
    ...countFields,
    skipped: Type.Object({
      ...allSkippedFields,
      endpointDisabled: Type.Integer({
        description: "Matching messages of disabled endpoints. Enable the endpoint, then recover or replay them.",
      }),
    }),
    parts: Type.Array(
      Type.Object({ ...plannedFields, ...countFields, toSend: Type.Integer(), exact: Type.Boolean() }),
      { description: "Endpoints with matching messages, those with the most first, at most 250." },
    ),
  },
  { $id: "AcrossPlanOut", description: "What a replay across applications would send. Nothing was sent." },
);

export const ACROSS_MODELS: readonly TSchema[] = [AcrossPlanIn, AcrossReplayIn, AcrossPlanOut];
