import { Type } from "typebox";
import { DateTime, listOf, nullable, Secret, StringMap, Uid, Url } from "./common.ts";
import { endpointOutFields, endpointSettings, secretRotation } from "./endpoint.ts";

const { version: _version, channels: _channels, ...settings } = endpointSettings;

export const OperationalWebhookEndpointIn = Type.Object(
  { url: Url, ...settings, secret: Type.Optional(Secret), headers: Type.Optional(nullable(StringMap)) },
  { $id: "OperationalWebhookEndpointIn", description: "Without `eventTypes` it is told everything." },
);

export const OperationalWebhookEndpointUpsertIn = Type.Object(
  { url: Url, ...settings },
  {
    $id: "OperationalWebhookEndpointUpsertIn",
    description: "Every field that is left out is reset; secret and headers stay.",
  },
);

export const OperationalWebhookEndpointOut = Type.Object(
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
  { $id: "OperationalWebhookEndpointOut", description: "A URL that is told what the server does." },
);

export const OperationalWebhookEndpointList = listOf(OperationalWebhookEndpointOut);

export const OperationalWebhookEndpointSecretOut = Type.Object(
  { key: Type.String({ description: "What the receiver verifies with: `whsec_…`, or the public `whpk_…`." }) },
  { $id: "OperationalWebhookEndpointSecretOut" },
);

export const OperationalWebhookEndpointSecretIn = Type.Object(secretRotation, {
  $id: "OperationalWebhookEndpointSecretIn",
});

export const OperationalWebhookEndpointHeadersIn = Type.Object(
  { headers: StringMap },
  { $id: "OperationalWebhookEndpointHeadersIn" },
);

export const OperationalWebhookEndpointHeadersOut = Type.Object(
  {
    headers: StringMap,
    sensitive: Type.Array(Type.String(), {
      description: "Names of headers that hold a credential; values are not shown.",
    }),
  },
  { $id: "OperationalWebhookEndpointHeadersOut" },
);
