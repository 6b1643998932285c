/** Endpoint verification: whether an endpoint has agreed to receive deliveries, and what it receives until then. */
import type { VerificationValues } from "../policy/verification.ts";
import type { VerificationMethod } from "../policy/verification-method.ts";

/** Content of `verification_json`. */
export interface Verification {
  /** Verification that the platform required when the endpoint was created. */
  readonly required: VerificationMethod | null;
  readonly proof: Proof | null;
  /** Absent: none was requested. */
  readonly permission?: RequestedPermission;
}

/** Permission that the receiver can still grant with a request to the callback URL (CloudEvents webhooks, section 4.1.3). */
export interface RequestedPermission {
  /** SHA-256 of the secret in the callback URL, in Base64url. */
  readonly hash: string;
  /** When the callback URL expires, in Unix milliseconds. */
  readonly until: number;
  /** Scheme, host and port that the permission is for. */
  readonly urlOrigin: string;
  readonly requestOrigin: string;
  /** When it was granted last; `null`: it was not. */
  readonly grantedAt: number | null;
}

export interface Proof {
  readonly method: VerificationMethod;
  /** Unix milliseconds. */
  readonly at: number;
  /** Verified scheme, host and port. The verification does not apply to others. */
  readonly urlOrigin: string;
  /** Origin sent in the verification request, which each delivery must send as `WebHook-Request-Origin`; `null`: none. */
  readonly requestOrigin: string | null;
  /** Deliveries per minute that the endpoint allowed; `null`: no limit. */
  readonly ratePerMinute: number | null;
}

const NOTHING: Verification = { required: null, proof: null };

export function toVerification(json: string | null): Verification {
  return json === null ? NOTHING : (JSON.parse(json) as Verification);
}

export function verificationJson({ required, proof, permission }: Verification): string | null {
  const isEmpty = required === null && proof === null && permission === undefined;
  return isEmpty ? null : JSON.stringify({ required, proof, permission });
}

/** Deliveries that an endpoint may receive. */
export interface Grant {
  /** Required verification method; `null` if none is required. */
  readonly required: VerificationMethod | null;
  /** The valid verification; `null` if there is none. */
  readonly proof: Proof | null;
  /** Whether its deliveries are on hold. */
  readonly held: boolean;
  /** Maximum number of deliveries per minute; `null`: no limit. */
  readonly perMinute: number | null;
}

export function grantOf({ required, proof }: Verification, policy: VerificationValues, url: string): Grant {
  const { mode, unverifiedPerMinute } = policy;
  const method = mode === "as-created" ? required : mode === "off" ? null : mode;
  const counts = proof !== null && proof.urlOrigin === originOf(url) && (method === null || proof.method === method);
  // A rate that the endpoint allowed applies even if verification is not required.
  if (counts) return { required: method, proof, held: false, perMinute: proof.ratePerMinute };
  if (method === null) return { required: null, proof: null, held: false, perMinute: null };
  if (unverifiedPerMinute === 0) return { required: method, proof: null, held: true, perMinute: null };
  return { required: method, proof: null, held: false, perMinute: unverifiedPerMinute };
}

export function originOf(url: string): string {
  return new URL(url).origin;
}

/** Method to verify an endpoint. */
export type OwnershipMethod = VerificationMethod;

export interface Ownership {
  readonly verified: boolean;
  /** Origin sent in the verification request, if the method has one. */
  readonly requestOrigin: string | null;
  /** Deliveries per minute that the endpoint allows; `null`: no limit, or not verified. */
  readonly ratePerMinute: number | null;
  /** Reason why it is not verified. */
  readonly code: string | null;
  readonly message: string | null;
  /** Status of the response; `null` if there was none. */
  readonly responseStatusCode: number | null;
  /** Error code if there was no response, as in attempts. */
  readonly errorCode: string | null;
}
