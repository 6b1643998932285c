/** Endpoints of sources, to which events are forwarded. */
import { Type } from "typebox";
import { listOf, nullable, Secret, StringMap } from "./common.ts";
import { EndpointTransformationPatch } from "./transformation.ts";
import { endpointSettings, ownEndpointOutFields, secretRotation, targetSettings } from "./endpoint.ts";

const { version: _version, channels: _channels, ...shared } = endpointSettings;
/** Event type names come from providers, so every string is allowed. */
const EventTypes = Type.Optional(
  nullable(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 1000 })),
);
const settings = { ...shared, eventTypes: EventTypes, filterTypes: EventTypes };

const ForwardingFields = {
  method: Type.Optional(Type.Boolean({ description: "Use the method of the request instead of POST." })),
  path: Type.Optional(Type.Boolean({ description: "Append the path after the token." })),
  query: Type.Optional(Type.Boolean({ description: "Append the query of the request." })),
};

export const IngestEndpointIn = Type.Object(
  { ...targetSettings, ...settings, secret: Type.Optional(Secret), headers: Type.Optional(nullable(StringMap)) },
  {
    $id: "IngestEndpointIn",
    description: "Without `eventTypes`, the endpoint receives all events that pass its filter.",
  },
);

export const IngestEndpointUpsertIn = Type.Object(
  { ...targetSettings, ...settings },
  {
    $id: "IngestEndpointUpsertIn",
    description: "Omitted fields are reset to their defaults. Secret and headers do not change.",
  },
);

export const IngestEndpointOut = Type.Object(ownEndpointOutFields, {
  $id: "IngestEndpointOut",
  description: "URL to which events of a source are forwarded.",
});

export const IngestEndpointList = listOf(IngestEndpointOut);

export const IngestEndpointSecretOut = Type.Object(
  { key: Type.String({ description: "Secret with which the receiver verifies Posthorn's signature." }) },
  { $id: "IngestEndpointSecretOut" },
);

export const IngestEndpointSecretIn = Type.Object(secretRotation, { $id: "IngestEndpointSecretIn" });

export const IngestEndpointHeadersIn = Type.Object({ headers: StringMap }, { $id: "IngestEndpointHeadersIn" });

export const IngestEndpointHeadersOut = Type.Object(
  {
    headers: StringMap,
    sensitive: Type.Array(Type.String(), {
      description: "Names of headers with credentials. Their values are not returned.",
    }),
  },
  { $id: "IngestEndpointHeadersOut" },
);

export const IngestEndpointForwarding = Type.Object(ForwardingFields, {
  $id: "IngestEndpointForwarding",
  description: "Parts to forward in addition to body and headers. Off by default.",
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
    description: "Omitted fields do not change. `code: null` removes the transformation.",
  },
);
