/** Endpoints of sources: where what comes in is passed on to. */
import { Type } from "typebox";
import { DateTime, listOf, nullable, Secret, StringMap, Uid, Url } from "./common.ts";
import { EndpointTransformationPatch } from "./transformation.ts";
import { endpointOutFields, endpointSettings, secretRotation } from "./endpoint.ts";

const { version: _version, channels: _channels, ...shared } = endpointSettings;
/** Providers name their events as they like. */
const EventTypes = Type.Optional(
  nullable(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 1000 })),
);
const settings = { ...shared, eventTypes: EventTypes, filterTypes: EventTypes };

const ForwardingFields = {
  method: Type.Optional(Type.Boolean({ description: "Uses the method of the request in place of POST." })),
  path: Type.Optional(Type.Boolean({ description: "Adds what followed the token in the path." })),
  query: Type.Optional(Type.Boolean({ description: "Adds the query of the request." })),
};

export const IngestEndpointIn = Type.Object(
  { url: Url, ...settings, secret: Type.Optional(Secret), headers: Type.Optional(nullable(StringMap)) },
  { $id: "IngestEndpointIn", description: "Without `eventTypes` it gets everything that its filter lets through." },
);

export const IngestEndpointUpsertIn = Type.Object(
  { url: Url, ...settings },
  { $id: "IngestEndpointUpsertIn", description: "Every field that is left out is reset; secret and headers stay." },
);

export const IngestEndpointOut = Type.Object(
  {
    id: endpointOutFields.id,
    uid: nullable(Uid),
    url: endpointOutFields.url,
    description: endpointOutFields.description,
    throttleRate: endpointOutFields.throttleRate,
    rateLimit: endpointOutFields.rateLimit,
    disabled: endpointOutFields.disabled,
    eventTypes: endpointOutFields.eventTypes,
    filterTypes: endpointOutFields.filterTypes,
    metadata: StringMap,
    createdAt: DateTime,
    updatedAt: DateTime,
  },
  { $id: "IngestEndpointOut", description: "A URL that gets what comes in at a source." },
);

export const IngestEndpointList = listOf(IngestEndpointOut);

export const IngestEndpointSecretOut = Type.Object(
  { key: Type.String({ description: "What the receiver verifies Posthorn's signature with." }) },
  { $id: "IngestEndpointSecretOut" },
);

export const IngestEndpointSecretIn = Type.Object(secretRotation, { $id: "IngestEndpointSecretIn" });

export const IngestEndpointHeadersIn = Type.Object({ headers: StringMap }, { $id: "IngestEndpointHeadersIn" });

export const IngestEndpointHeadersOut = Type.Object(
  {
    headers: StringMap,
    sensitive: Type.Array(Type.String(), {
      description: "Names of headers that hold a credential; values are not shown.",
    }),
  },
  { $id: "IngestEndpointHeadersOut" },
);

export const IngestEndpointForwarding = Type.Object(ForwardingFields, {
  $id: "IngestEndpointForwarding",
  description: "How requests are passed on beside their body and headers. All of it is off at first.",
});

const { code, enabled, variables } = EndpointTransformationPatch.properties;

export const IngestEndpointTransformationOut = Type.Object(
  { code: nullable(Type.String()), enabled: Type.Boolean(), variables },
  { $id: "IngestEndpointTransformationOut" },
);

export const IngestEndpointTransformationPatch = Type.Object(
  { code, enabled, variables },
  {
    $id: "IngestEndpointTransformationPatch",
    description: "What is left out stays. Code of null takes all of it away.",
  },
);
