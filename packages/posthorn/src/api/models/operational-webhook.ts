import { Type } from "typebox";
import { listOf, nullable, Secret, StringMap } from "./common.ts";
import { endpointSettings, ownEndpointOutFields, secretRotation, targetSettings } from "./endpoint.ts";

const { version: _version, channels: _channels, ...settings } = endpointSettings;

export const OperationalWebhookEndpointIn = Type.Object(
  { ...targetSettings, ...settings, secret: Type.Optional(Secret), headers: Type.Optional(nullable(StringMap)) },
  {
    $id: "OperationalWebhookEndpointIn",
    description: "Without `eventTypes`, the endpoint receives all operational webhooks.",
  },
);

export const OperationalWebhookEndpointUpsertIn = Type.Object(
  { ...targetSettings, ...settings },
  {
    $id: "OperationalWebhookEndpointUpsertIn",
    description: "Omitted fields are reset to their defaults; secret and headers are kept.",
  },
);

export const OperationalWebhookEndpointOut = Type.Object(ownEndpointOutFields, {
  $id: "OperationalWebhookEndpointOut",
  description: "A URL that receives operational webhooks.",
});

export const OperationalWebhookEndpointList = listOf(OperationalWebhookEndpointOut);

export const OperationalWebhookEndpointSecretOut = Type.Object(
  {
    key: Type.String({
      description: "The key that receivers verify signatures with: `whsec_…`, or the public key `whpk_…`.",
    }),
  },
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
      description: "Names of headers that contain a credential. Their values are not returned.",
    }),
  },
  { $id: "OperationalWebhookEndpointHeadersOut" },
);
