/** Callers of operations, and their permissions. */
import { PosthornError } from "../lib/errors.ts";
import { type Caller, FULL_GRANT, type Grant, type Permission } from "./grant.ts";

/** Capabilities of application tokens, with their names in the HTTP API. */
export const CAPABILITIES = [
  "ViewBase",
  "ViewEndpointSecret",
  "ManageEndpointSecret",
  "ManageTransformations",
  "CreateAttempts",
  "ManageEndpoint",
  "ManageWatch",
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** Capabilities of tokens that name none. Watches belong to the operator, who has to grant `ManageWatch` by name. */
export const DEFAULT_CAPABILITIES: readonly Capability[] = CAPABILITIES.filter((name) => name !== "ManageWatch");

/** The caller, identified once per request. */
export type Actor =
  | {
      readonly kind: "organisation";
      readonly orgId: number;
      readonly orgPublicId: string;
      readonly caller: Caller;
      readonly grant: Grant;
    }
  | {
      readonly kind: "application";
      readonly orgId: number;
      readonly orgPublicId: string;
      readonly appId: number;
      readonly appPublicId: string;
      /** Session ID in the token, such as the user it was issued for. */
      readonly sessionId: string | null;
      readonly capabilities: ReadonlySet<Capability>;
      readonly featureFlags: ReadonlySet<string>;
      /** Hash of the signed part of the token, and when it expires or its tokens are ended: both are needed to revoke it. */
      readonly tokenHash: Uint8Array;
      readonly tokenExpiresAt: number;
      /** It is a portal key: see `portal/key.ts`. */
      readonly isPortalKey?: true;
      /** The only purpose of the token; absent: everything that its capabilities allow. */
      readonly scope?: TokenScope;
    };

/** A caller that may do everything in an organisation: a task of the server, the program that embeds it, or a command. */
export function systemActor(orgId: number, orgPublicId: string, kind: "system" | "embedded" | "cli" = "system"): Actor {
  return { kind: "organisation", orgId, orgPublicId, caller: { kind }, grant: FULL_GRANT };
}

/** Whether the actor may see this application at all. */
export function seesApplication(actor: Actor, appKey: number): boolean {
  return actor.kind === "application" ? actor.appId === appKey : (actor.grant.applications?.has(appKey) ?? true);
}

/** Whether the permissions of the actor differ between applications of the organisation. */
export function isLimited(actor: Actor): actor is OrganisationActor {
  return (
    actor.kind === "organisation" && (actor.grant.applications !== null || (actor.grant.inApplication?.size ?? 0) > 0)
  );
}

type OrganisationActor = Extract<Actor, { readonly kind: "organisation" }>;

/** The actor in calls that concern one application, with its permissions there. */
export function inApplication(actor: OrganisationActor, appKey: number): Actor {
  const permissions = actor.grant.inApplication?.get(appKey);
  return permissions === undefined ? actor : { ...actor, grant: { permissions, applications: new Set([appKey]) } };
}

/** Keys of the applications that the actor may see, for conditions of queries; `null`: all of the organisation. */
export function visibleApplications(actor: Actor): readonly number[] | null {
  if (actor.kind === "application") return [actor.appId];
  const { applications } = actor.grant;
  if (applications === null) return null;
  // No application has this key. An empty list would not be valid SQL.
  return applications.size === 0 ? [-1] : [...applications];
}

/** Whether two identifications of a caller give it the same access. */
export function hasSameAccess(one: Actor, other: Actor): boolean {
  if (one.kind === "application" || other.kind === "application") return one.kind === other.kind;
  return one.orgId === other.orgId && textOf(one.grant) === textOf(other.grant);
}

function textOf({ permissions, applications, ...grant }: Grant): string {
  const single = [...(grant.inApplication ?? [])].map(([key, own]) => [key, [...own].toSorted()]);
  return JSON.stringify([[...permissions].toSorted(), applications === null ? null : [...applications], single]);
}

/** How much of payloads an actor sees: whole payloads, their structure with masked values, or nothing. */
export type PayloadView = "full" | "masked" | "none";

/** Tokens of applications see the payloads of their application. */
export function payloadView(actor: Actor): PayloadView {
  if (actor.kind === "application") return "full";
  const { permissions } = actor.grant;
  if (permissions.has("payloads:read")) return "full";
  return permissions.has("payloads:masked") ? "masked" : "none";
}

/** Purpose of a scoped token. At most one of the two is set; if neither is, the token is for the REST hooks of its application. */
export interface TokenScope {
  /** Reading the feed of this endpoint. */
  readonly endpointKey: number | null;
  /** Completing this subscription, and reading the feed of its endpoint. */
  readonly autoConfigKey: number | null;
}

/**
 * Required access: organisation tokens only; application tokens with a capability as well; any token that is not scoped. Routes with `pull`,
 * `subscribe` and `hooks` are for scoped tokens too; other tokens of an application need `ViewBase` for the first and `ManageEndpoint` for the
 * others.
 */
export type Access = "organisation" | Capability | "any token" | "pull" | "subscribe" | "hooks";

const CAPABILITY_FOR = { pull: "ViewBase", subscribe: "ManageEndpoint", hooks: "ManageEndpoint" } as const;

function isForHooks({ endpointKey, autoConfigKey }: TokenScope): boolean {
  return endpointKey === null && autoConfigKey === null;
}

function isInScope(scope: TokenScope, access: Access): boolean {
  if (isForHooks(scope)) return access === "hooks";
  return access === "pull" || (access === "subscribe" && scope.autoConfigKey !== null);
}

/** What an operation requires: `access` of tokens of applications, `permission` of all other callers. */
export interface Requirement {
  readonly access: Access;
  readonly permission: Permission;
  /** Allowed for users who still have to set up a second factor. */
  readonly withoutSecondFactor?: true | undefined;
}

/** Throws unless the actor has this permission. For operations that need more than the permission of their route. */
export function requirePermission(actor: Actor, permission: Permission): void {
  if (actor.kind === "application" || actor.grant.permissions.has(permission)) return;
  throw new PosthornError(
    "insufficient access",
    `This call needs the permission ${permission}, which you do not have.`,
  );
}

function requireSecondFactor(caller: Caller): void {
  if (caller.kind !== "user" || caller.lacksSecondFactor !== true) return;
  throw new PosthornError(
    "second_factor_required",
    "This organisation requires a second factor. Set up one-time codes or a passkey in your profile, or sign in with the one you have.",
  );
}

/** Throws if the actor is limited to some applications. For operations on the organisation as a whole. */
export function requireWholeOrganisation(actor: Actor): void {
  if (actor.kind === "application" || actor.grant.applications === null) return;
  throw new PosthornError(
    "insufficient access",
    "This operation applies to the whole organisation, but your access is limited to some of its applications.",
  );
}

/** Throws `insufficient access` unless the actor may call this operation. The transport calls it once for each operation. */
export function requireAccess(actor: Actor, { access, permission, withoutSecondFactor }: Requirement): void {
  if (actor.kind === "organisation") {
    if (withoutSecondFactor !== true) requireSecondFactor(actor.caller);
    return requirePermission(actor, permission);
  }
  const { scope } = actor;
  if (scope !== undefined) {
    if (isInScope(scope, access)) return;
    const of = isForHooks(scope) ? "REST hooks" : "one subscription";
    throw new PosthornError("insufficient access", `This token is for ${of}, and cannot be used for this.`);
  }
  if (access === "any token") return;
  if (access === "organisation") {
    throw new PosthornError(
      "insufficient access",
      "This operation requires a token of the organisation, not of one application.",
    );
  }
  const capability =
    access === "pull" || access === "subscribe" || access === "hooks" ? CAPABILITY_FOR[access] : access;
  if (!actor.capabilities.has(capability)) {
    throw new PosthornError("insufficient access", `This token does not have the capability ${capability}.`);
  }
}
