/** Handlers of the routes of identity providers, passkeys and identities, loaded with the first call. */
import type { RegistrationResponseJSON } from "@simplewebauthn/server";
import type { Static } from "typebox";
import type { Context, OutsideContext } from "../../domain/context.ts";
import type { PageRequest } from "../../domain/paging.ts";
import { type Identity, listIdentities, removeIdentity } from "../../domain/user/identity/identity.ts";
import * as providers from "../../domain/user/identity/provider.ts";
import { AFTER_LOGOUT_PATH, CALLBACK_PATH, logoutPath } from "../../domain/user/identity/paths.ts";
import * as domain from "../../domain/user/passkey.ts";
import type { IdentityProviderIn, PasskeyIn, PasskeyPatch } from "../models/sign-in.ts";
import { created, list, noContent, ok, type Reply } from "../reply.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

function providerOut({ services }: Context, provider: providers.IdentityProvider): object {
  const { key: _key, orgId: _orgId, createdAt, updatedAt, ...fields } = provider;
  const base = services.rules.publicUrl();
  return {
    ...fields,
    redirectUri: base + CALLBACK_PATH,
    logoutUri: base + logoutPath(provider.id),
    afterLogoutUri: base + AFTER_LOGOUT_PATH,
    createdAt: dateTime(createdAt),
    updatedAt: dateTime(updatedAt),
  };
}

function providerInput(body: Static<typeof IdentityProviderIn>): providers.IdentityProviderInput {
  const { roles = [], scopes = providers.DEFAULT_SCOPES, groupsClaim = providers.DEFAULT_GROUPS_CLAIM } = body;
  return {
    name: body.name,
    issuer: body.issuer,
    clientId: body.clientId,
    clientSecret: body.clientSecret,
    scopes,
    groupsClaim,
    roles: roles.map(({ group, role, app = null }) => ({ group, role, app })),
    defaultRole: body.defaultRole ?? null,
    domains: body.domains ?? [],
    enabled: body.enabled ?? true,
  };
}

export async function createProvider(ctx: Context, body: Static<typeof IdentityProviderIn>): Promise<Reply> {
  return created(providerOut(ctx, await providers.createProvider({ ctx, input: providerInput(body) })));
}

export async function listProviders(ctx: Context, page: PageRequest): Promise<Reply> {
  return list(
    await providers.listProviders({ ctx, input: page }),
    ({ id }) => id,
    (provider) => providerOut(ctx, provider),
  );
}

export async function getProvider(ctx: Context, id: string): Promise<Reply> {
  return ok(providerOut(ctx, await providers.getProvider({ ctx, input: { id } })));
}

export async function updateProvider(
  ctx: Context,
  id: string,
  body: Static<typeof IdentityProviderIn>,
): Promise<Reply> {
  return ok(providerOut(ctx, await providers.updateProvider({ ctx, input: { id, fields: providerInput(body) } })));
}

export async function deleteProvider(ctx: Context, id: string): Promise<Reply> {
  await providers.deleteProvider({ ctx, input: { id } });
  return noContent();
}

export async function checkProvider(ctx: OutsideContext, id: string): Promise<Reply> {
  await providers.checkProvider({ ctx, input: { id } });
  return noContent();
}

function passkeyOut({ id, name, isSynced, createdAt, lastUsedAt }: domain.Passkey): object {
  return { id, name, synced: isSynced, createdAt: dateTime(createdAt), lastUsedAt: dateTimeOrNull(lastUsedAt) };
}

export async function passkeys(ctx: Context): Promise<Reply> {
  return ok({ data: (await domain.listPasskeys(ctx)).map(passkeyOut) });
}

export async function passkeyOptions(ctx: OutsideContext): Promise<Reply> {
  return ok({ options: await domain.passkeyCreationOptions(ctx) });
}

export async function createPasskey(ctx: OutsideContext, body: Static<typeof PasskeyIn>): Promise<Reply> {
  const { name, response } = body;
  // Verified by the library, which rejects what is not in this form.
  const input = { name, response: response as unknown as RegistrationResponseJSON };
  return created(passkeyOut(await domain.addPasskey({ ctx, input })));
}

export async function patchPasskey(ctx: Context, id: string, { name }: Static<typeof PasskeyPatch>): Promise<Reply> {
  return ok(passkeyOut(await domain.renamePasskey({ ctx, input: { id, name } })));
}

export async function deletePasskey(ctx: Context, id: string): Promise<Reply> {
  await domain.removePasskey({ ctx, input: { id } });
  return noContent();
}

function identityOut({ id, provider, issuer, email, createdAt, lastUsedAt }: Identity): object {
  return { id, provider, issuer, email, createdAt: dateTime(createdAt), lastUsedAt: dateTime(lastUsedAt) };
}

export async function identities(ctx: Context): Promise<Reply> {
  return ok({ data: (await listIdentities(ctx)).map(identityOut) });
}

export async function deleteIdentity(ctx: Context, id: string): Promise<Reply> {
  await removeIdentity({ ctx, input: { id } });
  return noContent();
}
