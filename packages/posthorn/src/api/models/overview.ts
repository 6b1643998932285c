/** Models of the operations that cover all applications. */
import { type TSchema, Type } from "typebox";
import { DIRECTIONS } from "../../domain/message/search-scope.ts";
import { DateTime, listOf, nullable, payload, ref, Url } from "./common.ts";

const count = (description?: string) => Type.Integer(description === undefined ? {} : { description });

export const FoundMessageOut = Type.Object(
  {
    id: Type.String(),
    direction: Type.Union(DIRECTIONS.map((direction) => Type.Literal(direction))),
    appId: Type.String({ description: "The uid of the application or source." }),
    appUid: nullable(Type.String()),
    appName: Type.String(),
    eventId: nullable(Type.String()),
    eventType: payload("name", Type.String()),
    channels: nullable(Type.Array(Type.String())),
    tags: nullable(Type.Array(Type.String())),
    contentType: Type.String(),
    payloadBytes: nullable(Type.Integer({ description: "Null once the payload was deleted." })),
    timestamp: DateTime,
    deliveries: Type.Object(
      {
        succeeded: count(),
        failed: count(),
        retrying: count("Failed and will be retried."),
        pending: count("Not yet attempted."),
        held: count(
          "Pending or waiting for a retry, but on hold: the endpoint is disabled or paused, its circuit is open, or an earlier delivery in its order must come first.",
        ),
        canceled: count(),
      },
      { description: "Number of deliveries by state." },
    ),
  },
  { $id: "FoundMessageOut", description: "A message without its payload, and the state of its deliveries." },
);

export const FoundMessageList = listOf(FoundMessageOut);

export const IssueOut = Type.Object(
  {
    appId: Type.String(),
    appName: Type.String(),
    endpointId: Type.String(),
    url: Type.String(),
    disabled: Type.Boolean(),
    errorCode: nullable(
      Type.String({ description: "Error class of the failure; null if the status code is the cause." }),
    ),
    responseStatusCode: count("0 when there was no response."),
    attempts: count(),
    messages: count(),
    firstAt: DateTime,
    lastAt: DateTime,
    lastMessageId: Type.String(),
    lastAttemptId: Type.String(),
    failing: Type.Boolean({ description: "Whether the endpoint has not succeeded since." }),
  },
  { $id: "IssueOut", description: "Attempts at one endpoint that failed for the same reason." },
);

export const IssuesOut = Type.Object(
  {
    data: Type.Array(ref(IssueOut), { description: "Newest first." }),
    exact: Type.Boolean({
      description: "False if there were more attempts than the newest 20,000, which were examined.",
    }),
  },
  { $id: "IssuesOut" },
);

export const EgressCheckIn = Type.Object(
  {
    url: Url,
    appId: Type.Optional(
      nullable(Type.String({ maxLength: 256, description: "According to the rules of this application." })),
    ),
  },
  { $id: "EgressCheckIn" },
);

export const EgressCheckOut = Type.Object(
  {
    allowed: Type.Boolean(),
    addresses: Type.Array(Type.String(), {
      description: "Addresses to which the name currently resolves, if the URL is allowed.",
    }),
    code: nullable(Type.String({ description: "Why the URL is refused." })),
    message: nullable(Type.String({ description: "The reason as customers see it." })),
    detail: nullable(Type.String({ description: "The rule that applied, and the address." })),
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
