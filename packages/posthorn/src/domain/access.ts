/** Who calls an operation, and what they may do. */
import { PosthornError } from "../lib/errors.ts";

/** What a token of an application may do; the names are those of the HTTP API. */
export const CAPABILITIES = [
  "ViewBase",
  "ViewEndpointSecret",
  "ManageEndpointSecret",
  "ManageTransformations",
  "CreateAttempts",
  "ManageEndpoint",
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** Who asks. Decided once, when the request comes in. */
export type Actor =
  | {
      readonly kind: "organisation";
      readonly orgId: number;
      readonly orgPublicId: string;
      /** Id of the key; `null` for a signed token. */
      readonly keyId: string | null;
    }
  | {
      readonly kind: "application";
      readonly orgId: number;
      readonly orgPublicId: string;
      readonly appId: number;
      readonly appPublicId: string;
      /** What the token says of itself, such as the person it was made for. */
      readonly sessionId: string | null;
      readonly capabilities: ReadonlySet<Capability>;
      readonly featureFlags: ReadonlySet<string>;
      /** Hash of the signed part of the token, and when the token expires, so that it can be revoked. */
      readonly tokenHash: Uint8Array;
      readonly tokenExpiresAt: number;
    };

/** Who may do something: the organisation alone, or also tokens of an application that have the capability, or all of these. */
export type Access = "organisation" | Capability | "any token";

/** Throws `insufficient access` unless the actor may. Asked once for each call, by the transport that takes it. */
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
