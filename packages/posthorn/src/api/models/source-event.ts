/** Events of sources, routes, duplicates and source types. */
import { Type } from "typebox";
import { DateTime, listOf, nullable, payload, ref } from "./common.ts";
import { IngestEndpointForwarding } from "./source-endpoint.ts";

const fields = {
  id: Type.String({ description: "Message ID." }),
  eventType: payload("name", Type.String()),
  provider: Type.String({ description: "Provider ID, or `generic`." }),
  deliveryId: nullable(Type.String({ description: "The provider's ID of the delivery." })),
  occurredAt: nullable(
    Type.String({ format: "date-time", description: "When the event happened, according to the provider." }),
  ),
  receivedAt: DateTime,
  receivedCount: Type.Integer({
    description: "How often the event was received, including the first time. Duplicates are not forwarded.",
  }),
  lastReceivedAt: Type.String({ format: "date-time", description: "When the event was last received." }),
  scheme: Type.String({ description: "Verification scheme. `provider-api` for backfilled events." }),
  trust: Type.String({ description: "`signed`, `shared-secret`, `none`, or `released` (from quarantine)." }),
  method: Type.String(),
  path: payload("text", Type.String({ description: "Path after the token." })),
  query: payload("text", Type.String()),
  address: Type.String(),
  contentType: Type.String(),
  bodyBytes: nullable(Type.Integer()),
  matched: Type.Integer({ description: "Number of endpoints that matched." }),
  unmatched: Type.Integer({
    description: "Number of endpoints that did not match. For the reasons, get the matching of the message.",
  }),
  routing: Type.Union([Type.Literal("routed"), Type.Literal("no_match"), Type.Literal("no_endpoint")], {
    description: "`no_match`: no endpoint matched. `no_endpoint`: the source had no endpoints.",
  }),
};

export const IngestEventOut = Type.Object(fields, {
  $id: "IngestEventOut",
  description: "Event received by a source, in the same form for every provider.",
});

export const IngestEventList = listOf(IngestEventOut);

export const IngestEventDetailOut = Type.Object(
  {
    ...fields,
    headers: payload(
      "headers",
      Type.Array(Type.Object({ name: Type.String(), value: Type.String() }), {
        description: "As received. Credentials are replaced by `***`.",
      }),
    ),
  },
  { $id: "IngestEventDetailOut" },
);

export const IngestDuplicatesOut = Type.Object(
  {
    count: Type.Integer({ description: "Number of duplicates since the source was created." }),
    lastAt: nullable(DateTime),
    messages: Type.Array(
      Type.Object({
        id: Type.String({ description: "ID of the repeated message." }),
        eventType: payload("name", Type.String()),
        receivedCount: Type.Integer({ description: "How often it was received, including the first time." }),
        receivedAt: DateTime,
        lastReceivedAt: DateTime,
      }),
      { description: "The most recently repeated messages that still exist, newest first." },
    ),
  },
  { $id: "IngestDuplicatesOut", description: "Duplicate deliveries of a source." },
);

export const IngestFunnelOut = Type.Object(
  {
    since: Type.String({ format: "date-time", description: "Start of the period, rounded down to a whole hour." }),
    until: Type.String({ format: "date-time", description: "End of the period, rounded up to a whole hour." }),
    received: Type.Integer({ description: "Sum of `verified` and `quarantined`." }),
    verified: Type.Integer({
      description:
        "Accepted: verified, or taken unsigned if the source allows it. Sum of `duplicates`, `routed` and `unrouted`.",
    }),
    duplicates: Type.Integer({ description: "Acknowledged and not forwarded again." }),
    quarantined: Type.Integer({ description: "Rejected. Includes requests that were too many to be stored." }),
    routed: Type.Integer({ description: "Stored, and matched by at least one endpoint." }),
    unrouted: Type.Integer({ description: "Stored, and matched by no endpoint." }),
  },
  { $id: "IngestFunnelOut", description: "Results of the requests and events of a source." },
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
    cut: Type.Boolean({ description: "Whether there are more endpoints than returned." }),
  },
  { $id: "IngestGraphOut", description: "Routes of a source: source → filter → transformation → endpoint." },
);

export const IngestSourceTypeOut = Type.Object(
  {
    type: Type.String(),
    name: Type.String(),
    group: Type.String(),
    trust: Type.String({
      description: "Strongest verification that the provider offers: `signed`, `shared-secret` or `none`.",
    }),
    secret: nullable(Type.String({ description: "The provider's name for its secret or key." })),
    secretField: Type.Union([Type.Literal("secrets"), Type.Literal("publicKeys")], {
      description: "Field of the source that holds it. Public keys sent as `secrets` are stored as `publicKeys`.",
    }),
    config: Type.Record(Type.String(), Type.String(), { description: "Settings of the provider with their meaning." }),
    schemes: Type.Array(Type.Object({ name: Type.String(), summary: Type.String() })),
    handshakes: Type.Array(Type.String()),
    hasDeliveryId: Type.Boolean(),
    responseTimeoutSeconds: nullable(Type.Number()),
    retry: nullable(Type.String({ description: "When and how often the provider retries." })),
    steps: Type.Array(Type.String(), {
      description: "Steps at the provider that set up its webhooks, as Markdown; empty: there is no guide.",
    }),
    publishedAddresses: Type.Boolean({ description: "Whether `allowedAddresses` accepts the name of this provider." }),
  },
  { $id: "IngestSourceTypeOut" },
);

export const IngestSourceTypeList = Type.Object(
  { data: Type.Array(ref(IngestSourceTypeOut)) },
  { $id: "IngestSourceTypeList" },
);
