/** Callers of operations, and their permissions. */
import { PosthornError } from "../lib/errors.ts";

/** Capabilities of application tokens, with their names in the HTTP API. */
export const CAPABILITIES = [
  "ViewBase",
  "ViewEndpointSecret",
  "ManageEndpointSecret",
  "ManageTransformations",
  "CreateAttempts",
  "ManageEndpoint",
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** The caller, identified once per request. */
export type Actor =
  | {
      readonly kind: "organisation";
      readonly orgId: number;
      readonly orgPublicId: string;
      /** ID of the API key; `null` for a signed token. */
      readonly keyId: string | null;
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
      /** Hash of the signed part of the token, and its expiry: both are needed to revoke it. */
      readonly tokenHash: Uint8Array;
      readonly tokenExpiresAt: number;
    };

/** Required access: organisation tokens only, application tokens with a capability as well, or any token. */
export type Access = "organisation" | Capability | "any token";

/** Throws `insufficient access` unless the actor has this access. The transport calls it once for each operation. */
export function requireAccess(actor: Actor, access: Access): void {
  if (actor.kind === "organisation" || access === "any token") return;
  if (access === "organisation") {
    throw new PosthornError(
      "insufficient access",
      "This call needs a token of the organisation, not of one application.",
    );
  }
  if (!actor.capabilities.has(access)) {
    throw new PosthornError("insufficient access", `This token does not have the capability ${access}.`);
  }
}
