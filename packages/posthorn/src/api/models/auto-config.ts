import { Type } from "typebox";
import { DateTime, listOf, nullable, ref, Secret } from "./common.ts";

export const AutoConfigOut = Type.Object(
  {
    id: Type.String(),
    token: Type.String({
      description: "Everything that the receiver needs. Anyone who has it can receive the messages.",
    }),
    createdAt: DateTime,
  },
  { $id: "AutoConfigOut" },
);

export const AutoConfigSubscriptionOut = Type.Object(
  {
    id: Type.String(),
    tokenCensored: Type.String(),
    status: Type.Union([Type.Literal("pending"), Type.Literal("active")], {
      description: "`pending` until the receiver has subscribed.",
    }),
    endpId: nullable(Type.String({ description: "The endpoint, if a URL was registered." })),
    destId: nullable(Type.String({ description: "The endpoint, if it is a polling endpoint." })),
    createdAt: DateTime,
  },
  { $id: "AutoConfigSubscriptionOut" },
);

export const AutoConfigList = listOf(AutoConfigSubscriptionOut);

export const AutoConfigRotateIn = Type.Object(
  {
    signingSecret: Type.Optional(
      nullable(
        Type.Object({
          key: Type.Optional(Secret),
          gracePeriodSeconds: Type.Optional(nullable(Type.Integer({ minimum: 0, maximum: 604_800, default: 86_400 }))),
        }),
      ),
    ),
  },
  { $id: "AutoConfigRotateIn" },
);

export const RotatePollerTokenIn = Type.Object(
  {
    expiry: Type.Optional(
      nullable(Type.Integer({ minimum: 3600, description: "Seconds until the new token expires." })),
    ),
    oldTokenExpiry: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 0,
          maximum: 604_800,
          default: 86_400,
          description: "Seconds until earlier tokens expire.",
        }),
      ),
    ),
  },
  { $id: "RotatePollerTokenIn" },
);

export const ApiTokenOut = Type.Object(
  {
    id: Type.String(),
    token: Type.String(),
    name: nullable(Type.String()),
    createdAt: DateTime,
    expiresAt: nullable(DateTime),
    scopes: Type.Array(Type.String()),
  },
  { $id: "ApiTokenOut" },
);

export const PollerTokenOut = Type.Object(
  {
    id: Type.String(),
    tokenCensored: Type.String(),
    isCurrent: Type.Boolean({ description: "Whether it is the one that getting the token returns." }),
    createdAt: DateTime,
    expiresAt: nullable(Type.String({ format: "date-time", description: "Null: it does not expire." })),
  },
  { $id: "PollerTokenOut" },
);

export const PollerTokenList = Type.Object(
  { data: Type.Array(ref(PollerTokenOut)) },
  { $id: "PollerTokenList", description: "Newest first." },
);

export const AUTO_CONFIG_MODELS = [
  AutoConfigOut,
  AutoConfigSubscriptionOut,
  AutoConfigList,
  AutoConfigRotateIn,
  RotatePollerTokenIn,
  ApiTokenOut,
  PollerTokenOut,
  PollerTokenList,
];
