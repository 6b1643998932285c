/** What came in at sources, where it goes, and what sources there can be. */
import { Type } from "typebox";
import { DateTime, listOf, nullable, ref } from "./common.ts";
import { IngestEndpointForwarding } from "./source-endpoint.ts";

const fields = {
  id: Type.String({ description: "Id of the message." }),
  eventType: Type.String(),
  provider: Type.String({ description: "Id of the provider, or `generic`." }),
  deliveryId: nullable(Type.String({ description: "The provider's own id of the delivery." })),
  occurredAt: nullable(Type.String({ format: "date-time", description: "When it happened, as the provider says." })),
  receivedAt: DateTime,
  receivedCount: Type.Integer({
    description: "How often the provider delivered it, the first time included. Duplicates are not forwarded.",
  }),
  lastReceivedAt: Type.String({ format: "date-time", description: "When the provider last delivered it." }),
  scheme: Type.String({ description: "What was verified." }),
  trust: Type.String({ description: "`signed`, `shared-secret`, `none`, or `released` by hand from the quarantine." }),
  method: Type.String(),
  path: Type.String({ description: "What followed the token." }),
  query: Type.String(),
  address: Type.String(),
  contentType: Type.String(),
  bodyBytes: nullable(Type.Integer()),
  matched: Type.Integer({ description: "Endpoints that it was or is to be passed on to." }),
  unmatched: Type.Integer({ description: "Endpoints that did not want it: see the matching of the message." }),
  routing: Type.Union([Type.Literal("routed"), Type.Literal("no_match"), Type.Literal("no_endpoint")], {
    description: "`no_match`: no endpoint wanted it. `no_endpoint`: the source had none.",
  }),
};

export const IngestEventOut = Type.Object(fields, {
  $id: "IngestEventOut",
  description: "A request that came in, with what is the same for every provider.",
});

export const IngestEventList = listOf(IngestEventOut);

export const IngestEventDetailOut = Type.Object(
  {
    ...fields,
    headers: Type.Array(Type.Object({ name: Type.String(), value: Type.String() }), {
      description: "As they came; credentials are `***`.",
    }),
  },
  { $id: "IngestEventDetailOut" },
);

export const IngestDuplicatesOut = Type.Object(
  {
    count: Type.Integer({ description: "Deliveries that repeated an earlier one, since the source was created." }),
    lastAt: nullable(DateTime),
    messages: Type.Array(
      Type.Object({
        id: Type.String({ description: "ID of the message that was repeated." }),
        eventType: Type.String(),
        receivedCount: Type.Integer({ description: "How often it was received, the first time included." }),
        receivedAt: DateTime,
        lastReceivedAt: DateTime,
      }),
      { description: "The most recently repeated messages that still exist, newest first." },
    ),
  },
  { $id: "IngestDuplicatesOut", description: "Deliveries that a source received more than once." },
);

const GraphNode = Type.Object({
  id: Type.String(),
  kind: Type.Union([
    Type.Literal("source"),
    Type.Literal("filter"),
    Type.Literal("transformation"),
    Type.Literal("endpoint"),
  ]),
  name: Type.Optional(Type.String()),
  type: Type.Optional(Type.String()),
  endpointId: Type.Optional(Type.String()),
  eventTypes: Type.Optional(nullable(Type.Array(Type.String()))),
  filter: Type.Optional(Type.Unknown()),
  uid: Type.Optional(nullable(Type.String())),
  url: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  disabled: Type.Optional(Type.Boolean()),
  forwarding: Type.Optional(ref(IngestEndpointForwarding)),
});

export const IngestGraphOut = Type.Object(
  {
    nodes: Type.Array(GraphNode),
    edges: Type.Array(Type.Object({ from: Type.String(), to: Type.String() })),
    cut: Type.Boolean({ description: "There are more endpoints than are shown." }),
  },
  { $id: "IngestGraphOut", description: "Source → filter → transformation → endpoint, to be drawn." },
);

export const IngestSourceTypeOut = Type.Object(
  {
    type: Type.String(),
    name: Type.String(),
    group: Type.String(),
    trust: Type.String({ description: "What its proof is worth at best." }),
    secret: nullable(Type.String({ description: "What the provider calls its secret or key." })),
    secretField: Type.Union([Type.Literal("secrets"), Type.Literal("publicKeys")], {
      description: "The field of a source that takes it. Public keys given as `secrets` are stored as `publicKeys`.",
    }),
    config: Type.Record(Type.String(), Type.String(), { description: "Its settings: name, and what it is." }),
    schemes: Type.Array(Type.Object({ name: Type.String(), summary: Type.String() })),
    handshakes: Type.Array(Type.String()),
    hasDeliveryId: Type.Boolean(),
    answersWithinSeconds: nullable(Type.Number()),
    retry: nullable(Type.String({ description: "When and how often the provider tries again." })),
    publishedAddresses: Type.Boolean({ description: "Its name can stand in `allowedAddresses`." }),
  },
  { $id: "IngestSourceTypeOut" },
);

export const IngestSourceTypeList = Type.Object(
  { data: Type.Array(ref(IngestSourceTypeOut)) },
  { $id: "IngestSourceTypeList" },
);
