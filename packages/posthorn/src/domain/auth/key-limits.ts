/** What an API key may do: its scopes, applications and networks, and that it cannot do more than the caller that creates it. */
import { invalid, PosthornError } from "../../lib/errors.ts";
import { isWithin, parseNetwork } from "../../lib/network.ts";
import { findApplication } from "../application/find.ts";
import type { Context } from "../context.ts";
import { type KeyLimits, type Permission, PERMISSIONS } from "../grant.ts";

/** Prefix of the scopes that limit a key to an application or source. */
export const APPLICATION_SCOPE = "app:";
/** Maximum number of applications and sources of a key. */
const MAX_APPLICATIONS = 100;

export interface KeyScopes {
  /** `null`: all. */
  readonly permissions: readonly Permission[] | null;
  /** Keys of applications and sources; `null`: all of the organisation. */
  readonly applications: readonly number[] | null;
}

/** Reads scopes: names of permissions, and `app:` with an ID or uid. `null`: the key may do everything. */
export async function readScopes(ctx: Context, scopes: readonly string[] | null): Promise<KeyScopes> {
  if (scopes === null) return { permissions: null, applications: null };
  const permissions = new Set<Permission>();
  const applications = new Set<number>();
  for (const [index, scope] of scopes.entries()) {
    const loc = ["body", "scopes", `[${index}]`];
    if (scope.startsWith(APPLICATION_SCOPE)) {
      const application = await findApplication(ctx, scope.slice(APPLICATION_SCOPE.length));
      if (application === null) throw invalid(loc, `There is no application or source of this name: ${scope}.`);
      applications.add(application.key);
    } else if (isPermission(scope)) {
      permissions.add(scope);
    } else {
      throw invalid(loc, `"${scope}" is not a scope. Use app:ID or one of ${PERMISSIONS.join(", ")}.`);
    }
  }
  if (permissions.size === 0) {
    throw invalid(
      ["body", "scopes"],
      "Name at least one permission, such as messages:publish. Null allows everything.",
    );
  }
  if (applications.size > MAX_APPLICATIONS) {
    throw invalid(["body", "scopes"], `A key can be limited to up to ${MAX_APPLICATIONS} applications.`);
  }
  return {
    permissions: PERMISSIONS.filter((permission) => permissions.has(permission)),
    applications: applications.size === 0 ? null : [...applications],
  };
}

function isPermission(name: string): name is Permission {
  return (PERMISSIONS as readonly string[]).includes(name);
}

export function checkNetworks(networks: readonly string[] | null): void {
  for (const [index, text] of (networks ?? []).entries()) {
    if (parseNetwork(text) !== null) continue;
    const message = `"${text}" is not an IP address or a network such as 10.1.0.0/16.`;
    throw invalid(["body", "networks", `[${index}]`], message);
  }
}

/** Limits of the key that the caller used; none of other callers. */
export function limitsOfCaller({ actor }: Context): KeyLimits {
  const none = { expiresAt: null, networks: null };
  return actor.kind === "organisation" && actor.caller.kind === "key" ? (actor.caller.limits ?? none) : none;
}

/** Throws unless the caller may do all that a key with these scopes and limits may do. */
export function requireCovered(ctx: Context, { permissions }: KeyScopes, { expiresAt, networks }: KeyLimits): void {
  const { actor } = ctx;
  if (actor.kind !== "organisation") return;
  const missing = (permissions ?? PERMISSIONS).filter((permission) => !actor.grant.permissions.has(permission));
  if (missing.length > 0) throw tooWide(`you do not have ${missing.join(", ")}`);
  const own = limitsOfCaller(ctx);
  if (own.expiresAt !== null && (expiresAt === null || expiresAt > own.expiresAt)) {
    throw tooWide(`your key expires at ${new Date(own.expiresAt).toISOString()}`);
  }
  const { networks: allowed } = own;
  if (allowed !== null && networks?.every((one) => isWithin(one, allowed)) !== true) {
    throw tooWide(`your key may only be used from ${allowed.join(", ")}`);
  }
}

function tooWide(why: string): PosthornError {
  return new PosthornError("insufficient access", `A key cannot do more than the caller that creates it: ${why}.`);
}
