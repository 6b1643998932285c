/** Identity providers, passkeys, and the identities of people. */
import { Type } from "typebox";
import { ROLES } from "../../domain/role.ts";
import { DEFAULT_GROUPS_CLAIM, DEFAULT_SCOPES } from "../../domain/user/identity/provider.ts";
import { DateTime, listOf, nullable } from "./common.ts";

const RoleName = Type.Union(ROLES.map((role) => Type.Literal(role)));

const GroupRole = Type.Object({
  group: Type.String({ minLength: 1, maxLength: 256, description: "As the provider names it." }),
  role: RoleName,
  app: Type.Optional(nullable(Type.String({ description: "ID of an application. Null: the whole organisation." }))),
});

const Issuer = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: "Issuer, as the provider's metadata names it.",
});

export const IdentityProviderIn = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64, description: "Shown on the button of the sign-in page." }),
    issuer: Issuer,
    clientId: Type.String({ minLength: 1, maxLength: 512 }),
    clientSecret: Type.Optional(
      nullable(
        Type.String({
          minLength: 1,
          maxLength: 4096,
          description: "Never returned. An update without it keeps the stored one. Null: a public client.",
        }),
      ),
    ),
    scopes: Type.Optional(
      Type.String({
        maxLength: 512,
        default: DEFAULT_SCOPES,
        description: "Separated by spaces; `openid` is required.",
      }),
    ),
    groupsClaim: Type.Optional(Type.String({ minLength: 1, maxLength: 256, default: DEFAULT_GROUPS_CLAIM })),
    roles: Type.Optional(
      Type.Array(GroupRole, {
        maxItems: 100,
        description: "Roles by group. The first matching rule applies.",
      }),
    ),
    defaultRole: Type.Optional(
      nullable({ ...RoleName, description: "Role of people in none of these groups. Null: they cannot sign in." }),
    ),
    domains: Type.Optional(
      Type.Array(Type.String({ maxLength: 253 }), {
        maxItems: 50,
        description: "Domains of verified email addresses that may sign in. Empty: all.",
      }),
    ),
    enabled: Type.Optional(Type.Boolean({ default: true })),
  },
  { $id: "IdentityProviderIn", description: "A client that is registered at an OpenID Connect provider." },
);

export const IdentityProviderOut = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    issuer: Type.String(),
    clientId: Type.String(),
    hasClientSecret: Type.Boolean(),
    scopes: Type.String(),
    groupsClaim: Type.String(),
    roles: Type.Array(Type.Object({ group: Type.String(), role: Type.String(), app: nullable(Type.String()) })),
    defaultRole: nullable(Type.String()),
    domains: Type.Array(Type.String()),
    enabled: Type.Boolean(),
    redirectUri: Type.String({ description: "Register it at the provider." }),
    logoutUri: Type.String({ description: "For back-channel logout." }),
    afterLogoutUri: Type.String({ description: "Where the provider sends the browser after a logout." }),
    createdAt: DateTime,
    updatedAt: DateTime,
  },
  { $id: "IdentityProviderOut" },
);
export const IdentityProviderList = listOf(IdentityProviderOut);

export const SignInProviderList = Type.Object(
  { data: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })) },
  { $id: "SignInProviderList", description: "Identity providers that the sign-in page offers." },
);

const ProviderId = Type.String({ minLength: 1, maxLength: 64, description: "ID of an identity provider." });
export const ProviderSignInIn = Type.Object(
  {
    provider: ProviderId,
    returnTo: Type.Optional(Type.String({ maxLength: 2048, description: "Path of the page to show afterwards." })),
  },
  { $id: "ProviderSignInIn" },
);
export const ProviderConnectIn = Type.Object({ provider: ProviderId }, { $id: "ProviderConnectIn" });
export const ProviderUrlOut = Type.Object(
  { url: Type.String({ description: "Open it in the same browser." }) },
  { $id: "ProviderUrlOut" },
);
export const SignOutOut = Type.Object(
  { redirectTo: nullable(Type.String({ description: "URL that ends the session at the identity provider." })) },
  { $id: "SignOutOut" },
);

/** Passed to and from the browser's WebAuthn interface, which defines it. */
const WebAuthn = (description: string) =>
  Type.Unsafe<Record<string, unknown>>({ type: "object", additionalProperties: true, description });

export const PasskeyOptionsOut = Type.Object(
  { options: WebAuthn("For `startRegistration` or `startAuthentication` of npm `@simplewebauthn/browser`.") },
  { $id: "PasskeyOptionsOut" },
);
const Name = Type.String({ minLength: 1, maxLength: 64 });
export const PasskeyIn = Type.Object(
  { name: Name, response: WebAuthn("The answer of `navigator.credentials.create`, as JSON.") },
  { $id: "PasskeyIn" },
);
export const PasskeySignInIn = Type.Object(
  { response: WebAuthn("The answer of `navigator.credentials.get`, as JSON.") },
  { $id: "PasskeySignInIn" },
);
export const PasskeyPatch = Type.Object({ name: Name }, { $id: "PasskeyPatch" });
export const PasskeyOut = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    synced: Type.Boolean({ description: "Whether the device copies it to other devices of the user." }),
    createdAt: DateTime,
    lastUsedAt: nullable(DateTime),
  },
  { $id: "PasskeyOut" },
);
export const PasskeyList = Type.Object(
  { data: Type.Array(Type.Unsafe<object>({ $ref: "PasskeyOut#" })) },
  { $id: "PasskeyList" },
);

export const IdentityOut = Type.Object(
  {
    id: Type.String(),
    provider: Type.String({ description: "Name of the identity provider." }),
    issuer: Type.String(),
    email: nullable(Type.String({ description: "As last sent by the provider." })),
    createdAt: DateTime,
    lastUsedAt: DateTime,
  },
  { $id: "IdentityOut", description: "How an identity provider knows a user." },
);
export const IdentityList = Type.Object(
  { data: Type.Array(Type.Unsafe<object>({ $ref: "IdentityOut#" })) },
  { $id: "IdentityList" },
);

export const SIGN_IN_MODELS = [
  IdentityProviderIn,
  IdentityProviderOut,
  IdentityProviderList,
  SignInProviderList,
  ProviderSignInIn,
  ProviderConnectIn,
  ProviderUrlOut,
  SignOutOut,
  PasskeyOptionsOut,
  PasskeyIn,
  PasskeySignInIn,
  PasskeyPatch,
  PasskeyOut,
  PasskeyList,
  IdentityOut,
  IdentityList,
];
