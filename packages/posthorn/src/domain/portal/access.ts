import type { Application, ApplicationInput } from "../application/application.ts";
import { insertApplication } from "../application/create.ts";
import { findApplication } from "../application/find.ts";
import { invalid, notFound } from "../../lib/errors.ts";
import { type Capability, DEFAULT_CAPABILITIES } from "../access.ts";
import { atomically, type Call, type OutsideCall } from "../context.ts";
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
  const asked = input.capabilities ?? DEFAULT_CAPABILITIES;
  const cap = input.readOnly ? asked.filter((capability) => READ_ONLY.has(capability)) : asked;
  const token = await tokens.sign({
    sub: application.id,
    org: ctx.actor.orgPublicId,
    exp: Math.floor(now() / 1000) + input.expirySeconds,
    cap,
    feature_flags: input.featureFlags,
    ...(input.sessionId === null ? {} : { sid: input.sessionId }),
  });
  return { url: `${rules.publicUrl()}/portal${lookQuery(input.look)}#key=${token}`, token };
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
