/** Models of requests to erase the data of a person. */
import { Type } from "typebox";
import { ERASURE_STATES } from "../../domain/erasure/erasure.ts";
import { DateTime, listOf, literals, nullable } from "./common.ts";

const Value = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: "The value that identifies the person, such as an email address. Numbers are compared as text.",
});

export const ErasureIn = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      maxLength: 256,
      description: "JSON path (RFC 9535) of the value in payloads, such as `$.customer.email` or `$..email`.",
    }),
    value: Value,
    app: Type.Optional(
      nullable(
        Type.String({
          maxLength: 256,
          description:
            "ID or UID of an application, or ID of a source. By default, the whole organisation is searched.",
        }),
      ),
    ),
    eventTypes: Type.Optional(
      nullable(
        Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
          minItems: 1,
          maxItems: 100,
          description: "Only messages of these event types. By default, all.",
        }),
      ),
    ),
    dryRun: Type.Optional(Type.Boolean({ default: false, description: "Only counts what would be erased." })),
    reason: Type.Optional(
      Type.String({
        maxLength: 256,
        default: "",
        description: "Shown in the receipt, such as the number of the case. Must not contain personal data.",
      }),
    ),
  },
  { $id: "ErasureIn" },
);

export const ErasureCheckIn = Type.Object({ value: Value }, { $id: "ErasureCheckIn" });
export const ErasureCheckOut = Type.Object(
  { matches: Type.Boolean({ description: "Whether the receipt is for this value." }) },
  { $id: "ErasureCheckOut" },
);

const count = (description: string) => Type.Integer({ description });

const Counts = Type.Object({
  scanned: count("Stored messages that were examined."),
  messages: count("Messages whose content was erased."),
  unreadable: count("Examined messages that are neither JSON nor forms, and do not contain the value as text."),
  attempts: count("Attempts whose requests and responses were erased."),
  deliveries: count("Unfinished deliveries that were canceled."),
  outbox: count("Messages in the outbox that were deleted."),
  broadcasts: count("Broadcasts that were canceled."),
  quarantined: count("Rejected requests that were deleted."),
  watchKeys: count("Keys of watches that were deleted."),
  shareLinks: count("Shared links that were revoked."),
  responses: count("Stored responses to requests with an idempotency key that were changed."),
  other: count("Other rows: debounce state, inferred schemas, errors of sources."),
});

export const ErasureOut = Type.Object(
  {
    id: Type.String(),
    taskId: Type.String({ description: "Its background task." }),
    appId: nullable(Type.String({ description: "`null`: the whole organisation." })),
    path: Type.String(),
    valueHash: Type.String({
      description: "HMAC-SHA256 of the value under a key that only this server has, in hexadecimal.",
    }),
    eventTypes: nullable(Type.Array(Type.String())),
    dryRun: Type.Boolean(),
    reason: Type.String(),
    requestedBy: Type.String(),
    state: literals(ERASURE_STATES),
    counts: Counts,
    createdAt: DateTime,
    erasedAt: nullable({ ...DateTime, description: "When the last row was erased." }),
    finishedAt: nullable({ ...DateTime, description: "When the files of the database were clean as well." }),
  },
  {
    $id: "ErasureOut",
    description: "A request for erasure. Once it has finished, it is the receipt. It does not contain the value.",
  },
);
export const ErasureList = listOf(ErasureOut);

export const ERASURE_MODELS = [ErasureIn, ErasureOut, ErasureList, ErasureCheckIn, ErasureCheckOut];
