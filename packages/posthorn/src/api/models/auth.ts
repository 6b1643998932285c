import { Type } from "typebox";
import { ApplicationIn } from "./application.ts";
import { DateTime, listOf, Name, nullable, ref } from "./common.ts";
import { CAPABILITIES } from "../../domain/context.ts";

const SessionId = Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9@_-]+$" });

export const AppPortalAccessIn = Type.Object(
  {
    application: Type.Optional(nullable(ref(ApplicationIn))),
    readOnly: Type.Optional(nullable(Type.Boolean({ description: "The token can look and nothing else." }))),
    capabilities: Type.Optional(
      nullable(
        Type.Array(Type.Union(CAPABILITIES.map((name) => Type.Literal(name))), { description: "All when left out." }),
      ),
    ),
    featureFlags: Type.Optional(Type.Array(Name, { maxItems: 25 })),
    expiry: Type.Optional(
      nullable(Type.Integer({ minimum: 3600, maximum: 604_800, description: "Seconds; 7 days when left out." })),
    ),
    sessionId: Type.Optional(nullable(SessionId)),
  },
  { $id: "AppPortalAccessIn" },
);

export const AppPortalAccessOut = Type.Object(
  { url: Type.String({ description: "Carries the token in its fragment." }), token: Type.String() },
  { $id: "AppPortalAccessOut" },
);

export const ApiKeyIn = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 256 }), expiresAt: Type.Optional(nullable(DateTime)) },
  { $id: "ApiKeyIn" },
);

export const ApiKeyOut = Type.Object(
  { id: Type.String(), name: Type.String(), createdAt: DateTime, expiresAt: nullable(DateTime) },
  { $id: "ApiKeyOut", description: "An opaque key of the organisation, without its secret part." },
);

export const ApiKeyCreated = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    createdAt: DateTime,
    expiresAt: nullable(DateTime),
    token: Type.String({ description: "Shown this once." }),
  },
  { $id: "ApiKeyCreated" },
);

export const ApiKeyList = listOf(ApiKeyOut);

export const ApplicationTokenExpireIn = Type.Object(
  {
    expiry: Type.Optional(
      nullable(
        Type.Integer({ minimum: 0, maximum: 259_200, description: "Seconds they stay good; none when left out." }),
      ),
    ),
    sessionIds: Type.Optional(
      Type.Array(SessionId, { maxItems: 1000, description: "Tokens of these sessions alone; all when left out." }),
    ),
  },
  { $id: "ApplicationTokenExpireIn" },
);
