/** Models of what operators look at over all applications. */
import { type TSchema, Type } from "typebox";
import { DIRECTIONS } from "../../domain/message/search.ts";
import { DateTime, listOf, nullable, ref, Url } from "./common.ts";

const count = (description?: string) => Type.Integer(description === undefined ? {} : { description });

export const FoundMessageOut = Type.Object(
  {
    id: Type.String(),
    direction: Type.Union(DIRECTIONS.map((direction) => Type.Literal(direction))),
    appId: Type.String({ description: "Of the application, or of the source." }),
    appUid: nullable(Type.String()),
    appName: Type.String(),
    eventId: nullable(Type.String()),
    eventType: Type.String(),
    channels: nullable(Type.Array(Type.String())),
    tags: nullable(Type.Array(Type.String())),
    contentType: Type.String(),
    payloadBytes: nullable(Type.Integer({ description: "Null once the payload is gone." })),
    timestamp: DateTime,
    deliveries: Type.Object(
      {
        succeeded: count(),
        failed: count(),
        retrying: count("Failed, and tried again."),
        pending: count("Not tried yet."),
        held: count(
          "Retried or not tried yet, and not counted there: the endpoint is off, paused or left alone, or it waits in an order.",
        ),
        canceled: count(),
      },
      { description: "What it was owed to endpoints, by where that stands." },
    ),
  },
  { $id: "FoundMessageOut", description: "A message without its payload, and what became of it." },
);

export const FoundMessageList = listOf(FoundMessageOut);

export const IssueOut = Type.Object(
  {
    appId: Type.String(),
    appName: Type.String(),
    endpointId: Type.String(),
    url: Type.String(),
    disabled: Type.Boolean(),
    errorCode: nullable(Type.String({ description: "Class of the failure; null: the status says it." })),
    responseStatusCode: count("0 when there was no answer."),
    attempts: count(),
    messages: count(),
    firstAt: DateTime,
    lastAt: DateTime,
    lastMessageId: Type.String(),
    lastAttemptId: Type.String(),
    failing: Type.Boolean({ description: "The endpoint has not succeeded since." }),
  },
  { $id: "IssueOut", description: "Attempts that failed at one endpoint in the same way." },
);

export const IssuesOut = Type.Object(
  {
    data: Type.Array(ref(IssueOut), { description: "Newest first." }),
    exact: Type.Boolean({ description: "False: there were more attempts than are looked at, the newest 20,000." }),
  },
  { $id: "IssuesOut" },
);

export const EgressCheckIn = Type.Object(
  {
    url: Url,
    appId: Type.Optional(nullable(Type.String({ maxLength: 256, description: "By the rules of this application." }))),
  },
  { $id: "EgressCheckIn" },
);

export const EgressCheckOut = Type.Object(
  {
    allowed: Type.Boolean(),
    addresses: Type.Array(Type.String(), { description: "What the name stands for now, when it is allowed." }),
    code: nullable(Type.String({ description: "Why not." })),
    message: nullable(Type.String({ description: "As a customer is told." })),
    detail: nullable(Type.String({ description: "The rule that was hit, and the address." })),
  },
  { $id: "EgressCheckOut", description: "Whether deliveries to a URL would be allowed now." },
);

export const OVERVIEW_MODELS: readonly TSchema[] = [
  FoundMessageOut,
  FoundMessageList,
  IssueOut,
  IssuesOut,
  EgressCheckIn,
  EgressCheckOut,
];
