import { Type } from "typebox";
import {
  ChannelName,
  DateTime,
  listOf,
  Metadata,
  Name,
  nullable,
  Payload,
  Rate,
  Secret,
  StringMap,
  Uid,
  uidWithout,
  Url,
} from "./common.ts";

const EndpointUid = uidWithout("ep_");
const EventTypes = nullable(Type.Array(Name, { minItems: 1, maxItems: 1000 }));
/** An empty list under the older name means all: forms that tick nothing send it. */
const FilterTypes = nullable(Type.Array(Name, { maxItems: 1000 }));
const Channels = nullable(Type.Array(ChannelName, { minItems: 1, maxItems: 10 }));
const LooseRate = Type.Integer({ minimum: 0, maximum: 65_535 });

export const endpointSettings = {
  description: Type.Optional(Type.String({ maxLength: 65_536 })),
  version: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  throttleRate: Type.Optional(nullable(Rate)),
  rateLimit: Type.Optional(nullable(Rate)),
  uid: Type.Optional(nullable(EndpointUid)),
  disabled: Type.Optional(Type.Boolean()),
  eventTypes: Type.Optional(EventTypes),
  filterTypes: Type.Optional(FilterTypes),
  channels: Type.Optional(Channels),
  metadata: Type.Optional(Metadata),
};

export const EndpointIn = Type.Object(
  {
    url: Url,
    ...endpointSettings,
    secret: Type.Optional(Secret),
    headers: Type.Optional(nullable(StringMap)),
  },
  { $id: "EndpointIn", description: "Without `eventTypes` all types match; without `channels` all messages do." },
);

export const EndpointUpsertIn = Type.Object(
  { url: Url, ...endpointSettings },
  { $id: "EndpointUpsertIn", description: "Every field that is left out is reset; secret and headers stay." },
);

export const EndpointPatch = Type.Object(
  {
    ...endpointSettings,
    url: Type.Optional(Url),
    throttleRate: Type.Optional(nullable(LooseRate)),
    rateLimit: Type.Optional(nullable(LooseRate)),
    eventTypes: Type.Optional(FilterTypes),
    channels: Type.Optional(nullable(Type.Array(ChannelName, { maxItems: 10 }))),
  },
  { $id: "EndpointPatch", description: "Absent fields stay; null clears." },
);

export const endpointOutFields = {
  id: Type.String(),
  uid: nullable(Uid),
  url: Type.String(),
  description: Type.String(),
  version: Type.Integer(),
  throttleRate: nullable(Type.Integer({ description: "Attempts a second. See the policy of the endpoint for more." })),
  rateLimit: nullable(Type.Integer()),
  disabled: Type.Boolean(),
  eventTypes: nullable(Type.Array(Type.String())),
  filterTypes: nullable(Type.Array(Type.String())),
  channels: nullable(Type.Array(Type.String())),
  createdAt: DateTime,
  updatedAt: DateTime,
};

export const EndpointOut = Type.Object(
  { ...endpointOutFields, metadata: StringMap },
  { $id: "EndpointOut", description: "A URL of a customer and what it wants to get." },
);

export const EndpointList = listOf(EndpointOut);

export const EndpointSecretOut = Type.Object(
  { key: Type.String({ description: "What the receiver verifies with: `whsec_…`, or the public `whpk_…`." }) },
  { $id: "EndpointSecretOut" },
);

export const secretRotation = {
  key: Type.Optional(Secret),
  gracePeriodSeconds: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 0,
        maximum: 604_800,
        description: "How long the secret before signs as well. One day when left out.",
      }),
    ),
  ),
};

export const EndpointSecretRotateIn = Type.Object(secretRotation, { $id: "EndpointSecretRotateIn" });

export const EndpointHeadersIn = Type.Object({ headers: StringMap }, { $id: "EndpointHeadersIn" });

export const EndpointHeadersPatchIn = Type.Object(
  {
    headers: Type.Record(Type.String(), nullable(Type.String()), { description: "Null removes a header." }),
    deleteHeaders: Type.Optional(Type.Array(Type.String(), { maxItems: 100 })),
  },
  { $id: "EndpointHeadersPatchIn" },
);

export const EndpointHeadersOut = Type.Object(
  {
    headers: StringMap,
    sensitive: Type.Array(Type.String(), {
      description: "Names of headers that hold a credential; values are not shown.",
    }),
  },
  { $id: "EndpointHeadersOut" },
);

export const StatsQuery = { since: Type.Optional(DateTime), until: Type.Optional(DateTime) };

const statsFields = {
  success: Type.Integer(),
  pending: Type.Integer(),
  sending: Type.Integer(),
  fail: Type.Integer(),
  canceled: Type.Integer(),
};

export const EndpointStats = Type.Object(statsFields, {
  $id: "EndpointStats",
  description:
    "Attempts that succeeded and failed; deliveries that were not tried yet, wait for a retry, or were canceled.",
});

export const EndpointAttemptStats = Type.Object(
  { success: Type.Integer(), fail: Type.Integer(), canceled: Type.Integer() },
  { $id: "EndpointAttemptStats", description: "Attempts that succeeded and failed, and canceled deliveries." },
);

export const MessageStats = Type.Object(statsFields, {
  $id: "MessageStats",
  description: "The deliveries of a message by where they stand.",
});

export const RecoverIn = Type.Object(
  { since: DateTime, until: Type.Optional(nullable(DateTime)) },
  { $id: "RecoverIn", description: "A window of at most 14 days." },
);

export const EventExampleIn = Type.Object(
  {
    eventType: Name,
    exampleIndex: Type.Optional(
      nullable(
        Type.Integer({ minimum: 0, maximum: 1000, description: "Which example of the schema; the first by default." }),
      ),
    ),
    payload: Type.Optional(nullable(Payload)),
  },
  { $id: "EventExampleIn" },
);
