import type { Application, ApplicationInput } from "../application/application.ts";
import { insertApplication } from "../application/create.ts";
import { findApplication } from "../application/find.ts";
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import { limitsOfCaller } from "../auth/key-limits.ts";
import { type Actor, type Capability, DEFAULT_CAPABILITIES } from "../access.ts";
import { atomically, type Call, type OutsideCall } from "../context.ts";
import type { Permission } from "../grant.ts";
import { type LinkLook, lookQuery } from "./look.ts";

export interface PortalAccess {
  readonly app: string;
  /** Application to create if none has the uid `app`. */
  readonly application: ApplicationInput | null;
  readonly readOnly: boolean;
  /** `null`: all but `ManageWatch`. */
  readonly capabilities: readonly Capability[] | null;
  readonly featureFlags: readonly string[];
  readonly expirySeconds: number;
  readonly sessionId: string | null;
  /** Appearance of the portal for this link, where it differs from the server settings. */
  readonly look: LinkLook;
}

/** Capabilities of a read-only token. */
const READ_ONLY: ReadonlySet<Capability> = new Set(["ViewBase"]);

/** Creates a token for one application with the requested capabilities, and a portal link with the token in its fragment. */
export async function createPortalAccess({
  ctx,
  input,
}: OutsideCall<PortalAccess>): Promise<{ readonly url: string; readonly token: string }> {
  const { tokens, rules, now } = ctx.services;
  const application = await atomically({ ctx, input }, findOrMake);
  const cap = capabilitiesFor(ctx.actor, input);
  const { expiresAt } = limitsOfCaller(ctx);
  const until = Math.min(now() + input.expirySeconds * 1000, expiresAt ?? Number.POSITIVE_INFINITY);
  const token = await tokens.sign({
    sub: application.id,
    org: ctx.actor.orgPublicId,
    exp: Math.floor(until / 1000),
    cap,
    feature_flags: input.featureFlags,
    ...(input.sessionId === null ? {} : { sid: input.sessionId }),
  });
  return { url: `${rules.publicUrl()}/portal${lookQuery(input.look)}#key=${token}`, token };
}

/** Permissions that a caller needs to give a capability to a token. */
const NEEDED: Readonly<Record<Capability, readonly Permission[]>> = {
  ViewBase: ["read", "payloads:read"],
  ViewEndpointSecret: ["secrets:read"],
  ManageEndpointSecret: ["secrets:read", "endpoints:write"],
  ManageTransformations: ["endpoints:write"],
  CreateAttempts: ["messages:replay"],
  ManageEndpoint: ["endpoints:write"],
  ManageWatch: ["watches:write"],
};

/** Permissions that a caller lacks to give a capability to a token. */
export function missingPermissions(actor: Actor, capability: Capability): readonly Permission[] {
  const permissions = actor.kind === "organisation" ? actor.grant.permissions : null;
  return NEEDED[capability].filter((permission) => permissions?.has(permission) === false);
}

/** Capabilities of the token. It cannot do more than the caller: by default, it has all capabilities that the caller may give. */
function capabilitiesFor(actor: Actor, { capabilities, readOnly }: PortalAccess): readonly Capability[] {
  const missing = (capability: Capability): readonly Permission[] => missingPermissions(actor, capability);
  const wanted = readOnly
    ? (capabilities ?? DEFAULT_CAPABILITIES).filter((capability) => READ_ONLY.has(capability))
    : (capabilities ?? DEFAULT_CAPABILITIES.filter((one) => one === "ViewBase" || missing(one).length === 0));
  const refused = wanted.find((capability) => missing(capability).length > 0);
  if (refused === undefined) return wanted;
  throw new PosthornError(
    "insufficient access",
    `A token cannot do more than the caller that creates it: ${refused} needs ${missing(refused).join(" and ")}.`,
  );
}

async function findOrMake({ ctx, input }: Call<PortalAccess>): Promise<Application> {
  const existing = await findApplication(ctx, input.app);
  if (existing !== null) return existing;
  if (input.application === null) throw notFound("application");
  if (input.application.uid !== input.app) {
    throw invalid(["body", "application", "uid"], `The uid must match the one in the path, "${input.app}".`);
  }
  return insertApplication(ctx, input.application);
}
