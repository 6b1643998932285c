/** Converts API keys between API fields and domain values. */
import type { Static } from "typebox";
import type { ApiKey, ApiKeyInput } from "../../domain/auth/api-key.ts";
import { APPLICATION_SCOPE } from "../../domain/auth/key-limits.ts";
import { keySentence } from "../../domain/auth/key-sentence.ts";
import type { ApiKeyIn, ApiKeyPatch } from "../models/auth.ts";
import { dateTime, dateTimeOrNull, toMs } from "../wire.ts";

export function keyOut(key: ApiKey): object {
  const { permissions, applications, networks, ownerId, createdAt, expiresAt, lastUsedAt, ...rest } = key;
  const names = applications?.map(({ name }) => name) ?? null;
  return {
    ...rest,
    scopes:
      permissions === null ? null : [...permissions, ...(applications ?? []).map(({ id }) => APPLICATION_SCOPE + id)],
    applications,
    networks,
    summary: keySentence({ permissions, applications: names, networks, expiresAt }),
    owner: ownerId,
    createdAt: dateTime(createdAt),
    expiresAt: dateTimeOrNull(expiresAt),
    lastUsedAt: dateTimeOrNull(lastUsedAt),
  };
}

export function keyInput({ name, description, scopes, networks, expiresAt }: Static<typeof ApiKeyIn>): ApiKeyInput {
  return {
    name,
    description: description ?? "",
    scopes: scopes ?? null,
    networks: networks ?? null,
    expiresAt: toMs(expiresAt),
  };
}

export function keyChanges({ expiresAt, ...changes }: Static<typeof ApiKeyPatch>): Partial<ApiKeyInput> {
  return { ...changes, ...(expiresAt === undefined ? {} : { expiresAt: toMs(expiresAt) }) };
}
