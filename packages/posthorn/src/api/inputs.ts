/** Converts API fields to domain input: resolves aliases, defaults and dates. */
import type { Static } from "typebox";
import type { ApplicationInput } from "../domain/application/application.ts";
import type { SetApplicationEgress } from "../domain/application/egress.ts";
import type { ConfigInput } from "../fields/config.ts";
import type { EndpointInput } from "../domain/endpoint/endpoint.ts";
import type { TargetInput } from "../domain/endpoint/sealed-config.ts";
import type { SetEgress } from "../domain/endpoint/set-egress.ts";
import type { EventTypeInput } from "../domain/event-type/event-type.ts";
import type { PageRequest } from "../domain/paging.ts";
import type { ApplicationEgressIn, ApplicationIn, ApplicationPatch } from "./models/application.ts";
import type { EndpointPatch, EndpointSecretRotateIn, EndpointUpsertIn, RecoverIn } from "./models/endpoint.ts";
import type { EndpointEgressIn } from "./models/endpoint-egress.ts";
import type { EventTypePatch, EventTypeUpsertIn } from "./models/event-type.ts";
import { toMs } from "./wire.ts";

export function pageOf(query: { readonly limit?: number; readonly iterator?: string }): PageRequest {
  return { limit: query.limit ?? 50, iterator: query.iterator ?? null };
}

export function timesOf(query: { readonly before?: string; readonly after?: string }): {
  readonly before: number | null;
  readonly after: number | null;
} {
  return { before: toMs(query.before), after: toMs(query.after) };
}

/** Time window of a recovery or a replay, in Unix milliseconds. */
export function windowOf(body: Static<typeof RecoverIn>): { readonly since: number; readonly until: number | null } {
  return { since: Date.parse(body.since), until: toMs(body.until) };
}

export function messageFilterOf(query: {
  readonly event_types?: readonly string[];
  readonly channel?: string;
  readonly tag?: string;
}): { readonly eventTypes: readonly string[] | null; readonly channel: string | null; readonly tag: string | null } {
  const eventTypes = query.event_types === undefined || query.event_types.length === 0 ? null : query.event_types;
  return { eventTypes, channel: query.channel ?? null, tag: query.tag ?? null };
}

/** Value of a field that has two names; the first takes precedence. */
function either<T>(first: T | undefined, second: T | undefined): T | undefined {
  return first === undefined ? second : first;
}

/** Drops fields that are `undefined`, so that they overwrite nothing in a spread. */
function given<T extends object>(fields: { [Key in keyof T]: T[Key] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

export function applicationInput(body: Static<typeof ApplicationIn>): ApplicationInput {
  return {
    name: body.name,
    uid: body.uid ?? null,
    throttleRate: either(body.throttleRate, body.rateLimit) ?? null,
    metadata: body.metadata ?? {},
  };
}

export function applicationChanges(body: Static<typeof ApplicationPatch>): Partial<ApplicationInput> {
  return given<ApplicationInput>({
    name: body.name,
    uid: body.uid,
    throttleRate: cleared(either(body.throttleRate, body.rateLimit)),
    metadata: body.metadata === null ? {} : body.metadata,
  });
}

/** A rate of 0 means no limit. */
function cleared(rate: number | null | undefined): number | null | undefined {
  return rate === 0 ? null : rate;
}

/** Fields of a target that a request has. Some routes accept only webhooks. */
interface TargetBody {
  readonly kind?: string;
  readonly url?: string;
  readonly config?: ConfigInput;
}

function targetInput({ kind, url, config }: TargetBody): TargetInput {
  return { kind: kind ?? null, url: url ?? null, config: config ?? null };
}

export function endpointInput(body: Static<typeof EndpointUpsertIn>): EndpointInput {
  return {
    ...targetInput(body),
    description: body.description ?? "",
    version: body.version ?? 1,
    throttleRate: either(body.throttleRate, body.rateLimit) ?? null,
    uid: body.uid ?? null,
    disabled: body.disabled ?? false,
    eventTypes: orAll(either(body.eventTypes, body.filterTypes)) ?? null,
    channels: body.channels ?? null,
    metadata: body.metadata ?? {},
  };
}

export function endpointChanges(body: Static<typeof EndpointPatch>): Partial<EndpointInput> {
  return given<EndpointInput>({
    kind: body.kind,
    url: body.url,
    config: body.config,
    description: body.description,
    version: body.version,
    throttleRate: cleared(either(body.throttleRate, body.rateLimit)),
    uid: body.uid,
    disabled: body.disabled,
    eventTypes: orAll(either(body.eventTypes, body.filterTypes)),
    channels: orAll(body.channels),
    metadata: body.metadata === null ? {} : body.metadata,
  });
}

const DEFAULT_GRACE_SECONDS = 86_400;

/** The new secret of a rotation, and how long the previous one stays valid. */
export function rotationOf({ key, gracePeriodSeconds }: Static<typeof EndpointSecretRotateIn>) {
  return { key: key ?? null, gracePeriodSeconds: gracePeriodSeconds ?? DEFAULT_GRACE_SECONDS };
}

export function applicationEgressInput({
  allow,
  proxy,
}: Static<typeof ApplicationEgressIn>): Pick<SetApplicationEgress, "allow" | "proxy"> {
  return given<Required<Pick<SetApplicationEgress, "allow" | "proxy">>>({ allow, proxy });
}

export function egressInput({
  auth,
  tls,
  proxy,
}: Static<typeof EndpointEgressIn>): Pick<SetEgress, "auth" | "tls" | "proxy"> {
  return given<Required<Pick<SetEgress, "auth" | "tls" | "proxy">>>({ auth, tls, proxy });
}

/** Treats an empty list as no filter. */
function orAll(names: readonly string[] | null | undefined): readonly string[] | null | undefined {
  return names !== null && names !== undefined && names.length === 0 ? null : names;
}

export function eventTypeInput(name: string, body: Static<typeof EventTypeUpsertIn>): EventTypeInput {
  return {
    name,
    description: body.description,
    archived: body.archived ?? false,
    deprecated: body.deprecated ?? false,
    schemas: body.schemas ?? null,
    groupName: body.groupName ?? null,
    featureFlags: flagsOf(body) ?? null,
  };
}

export function eventTypeChanges(body: Static<typeof EventTypePatch>): Partial<Omit<EventTypeInput, "name">> {
  return given<Omit<EventTypeInput, "name">>({
    description: body.description,
    archived: body.archived,
    deprecated: body.deprecated,
    schemas: body.schemas,
    groupName: body.groupName,
    featureFlags: flagsOf(body),
  });
}

function flagsOf(body: {
  readonly featureFlags?: readonly string[] | null;
  readonly featureFlag?: string | null;
}): readonly string[] | null | undefined {
  if (body.featureFlags !== undefined) return body.featureFlags;
  if (body.featureFlag === undefined) return undefined;
  return body.featureFlag === null ? null : [body.featureFlag];
}
