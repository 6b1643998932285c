/** Routes of identity providers, and of the passkeys and identities of the user who calls. Their handlers are loaded with the first call. */
import { Type } from "typebox";
import { onFirstUse } from "../../lib/first-use.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import {
  IdentityList,
  IdentityProviderIn,
  IdentityProviderList,
  IdentityProviderOut,
  PasskeyIn,
  PasskeyList,
  PasskeyOptionsOut,
  PasskeyOut,
  PasskeyPatch,
} from "../models/sign-in.ts";
import { defineRoute, type Route } from "../route.ts";

const handlers = onFirstUse(() => import("./identity-handlers.ts"));

const MANAGED = { tag: "Sign-in", access: "organisation", permission: "people:manage" } as const;
const OWN = { tag: "Sign-in", access: "organisation", permission: "read", filtersApplications: true } as const;
/** Routes with which a user who needs a second factor adds a passkey. */
const SET_UP = { ...OWN, withoutSecondFactor: true } as const;
const PROVIDER = "/api/v1/identity-provider";
const PASSKEY = "/api/v1/profile/passkey";
const IDENTITY = "/api/v1/profile/identity";

export const IDENTITY_ROUTES: readonly Route[] = [
  defineRoute({
    ...MANAGED,
    method: "POST",
    path: PROVIDER,
    operationId: "v1.identity-provider.create",
    summary: "Create an identity provider",
    description:
      "People of the organisation can then sign in with OpenID Connect. Register the `redirectUri` at the provider.",
    body: IdentityProviderIn,
    responses: { 201: IdentityProviderOut },
    handle: async ({ ctx, body }) => (await handlers()).createProvider(ctx, body),
  }),
  defineRoute({
    ...MANAGED,
    method: "GET",
    path: PROVIDER,
    operationId: "v1.identity-provider.list",
    summary: "List identity providers",
    description: "Pages through the providers of the organisation. Secrets are not returned.",
    query: Type.Object(PageQuery),
    responses: { 200: IdentityProviderList },
    handle: async ({ ctx, query }) => (await handlers()).listProviders(ctx, pageOf(query)),
  }),
  defineRoute({
    ...MANAGED,
    method: "GET",
    path: `${PROVIDER}/:provider_id`,
    operationId: "v1.identity-provider.get",
    summary: "Get an identity provider",
    description: "The client secret is not returned.",
    responses: { 200: IdentityProviderOut },
    handle: async ({ ctx, params }) => (await handlers()).getProvider(ctx, params.provider_id),
  }),
  defineRoute({
    ...MANAGED,
    method: "PUT",
    path: `${PROVIDER}/:provider_id`,
    operationId: "v1.identity-provider.update",
    summary: "Replace an identity provider",
    description:
      "Omitted fields are reset to their defaults, except the secret. A disabled provider ends the sessions that began at it.",
    body: IdentityProviderIn,
    responses: { 200: IdentityProviderOut },
    handle: async ({ ctx, params, body }) => (await handlers()).updateProvider(ctx, params.provider_id, body),
  }),
  defineRoute({
    ...MANAGED,
    method: "DELETE",
    path: `${PROVIDER}/:provider_id`,
    operationId: "v1.identity-provider.delete",
    summary: "Delete an identity provider",
    description: "Ends the sessions that were started through it. Users and their roles are kept.",
    responses: { 204: null },
    handle: async ({ ctx, params }) => (await handlers()).deleteProvider(ctx, params.provider_id),
  }),
  defineRoute({
    ...MANAGED,
    method: "POST",
    path: `${PROVIDER}/:provider_id/check`,
    operationId: "v1.identity-provider.check",
    audit: "none",
    summary: "Check an identity provider",
    description:
      "Reads the provider's metadata. It cannot check the client registration; errors in it appear when a user signs in.",
    idempotency: "none",
    responses: { 204: null },
    handle: async ({ ctx, params }) => (await handlers()).checkProvider(ctx, params.provider_id),
  }),
  defineRoute({
    ...SET_UP,
    method: "GET",
    path: PASSKEY,
    operationId: "v1.profile.passkey.list",
    summary: "List your passkeys",
    description: "Names and times. The keys themselves stay on your devices.",
    responses: { 200: PasskeyList },
    handle: async ({ ctx }) => (await handlers()).passkeys(ctx),
  }),
  defineRoute({
    ...SET_UP,
    method: "POST",
    path: `${PASSKEY}/options`,
    operationId: "v1.profile.passkey.options",
    audit: "none",
    summary: "Start to add a passkey",
    description: "Returns options for the browser, which are valid for five minutes.",
    idempotency: "none",
    responses: { 200: PasskeyOptionsOut },
    handle: async ({ ctx }) => (await handlers()).passkeyOptions(ctx),
  }),
  defineRoute({
    ...SET_UP,
    method: "POST",
    path: PASSKEY,
    operationId: "v1.profile.passkey.create",
    summary: "Add a passkey",
    description: "Takes the browser's answer to the options.",
    idempotency: "none",
    body: PasskeyIn,
    responses: { 201: PasskeyOut },
    handle: async ({ ctx, body }) => (await handlers()).createPasskey(ctx, body),
  }),
  defineRoute({
    ...OWN,
    method: "PATCH",
    path: `${PASSKEY}/:passkey_id`,
    operationId: "v1.profile.passkey.patch",
    summary: "Rename a passkey",
    description: "The name helps you tell your devices apart.",
    body: PasskeyPatch,
    responses: { 200: PasskeyOut },
    handle: async ({ ctx, params, body }) => (await handlers()).patchPasskey(ctx, params.passkey_id, body),
  }),
  defineRoute({
    ...OWN,
    method: "DELETE",
    path: `${PASSKEY}/:passkey_id`,
    operationId: "v1.profile.passkey.delete",
    summary: "Remove a passkey",
    description: "Your only way to sign in cannot be removed.",
    responses: { 204: null },
    handle: async ({ ctx, params }) => (await handlers()).deletePasskey(ctx, params.passkey_id),
  }),
  defineRoute({
    ...SET_UP,
    method: "GET",
    path: IDENTITY,
    operationId: "v1.profile.identity.list",
    summary: "List your identities",
    description: "The identity providers connected to your account.",
    responses: { 200: IdentityList },
    handle: async ({ ctx }) => (await handlers()).identities(ctx),
  }),
  defineRoute({
    ...OWN,
    method: "DELETE",
    path: `${IDENTITY}/:identity_id`,
    operationId: "v1.profile.identity.delete",
    summary: "Disconnect an identity provider",
    description: "Your only way to sign in cannot be removed.",
    responses: { 204: null },
    handle: async ({ ctx, params }) => (await handlers()).deleteIdentity(ctx, params.identity_id),
  }),
];
